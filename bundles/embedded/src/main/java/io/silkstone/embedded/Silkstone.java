package io.silkstone.embedded;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.gateway.GatewayOptions;
import io.silkstone.gateway.GatewayRefused;
import io.silkstone.gateway.RedisGateway;
import io.silkstone.store.AgentLoop;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.store.memory.Backoff;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A node in this JVM: its memory, its user threads and, if wanted, its Redis port.
 *
 * <pre>{@code
 * try (Silkstone node = Silkstone.builder().memoryBytes(256 << 20).redisPort(0).start();
 *         KvSession session = node.kvStore().openSession()) {
 *     ...
 * }
 * }</pre>
 *
 * <p>What a node in OSGi takes from its surroundings is fixed here: there is no configuration that
 * changes while it runs, and a core policy is an object handed to {@link #usePolicy} and not a
 * bundle. A JVM may run several; each holds cores of its own, so give each its share by {@link
 * Builder#cores}.
 *
 * <p>Threads: any, but {@link #close}, which must not be called from a user thread of the node.
 */
public final class Silkstone implements AutoCloseable {
    private final MetricRegistry metrics;
    private final ArachneRuntime threads;
    private final Store store;
    private final AgentLoop agents;
    private final long agentThread;
    private final RedisGateway gateway;

    private Silkstone(Builder wanted) throws GatewayRefused {
        RandomGenerator random = new SecureRandom();
        metrics = new Metrics();
        threads =
                ArachneRuntime.start(
                        ArachneOptions.defaults().withCores(wanted.coresMin, wanted.coresMax),
                        NanoClock.SYSTEM,
                        new SplittableRandom(random.nextLong()),
                        metrics);
        try {
            store =
                    Store.open(
                            wanted.storeOptions(),
                            NanoClock.SYSTEM,
                            EpochClock.SYSTEM,
                            random,
                            metrics,
                            Backoff.over(threads::yield, threads::sleep));
        } catch (RuntimeException e) {
            threads.close();
            throw e;
        }
        agents = new AgentLoop(store.agents(), threads::yield, threads::sleep, metrics);
        agentThread = threads.create(ThreadRuntime.NORMAL, agents);
        if (agentThread == ThreadRuntime.NONE) {
            store.close();
            threads.close();
            throw new IllegalStateException("the runtime has no thread for the store's agents");
        }
        store.onDemand(() -> threads.signal(agentThread));
        try {
            gateway =
                    wanted.redisPort == Builder.NO_PORT
                            ? null
                            : RedisGateway.start(
                                    wanted.gatewayOptions(random), store, threads, metrics);
        } catch (GatewayRefused | RuntimeException e) {
            closeStoreAndThreads();
            throw e;
        }
    }

    /** A node of 1 GiB on as many cores as the process may use, without a Redis port. */
    public static Builder builder() {
        return new Builder();
    }

    /** The tables. */
    public KvStore kvStore() {
        return store;
    }

    /** The user threads. */
    public ThreadRuntime threads() {
        return threads;
    }

    /** What the node counts. */
    public MetricRegistry metrics() {
        return metrics;
    }

    /**
     * Where Redis clients connect.
     *
     * @throws IllegalStateException when the node was built without a Redis port
     */
    public int redisPort() {
        if (gateway == null) {
            throw new IllegalStateException("this node has no Redis port: build it with redisPort");
        }
        return gateway.boundPort();
    }

    /** The core policy in use. */
    public PolicyId policy() {
        return threads.policySlot().inUse();
    }

    /**
     * Switches to {@code policy} while the node serves; nothing is dropped. As in any node the
     * newcomer is on probation and the one before returns when it fails; that is said in the log.
     *
     * @param name what to call it
     * @throws PolicyRefused when it failed at once; the one before goes on
     */
    public void usePolicy(String name, CorePolicy policy) throws PolicyRefused {
        PolicySlot slot = threads.policySlot();
        slot.use(
                new PolicyId(slot.kind(), name, "embedded", -1),
                policy,
                (failed, now, reason) ->
                        System.getLogger(Silkstone.class.getName())
                                .log(
                                        System.Logger.Level.WARNING,
                                        "{0} failed, {1} is in use: {2}",
                                        failed,
                                        now,
                                        reason));
    }

    /** Ends clients' connections, then the store and the threads. What was stored is gone. */
    @Override
    public void close() {
        if (gateway != null) {
            gateway.close();
        }
        closeStoreAndThreads();
    }

    private void closeStoreAndThreads() {
        agents.stop();
        threads.signal(agentThread);
        try {
            agents.awaitEnd();
        } catch (InterruptedException e) {
            // The agents end all the same; whoever interrupted must not wait for the rest less.
            Thread.currentThread().interrupt();
        }
        store.close();
        threads.close();
    }

    /** What a node is built of; values are checked by {@link #start}. */
    public static final class Builder {
        private static final int NO_PORT = -1;
        private static final int NODE_ID_BYTES = 20;

        private long memoryBytes = StoreOptions.DEFAULTS.memoryBytes();
        private int coresMin = 1;
        private int coresMax;
        private int redisPort = NO_PORT;

        private Builder() {}

        /** Memory for objects and hash tables, outside the Java heap; at least 32 MiB. */
        public Builder memoryBytes(long bytes) {
            memoryBytes = bytes;
            return this;
        }

        /** The fewest and the most cores that the node holds; 0 as the most for all there are. */
        public Builder cores(int min, int max) {
            coresMin = min;
            coresMax = max;
            return this;
        }

        /**
         * The loopback port for Redis clients, 0 for any free one; without a call there is none.
         */
        public Builder redisPort(int port) {
            redisPort = port;
            return this;
        }

        /**
         * Starts the node.
         *
         * @throws GatewayRefused when it cannot listen, with a sentence
         * @throws IllegalArgumentException naming the value that is not allowed
         */
        public Silkstone start() throws GatewayRefused {
            return new Silkstone(this);
        }

        private StoreOptions storeOptions() {
            return StoreOptions.DEFAULTS.withMemoryBytes(memoryBytes);
        }

        private GatewayOptions gatewayOptions(RandomGenerator random) {
            byte[] id = new byte[NODE_ID_BYTES];
            random.nextBytes(id);
            return GatewayOptions.builder()
                    .port(redisPort)
                    .identity(HexFormat.of().formatHex(id), "embedded")
                    .build();
        }
    }
}
