package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.CoordinatorLog;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.coordinator.Coordinator;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.journal.JournalLog;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.transport.memory.MemoryTransport;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.BiConsumer;

/** The place of the coordinator: its process may be killed, its disk stays. */
final class SimulatedCoordinator {
    static final String ADDRESS = "memory:coordinator";

    static final String CRASHED = "coordinator crashed in the middle of a disk operation";
    static final String RESTORED = "coordinator restored from a snapshot";

    private static final long DUTY_NANOS_MAX = 3_000_000;

    private final World world;
    private final SimulatedDisk disk;
    private final CoordinatorOptions options;
    private final JournalOptions journal;
    private final BiConsumer<ClusterMap, ClusterMap> changed;
    private SimulatedProcess process;
    private MemoryTransport transport;
    private Coordinator coordinator;
    private boolean running;
    private int starts;

    /** What the processes of this run have decided. */
    private final Decisions decisions = new Decisions();

    private ClusterMap map = ClusterMap.NONE;

    /**
     * Not running yet.
     *
     * @param changed told of the map before and after each command, once a command
     */
    SimulatedCoordinator(
            World world,
            CoordinatorOptions options,
            JournalOptions journal,
            BiConsumer<ClusterMap, ClusterMap> changed) {
        this.world = world;
        this.options = options;
        this.journal = journal;
        this.changed = changed;
        disk = new SimulatedDisk(world.random().split());
    }

    SimulatedProcess process() {
        return process;
    }

    SimulatedDisk disk() {
        return disk;
    }

    /** What must never happen to decisions and did. */
    List<String> violations() {
        return decisions.violations();
    }

    boolean isRunning() {
        return running;
    }

    /** What was decided so far. */
    ClusterMap map() {
        return map;
    }

    /** How often it was started. */
    int starts() {
        return starts;
    }

    void start() {
        starts++;
        process = world.process("coordinator");
        transport = world.network().transport(ADDRESS);
        Rpc rpc =
                new Rpc(
                        new WatchedTransport(world, transport),
                        RpcOptions.DEFAULT,
                        process.clock(),
                        process,
                        Patience.of(process),
                        world.random().split(),
                        world.metrics());
        JournalLog log =
                new JournalLog(
                        world.parts().disk(disk),
                        ADDRESS,
                        journal,
                        process.clock(),
                        world.random().split(),
                        world.metrics());
        coordinator =
                new Coordinator(
                        rpc,
                        new Observed(log),
                        options,
                        process.clock(),
                        world.epochClock(),
                        world.random().split(),
                        world.metrics());
        coordinator.start();
        process.attach(core -> new SimulatedPoller(process, transport, rpc, () -> {}));
        process.create(ThreadRuntime.NORMAL, () -> drive(log));
        running = true;
    }

    private void drive(JournalLog log) {
        SimulatedProcess mine = process;
        Coordinator own = coordinator;
        while (true) {
            try {
                log.doWork();
                own.doWork();
            } catch (SimulatedDisk.Crash crash) {
                world.befell("coordinator", CRASHED);
                kill();
            }
            mine.sleep(1 + world.random().nextLong(DUTY_NANOS_MAX));
        }
    }

    /** As kill -9. */
    void kill() {
        running = false;
        transport.crash();
        process.kill();
    }

    /** Starts it again, with what the disk kept. */
    void restart() {
        disk.restart();
        start();
    }

    /** The log, and what its commands do to the map. */
    private final class Observed implements CoordinatorLog {
        private final CoordinatorLog log;

        private Observed(CoordinatorLog log) {
            this.log = log;
        }

        @Override
        public boolean isShared() {
            return log.isShared();
        }

        @Override
        public void start(Replica replica) {
            decisions.beginReplay();
            log.start(
                    new Replica() {
                        @Override
                        public void restore(byte[] snapshot) {
                            world.befell("coordinator", RESTORED);
                            decisions.restored();
                            replica.restore(snapshot);
                        }

                        @Override
                        public byte[] snapshot() {
                            return replica.snapshot();
                        }

                        @Override
                        public byte[] apply(long index, MemorySegment command) {
                            boolean isNew = decisions.applied(index, command);
                            byte[] result = replica.apply(index, command);
                            if (isNew) {
                                ClusterMap before = map;
                                map = coordinator.map();
                                changed.accept(before, map);
                            }
                            return result;
                        }

                        @Override
                        public void leads(boolean leading, String leader) {
                            replica.leads(leading, leader);
                        }
                    });
            decisions.endReplay();
        }

        @Override
        public boolean propose(byte[] command, Outcome outcome) {
            decisions.proposed(command);
            return log.propose(command, outcome);
        }

        @Override
        public void close() {
            log.close();
        }
    }
}
