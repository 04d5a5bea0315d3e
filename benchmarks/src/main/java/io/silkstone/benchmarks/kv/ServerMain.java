package io.silkstone.benchmarks.kv;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.coordinator.Coordinator;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.journal.FileDisk;
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
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import io.silkstone.transport.aeron.AeronOptions;
import io.silkstone.transport.aeron.AeronTransport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A node that is coordinator and server at once, on one core, of the parts that a node has; without
 * the framework around them. Says its address, and ends with its standard input.
 */
final class ServerMain {
    private static final long MEMORY_BYTES = 256 << 20;
    private static final long DUTY_NANOS = 5_000_000;
    private static final long SEED = 7;
    private static final NanoClock CLOCK = NanoClock.SYSTEM;

    private final Metrics metrics = new Metrics();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final ArachneRuntime threads =
            ArachneRuntime.start(
                    ArachneOptions.defaults().withCores(1, 1), CLOCK, random.split(), metrics);
    private final AeronTransport transport;
    private final Rpc rpc;
    private AutoCloseable pollers;

    private ServerMain() {
        AeronOptions options = AeronOptions.defaults().toBuilder().port(0).build();
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

    /** The argument is a directory for the coordinator's journal. */
    public static void main(String[] arguments) throws IOException {
        ServerMain server = new ServerMain();
        server.start(Path.of(arguments[0]));
        System.out.println(server.transport.address());
        while (System.in.read() >= 0) {
            Thread.yield();
        }
        server.leave();
    }

    /** Lets go of shared memory; all else ends with the process. */
    private void leave() {
        try {
            // A transport that somebody polls must not be closed.
            pollers.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        rpc.close();
        transport.close();
        Runtime.getRuntime().halt(0);
    }

    private void start(Path directory) throws IOException {
        Store store =
                Store.open(
                        StoreOptions.DEFAULTS.withMemoryBytes(MEMORY_BYTES).withTablets(0),
                        CLOCK,
                        EpochClock.SYSTEM,
                        random.split(),
                        metrics,
                        Backoff.over(threads::yield, threads::sleep));
        threads.create(
                ThreadRuntime.NORMAL,
                new AgentLoop(store.agents(), threads::yield, threads::sleep, metrics));
        Membership membership =
                new Membership(
                        new MasterOptions(
                                "%040x".formatted(SEED),
                                transport.address(),
                                "",
                                List.of(transport.address())),
                        rpc,
                        threads,
                        new StoreHoldings(store, threads),
                        random.split());
        MasterService service = new MasterService(rpc, store, membership);
        service.register();
        service.registerDirections();
        startCoordinator(directory);
        pollers = threads.attach(core -> new RpcPoller(rpc, service::doWork));
        membership.start();
    }

    private void startCoordinator(Path directory) throws IOException {
        JournalLog log =
                new JournalLog(
                        FileDisk.open(directory),
                        transport.address(),
                        JournalOptions.DEFAULT,
                        CLOCK,
                        random.split(),
                        metrics);
        Coordinator coordinator =
                new Coordinator(
                        rpc,
                        log,
                        CoordinatorOptions.DEFAULT,
                        CLOCK,
                        EpochClock.SYSTEM,
                        random.split(),
                        metrics);
        coordinator.start();
        Thread.ofPlatform().daemon().name("silkstone-coordinator-journal-0").start(log);
        threads.create(ThreadRuntime.NORMAL, () -> work(coordinator));
    }

    private void work(Coordinator coordinator) {
        while (true) {
            coordinator.doWork();
            threads.sleep(DUTY_NANOS);
        }
    }
}
