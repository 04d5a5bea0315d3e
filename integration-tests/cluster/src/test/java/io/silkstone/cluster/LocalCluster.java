package io.silkstone.cluster;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.base.disk.FileDisk;
import io.silkstone.client.ClientOptions;
import io.silkstone.client.ClusterStore;
import io.silkstone.coordinator.Coordinator;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.RpcPoller;
import io.silkstone.store.AgentLoop;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.store.master.MasterOptions;
import io.silkstone.store.master.MasterService;
import io.silkstone.store.master.Membership;
import io.silkstone.store.master.StoreHoldings;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import io.silkstone.transport.aeron.AeronOptions;
import io.silkstone.transport.aeron.AeronTransport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/** A coordinator and servers in this JVM, each on a runtime and a transport of its own. */
final class LocalCluster {
    private static final NanoClock CLOCK = NanoClock.SYSTEM;

    private LocalCluster() {}

    /** What every process of a cluster has. */
    private static class Process implements AutoCloseable {
        final Metrics metrics = new Metrics();
        final SplittableRandom random;
        final ArachneRuntime threads;
        final AeronTransport transport;
        final Rpc rpc;
        private AutoCloseable pollers;

        Process(AeronOptions options, long seed) {
            random = new SplittableRandom(seed);
            threads =
                    ArachneRuntime.start(
                            ArachneOptions.defaults().withCores(1, 1),
                            CLOCK,
                            random.split(),
                            metrics);
            transport = new AeronTransport(options, CLOCK, random.split(), metrics);
            rpc =
                    new Rpc(
                            transport,
                            RpcOptions.DEFAULT,
                            CLOCK,
                            threads,
                            Patience.of(threads),
                            random.split(),
                            metrics);
        }

        void poll(Runnable duty) {
            pollers = threads.attach(core -> new RpcPoller(rpc, duty));
        }

        @Override
        public void close() throws IOException {
            try {
                pollers.close();
            } catch (Exception e) {
                throw new IOException(e);
            }
            rpc.close();
            transport.close();
            threads.close();
        }
    }

    /** The coordinator, with its journal in a directory. */
    static final class CoordinatorProcess extends Process {
        private static final long DUTY_NANOS = 5_000_000;

        private final FileDisk disk;
        private final Thread writer;
        private final Coordinator coordinator;
        private volatile boolean closing;

        CoordinatorProcess(AeronOptions options, Path directory, int servers) throws IOException {
            super(options, 1);
            disk = FileDisk.open(directory, "a coordinator");
            JournalLog log =
                    new JournalLog(
                            disk,
                            transport.address(),
                            JournalOptions.DEFAULT,
                            CLOCK,
                            random.split(),
                            metrics);
            coordinator =
                    new Coordinator(
                            rpc,
                            log,
                            CoordinatorOptions.DEFAULT.withServersFirst(servers),
                            CLOCK,
                            EpochClock.SYSTEM,
                            random.split(),
                            metrics);
            coordinator.start();
            writer = Thread.ofPlatform().name("silkstone-coordinator-journal-0").start(log);
            poll(() -> {});
            threads.create(ThreadRuntime.NORMAL, this::doWork);
        }

        private void doWork() {
            while (!closing) {
                coordinator.doWork();
                threads.sleep(DUTY_NANOS);
            }
        }

        String address() {
            return transport.address();
        }

        @Override
        public void close() throws IOException {
            closing = true;
            coordinator.close();
            joinWriter();
            super.close();
            disk.close();
        }

        private void joinWriter() {
            try {
                writer.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A server. */
    static final class ServerProcess extends Process {
        private final Store store;
        private final Membership membership;
        private final MasterService service;
        private final AgentLoop agents;
        private final long agentThread;
        private boolean hasLeft;

        ServerProcess(AeronOptions options, int number, String coordinator) {
            super(options, 100 + number);
            store =
                    Store.open(
                            StoreOptions.DEFAULTS
                                    .withMemoryBytes(64 << 20)
                                    .withMemoryPrefaultBytes(0)
                                    .withHugePages(HugePages.OFF)
                                    .withTablets(0),
                            CLOCK,
                            EpochClock.SYSTEM,
                            random.split(),
                            metrics,
                            Backoff.over(threads::yield, threads::sleep));
            agents = new AgentLoop(store.agents(), threads::yield, threads::sleep, metrics);
            agentThread = threads.create(ThreadRuntime.NORMAL, agents);
            membership =
                    new Membership(
                            new MasterOptions(
                                    "%040x".formatted(number),
                                    transport.address(),
                                    "",
                                    List.of(coordinator)),
                            rpc,
                            threads,
                            new StoreHoldings(store, threads),
                            random.split());
            service = new MasterService(rpc, store, membership);
            service.register();
            service.registerDirections();
            poll(service::doWork);
            membership.start();
        }

        String address() {
            return transport.address();
        }

        boolean mayServe() {
            return membership.mayServe();
        }

        /** Leaves the cluster; returns how many tablets its store has then. */
        int leave() {
            membership.close();
            hasLeft = true;
            return store.tablets().size();
        }

        @Override
        public void close() throws IOException {
            if (!hasLeft) {
                leave();
            }
            agents.stop();
            threads.join(agentThread);
            super.close();
            service.close();
            store.close();
        }
    }

    /** A client whose waiting threads poll. */
    static final class ClientProcess implements AutoCloseable {
        private final AeronTransport transport;
        private final Rpc rpc;
        private final ClusterStore store;

        ClientProcess(AeronOptions options, List<String> seeds) {
            Metrics metrics = new Metrics();
            SplittableRandom random = new SplittableRandom(99);
            transport = new AeronTransport(options, CLOCK, random.split(), metrics);
            rpc =
                    new Rpc(
                            transport,
                            RpcOptions.DEFAULT,
                            CLOCK,
                            null,
                            Patience.polling(),
                            random.split(),
                            metrics);
            store = new ClusterStore(rpc, seeds, ClientOptions.DEFAULT, random.split(), metrics);
        }

        ClusterStore store() {
            return store;
        }

        @Override
        public void close() {
            store.close();
            rpc.close();
            transport.close();
        }
    }
}
