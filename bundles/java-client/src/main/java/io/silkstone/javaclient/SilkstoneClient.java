package io.silkstone.javaclient;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.client.ClientOptions;
import io.silkstone.client.ClientPolling;
import io.silkstone.client.ClusterStore;
import io.silkstone.client.KvClient;
import io.silkstone.client.TableClient;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.transport.aeron.AeronOptions;
import io.silkstone.transport.aeron.AeronTransport;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * A client of a cluster, with an Aeron transport and a poller of its own.
 *
 * <pre>{@code
 * try (SilkstoneClient client = SilkstoneClient.connect("aeron:127.0.0.1:7700")) {
 *     TableClient table = client.table("default");
 *     table.write("greeting".getBytes(), "hello".getBytes());
 *     System.out.println(table.read("greeting".getBytes()).text());
 * }
 * }</pre>
 *
 * <p>Where a server runs on the same host, messages go through shared memory, and else by UDP. The
 * thread that waits for an answer takes it out of the transport itself; {@link ClientPolling} says
 * who polls when several threads wait, or none. One client for a whole application is right.
 * Threads: any.
 */
public final class SilkstoneClient implements AutoCloseable {
    /** Calls of the client's own, for maps and leases, and of sessions. */
    private static final int OTHER_CALLS = 256;

    private static final String AGRONA_NEEDS = "jdk.internal.misc";

    private final AeronTransport transport;
    private final Rpc rpc;
    private final KvClient client;

    private SilkstoneClient(Builder builder) {
        RandomGenerator random = new SplittableRandom(builder.seed());
        transport =
                new AeronTransport(
                        builder.transport, NanoClock.SYSTEM, split(random), builder.metrics);
        ClientPolling polling = new ClientPolling();
        rpc =
                new Rpc(
                        transport,
                        builder.rpcOptions(),
                        NanoClock.SYSTEM,
                        null,
                        polling,
                        split(random),
                        builder.metrics);
        polling.start(rpc);
        client =
                new KvClient(
                        new ClusterStore(
                                rpc,
                                builder.seeds,
                                builder.options,
                                split(random),
                                builder.metrics),
                        polling,
                        builder.outstandingMax);
    }

    private static RandomGenerator split(RandomGenerator random) {
        return new SplittableRandom(random.nextLong());
    }

    /**
     * Connects to the cluster that {@code seeds} belong to, with all settings as they are.
     *
     * @param seeds addresses of servers or coordinators, such as {@code aeron:127.0.0.1:7700}, of
     *     which one must answer within ten seconds
     * @throws IllegalStateException when none does, or the JVM lacks a flag, in a sentence
     */
    public static SilkstoneClient connect(String... seeds) {
        return builder(seeds).connect();
    }

    /** For other settings. */
    public static Builder builder(String... seeds) {
        return new Builder(List.of(seeds));
    }

    /** Settings; each call changes one. */
    public static final class Builder {
        private final List<String> seeds;
        private ClientOptions options = ClientOptions.DEFAULT;
        private AeronOptions transport = AeronOptions.defaults();
        private MetricRegistry metrics = new Metrics();
        private int outstandingMax = 256;

        private Builder(List<String> seeds) {
            Checks.require(!seeds.isEmpty(), "a client needs the address of a server at least");
            this.seeds = seeds;
        }

        /** How long an operation tries; 10 seconds if nothing is said. */
        public Builder timeout(Duration timeout) {
            long nanos = timeout.toNanos();
            options =
                    new ClientOptions(
                            nanos,
                            Math.min(nanos, options.attemptNanos()),
                            options.valueBytesMax());
            return this;
        }

        /** Longest value in bytes; 1 MiB if nothing is said. */
        public Builder valueBytesMax(int bytes) {
            options = new ClientOptions(options.timeoutNanos(), options.attemptNanos(), bytes);
            return this;
        }

        /** How many operations may be under way; one more waits. 256 if nothing is said. */
        public Builder outstandingMax(int operations) {
            Checks.inRange("outstanding.max", operations, 1, 16_384);
            outstandingMax = operations;
            return this;
        }

        /** Way, directory and buffers of the transport. */
        public Builder transport(AeronOptions transport) {
            this.transport = transport;
            return this;
        }

        /** Where client, rpc and transport count; a registry of its own if nothing is said. */
        public Builder metrics(MetricRegistry metrics) {
            this.metrics = metrics;
            return this;
        }

        private RpcOptions rpcOptions() {
            RpcOptions usual = RpcOptions.DEFAULT;
            return new RpcOptions(
                    outstandingMax + OTHER_CALLS,
                    usual.requestsMax(),
                    usual.threadsMax(),
                    usual.messageBytesMax(),
                    usual.unsentBytesMax(),
                    usual.resendNanos());
        }

        /** Unlike that of any other process. */
        private long seed() {
            return NanoClock.SYSTEM.nanoTime() ^ ProcessHandle.current().pid() << Integer.SIZE;
        }

        /**
         * Connects.
         *
         * @throws IllegalStateException when nobody answers in the time of an operation, or the JVM
         *     lacks a flag, in a sentence
         * @throws IllegalArgumentException when a setting cannot be met, or a seed is no address
         */
        public SilkstoneClient connect() {
            requireFlags(SilkstoneClient.class.getModule());
            SilkstoneClient client = new SilkstoneClient(this);
            boolean connected = false;
            try {
                client.awaitMap(seeds, options.timeoutNanos());
                connected = true;
            } finally {
                if (!connected) {
                    client.close();
                }
            }
            return client;
        }
    }

    /** Before any class of Agrona is loaded, which would fail in words that help nobody. */
    static void requireFlags(Module user) {
        if (!Object.class.getModule().isExported(AGRONA_NEEDS, user)) {
            throw new IllegalStateException(
                    "Start this JVM with --add-opens java.base/jdk.internal.misc=ALL-UNNAMED, which"
                            + " the Silkstone client's buffers need.");
        }
    }

    private void awaitMap(List<String> seeds, long nanos) {
        long deadline = rpc.now() + nanos;
        while (client.store().refreshMap().cluster() == 0) {
            if (rpc.now() - deadline >= 0) {
                throw new IllegalStateException(
                        "No server of a cluster answers at " + String.join(" or ", seeds) + ".");
            }
        }
    }

    /**
     * The table called {@code name}; {@code default} is there from the beginning.
     *
     * @throws IllegalArgumentException when there is no such table
     */
    public TableClient table(String name) {
        TableClient table = client.table(name);
        Checks.require(table != null, "there is no table %s; store().createTable makes one", name);
        return table;
    }

    /** Waits for a future of this client's; see {@link KvClient#await}. */
    public <T> T await(CompletableFuture<T> future) {
        return client.await(future);
    }

    /** The cluster below: tables, tablets, servers, and sessions that allocate nothing. */
    public ClusterStore store() {
        return client.store();
    }

    /** Ends what is under way, gives the lease back, and lets go of all memory. */
    @Override
    public void close() {
        client.close();
        rpc.close();
        transport.close();
    }
}
