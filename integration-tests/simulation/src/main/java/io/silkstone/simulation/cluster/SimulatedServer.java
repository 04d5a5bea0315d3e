package io.silkstone.simulation.cluster;

import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.simulation.settings.Odds;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Weights;
import io.silkstone.store.Agent;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.store.backup.Backups;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.master.BackupService;
import io.silkstone.store.master.MasterOptions;
import io.silkstone.store.master.MasterService;
import io.silkstone.store.master.Membership;
import io.silkstone.store.master.MigrationSlot;
import io.silkstone.store.master.Migrations;
import io.silkstone.store.master.Predecessor;
import io.silkstone.store.master.ReplicatedHoldings;
import io.silkstone.store.master.ReplicatedStore;
import io.silkstone.store.master.StoreHoldings;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.transport.memory.MemoryTransport;
import java.util.List;
import java.util.SplittableRandom;

/** A place where a server runs, is killed and is started again, empty. */
final class SimulatedServer {
    private static final long AGENT_NANOS = 40_000_000;

    /** Between two slices of a cleaner that is hasty, at most. */
    private static final long HASTY_NANOS = 1_000_000;

    private final World world;
    private final String name;
    private final String address;
    private final String node;
    private final List<String> coordinators;
    private final SplittableRandom standstills;
    private final Odds standsStill;
    private final Range standstill;
    private SimulatedProcess process;
    private MemoryTransport transport;
    private Store store;

    /** What others have kept here; null where nothing is replicated. Outlives the process. */
    private final SimulatedDisks disks;

    private ReplicatedStore replicated;
    private ReplicatedHoldings holdings;
    private BackupService backups;
    private Membership membership;
    private MasterService service;
    private Migrations migrations;
    private boolean running;
    private boolean leaving;
    private int starts;
    private long lastBoot = Predecessor.NONE;

    /**
     * Not running yet.
     *
     * @param replicated whether its log is kept on other servers, and it keeps theirs
     */
    SimulatedServer(World world, int number, List<String> coordinators, boolean replicated) {
        this.world = world;
        disks = replicated ? new SimulatedDisks(world.random().split()) : null;
        this.coordinators = coordinators;
        standstills = world.random().split();
        standsStill = world.settings().get(ClusterSettings.SERVER_STANDSTILLS);
        standstill = world.settings().get(ClusterSettings.SERVER_STANDSTILL);
        name = "server-" + number;
        address = "memory:" + name;
        node = "%040x".formatted(number);
    }

    String address() {
        return address;
    }

    /** What others have kept here; null where nothing is replicated. */
    SimulatedDisks disks() {
        return disks;
    }

    String name() {
        return name;
    }

    boolean isRunning() {
        return running;
    }

    /** Whether it says good-bye just now. */
    boolean isLeaving() {
        return leaving;
    }

    /** How often it was started. */
    int starts() {
        return starts;
    }

    SimulatedProcess process() {
        return process;
    }

    void start() {
        process = world.process(name);
        transport = world.network().transport(address);
        Rpc rpc =
                new Rpc(
                        new WatchedTransport(world, world.parts().transport(name, transport)),
                        RpcOptions.DEFAULT,
                        process.clock(),
                        process,
                        Patience.of(process),
                        world.random().split(),
                        world.metrics());
        openStore(rpc);
        world.parts().begins(name, store);
        boolean inHaste = hastensCleaner();
        for (Agent agent : store.agents()) {
            boolean hurries = inHaste && agent.name().equals("cleaner");
            process.create(ThreadRuntime.NORMAL, () -> drive(agent, hurries));
        }
        membership =
                new Membership(
                        new MasterOptions(node, address, "", coordinators),
                        rpc,
                        process,
                        disks == null ? new StoreHoldings(store, process) : holdings,
                        new Home(),
                        world.random().split());
        SimulatedProcess mine = process;
        Membership own = membership;
        service =
                new MasterService(
                        rpc,
                        store,
                        WatchedSession.of(world, world.parts().session(store.openSession())),
                        membership,
                        world.parts().lease(() -> mayServe(mine, own)));
        migrations = new Migrations(rpc, process, store, membership, strategies());
        if (disks != null) {
            backups.register();
            holdings.start(membership);
        }
        service.register();
        migrations.register();
        service.registerDirections();
        process.attach(core -> new SimulatedPoller(process, transport, rpc, service::doWork));
        membership.start();
        running = true;
    }

    /** Each migration goes by a strategy that is drawn for it, if there are several. */
    private MigrationSlot strategies() {
        Weights<Strategies> weights = world.settings().get(ClusterSettings.MIGRATION_STRATEGY);
        MigrationStrategy strategy =
                weights.things().size() == 1
                        ? weights.things().getFirst().strategy()
                        : Strategies.drawn(weights, world.random().split(), world::count);
        return new MigrationSlot("drawn", strategy, process.clock());
    }

    private void openStore(Rpc rpc) {
        StoreOptions options =
                StoreOptions.DEFAULTS
                        .withMemoryBytes(world.settings().get(ClusterSettings.SERVER_MEMORY_SIZE))
                        .withMemoryPrefaultBytes(0)
                        .withHugePages(HugePages.OFF)
                        .withTablets(0);
        EpochClock timeOfDay = world.parts().timeOfDay(world.epochClock());
        SplittableRandom random = world.random().split();
        SimulatedProcess mine = process;
        if (disks == null) {
            store =
                    Store.open(
                            options,
                            mine.clock(),
                            timeOfDay,
                            random,
                            world.metrics(),
                            attempt -> mine.yield());
            return;
        }
        replicated =
                ReplicatedStore.open(
                        options,
                        mine.clock(),
                        timeOfDay,
                        random,
                        world.metrics(),
                        Backoff.over(mine::yield, mine::sleep));
        store = replicated.store();
        Odds machine = world.settings().get(ClusterSettings.SERVER_MACHINE);
        backups =
                new BackupService(
                        rpc,
                        new Backups(disks, mine.clock(), world.random().split(), world.metrics()),
                        machine.isNever() ? Flush.NEVER : Flush.ALWAYS,
                        1);
        long keeper = mine.create(ThreadRuntime.NORMAL, () -> drive(backups, false));
        backups.onDemand(() -> mine.signal(keeper));
        holdings = new ReplicatedHoldings(replicated, rpc, mine, backups);
    }

    /** Proves at every second start that the process before has ended, which it always has. */
    private final class Home implements Predecessor {
        private final long ended = starts++ % 2 == 1 ? lastBoot : NONE;

        @Override
        public long ended() {
            if (ended != NONE) {
                world.count("end of a process proved");
            }
            return ended;
        }

        @Override
        public void enlists(long boot) {
            lastBoot = boot;
        }
    }

    /**
     * What the membership says, now and then after a standstill: a process can be stopped between
     * any two of its steps, and just before a reply leaves it hurts most.
     */
    private boolean mayServe(SimulatedProcess mine, Membership own) {
        if (standsStill.happens(standstills) && world.script().has("standstills of " + name)) {
            world.befell(name, "server stopped while it served");
            mine.pause(standstill.draw(standstills));
            mine.yield();
        }
        return own.mayServe();
    }

    /** Has entries move, in some servers, which they would not in so short a time. */
    private boolean hastensCleaner() {
        Odds isHasty = world.settings().get(ClusterSettings.CLEANER_HASTY);
        boolean inHaste = !isHasty.isNever() && isHasty.happens(standstills);
        if (inHaste) {
            world.count("cleaner in haste");
            store.hastenCleaner();
        }
        return inHaste;
    }

    private void drive(Agent agent, boolean hurries) {
        SimulatedProcess mine = process;
        while (true) {
            int work = agent.doWork();
            if (hurries) {
                mine.sleep(standstills.nextLong(1, HASTY_NANOS));
            } else if (work == 0) {
                mine.sleep(AGENT_NANOS);
            } else {
                mine.yield();
            }
        }
    }

    /**
     * Says good-bye to the coordinator, and then ends. By a thread of no process of the cluster.
     */
    void leave() {
        SimulatedProcess mine = process;
        Membership own = membership;
        leaving = true;
        Migrations ownMigrations = migrations;
        ReplicatedHoldings ownHoldings = holdings;
        long farewell =
                mine.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            ownMigrations.stop();
                            if (ownHoldings != null) {
                                ownHoldings.stopRecoveries();
                            }
                            own.close();
                        });
        world.runtime().join(farewell);
        if (mine == process && running) {
            kill();
        }
    }

    /** As kill -9. */
    void kill() {
        running = false;
        leaving = false;
        process.kill();
        transport.crash();
        service.close();
        migrations.close();
        if (disks == null) {
            store.close();
        } else {
            replicated.close();
            disks.end(
                    world.settings().get(ClusterSettings.SERVER_MACHINE).happens(standstills)
                            && world.script().has("machine failure of " + name));
        }
    }
}
