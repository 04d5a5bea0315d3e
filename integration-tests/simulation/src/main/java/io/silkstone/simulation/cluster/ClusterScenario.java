package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.client.ClusterStore;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.simulation.Chance;
import io.silkstone.simulation.Judgement;
import io.silkstone.simulation.Report;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.Script;
import io.silkstone.simulation.history.History;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.transport.memory.Faults;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A cluster and its clients: every operation under every rule through the client, over messages
 * that are slow, lost, doubled and out of order; servers and the coordinator are killed and come
 * back, stand still, are cut off, say good-bye; tablets are split and given to others; a table is
 * dropped and made again; clients close and die.
 *
 * <p>A server that is lost takes with it what it held. That is part of the history of each key that
 * was there, at the moment at which the coordinator counts the server as down.
 */
public final class ClusterScenario implements Scenario {
    private static final long MILLI = 1_000_000;
    private static final int SERVERS_MAX = 4;
    private static final int CLIENTS_MAX = 4;
    private static final int TROUBLES_MAX = 8;
    private static final long TROUBLE_NANOS_MAX = 1_500 * MILLI;

    /** Between troubles; they are to find clients that are not done yet. */
    private static final long QUIET_NANOS_MAX = 400 * MILLI;

    private static final long LEASE_NANOS_MIN = 80 * MILLI;
    private static final long LEASE_NANOS_MAX = 1_000 * MILLI;

    /** More than clocks can be apart at the end of a lease. */
    private static final long MARGIN_NANOS_MIN = 4 * MILLI;

    private static final long MARGIN_NANOS_MAX = 50 * MILLI;
    private static final long CLIENT_LEASE_MILLIS_MIN = 1_000;
    private static final long CLIENT_LEASE_MILLIS_MAX = 5_000;
    private static final int COMMANDS_PER_SNAPSHOT_MIN = 3;
    private static final int COMMANDS_PER_SNAPSHOT_MAX = 60;
    private static final long STEPS_MAX = 2_000_000;

    private static final int ASSIGNMENTS = 8;

    /** Of the table that comes and goes. */
    private static final int TABLETS_MAX = 8;

    private static final int TABLETS_FIRST = 2;
    private static final int ATTEMPTS_MAX = 20;

    /** While the coordinator's disk fails, so that it has something to write. */
    private static final int DECISIONS_HURRIED = 3;

    private final Parts parts;

    /** A new scenario. */
    public ClusterScenario() {
        this(Parts.GENUINE);
    }

    /** Of processes made of {@code parts}. */
    ClusterScenario(Parts parts) {
        this.parts = parts;
    }

    @Override
    public String name() {
        return "cluster";
    }

    @Override
    public String description() {
        return "a coordinator, servers and clients, over a network that cannot be relied upon";
    }

    @Override
    public Report play(long seed, Script script) {
        try (World world = new World(new SplittableRandom(seed), parts, script)) {
            return new Run(world).play();
        }
    }

    private static final class Run {
        private final World world;
        private final SplittableRandom random;
        private final History history;
        private final Chance troubles;
        private final SimulatedCoordinator coordinator;
        private final List<SimulatedServer> servers = new ArrayList<>();
        private final List<SimulatedClient> clients = new ArrayList<>();
        private final List<ClientLife> lives = new ArrayList<>();
        private final Tables tables = new Tables();
        private final BitSet gone = new BitSet();
        private int clientsLeft;

        private Run(World world) {
            this.world = world;
            random = world.random().split();
            troubles = new Chance(random.split());
            history = world.history();
            int count = random.nextInt(1, SERVERS_MAX + 1);
            coordinator =
                    new SimulatedCoordinator(
                            world,
                            times().withServersFirst(count)
                                    .withTabletsFirst(random.nextInt(3) == 0 ? 16 : 0),
                            journal(),
                            this::mapChanged);
            List<String> seeds = new ArrayList<>(List.of(SimulatedCoordinator.ADDRESS));
            for (int number = 1; number <= count; number++) {
                SimulatedServer server =
                        new SimulatedServer(world, number, List.of(SimulatedCoordinator.ADDRESS));
                servers.add(server);
                seeds.add(server.address());
            }
            Faults faults = faults();
            world.network()
                    .set(
                            world.script().has("messages suffer")
                                    ? faults
                                    : Faults.NONE.withDelay(5_000, 20_000));
            int clientCount = random.nextInt(1, CLIENTS_MAX + 1);
            for (int client = 0; client < clientCount; client++) {
                SimulatedClient process = new SimulatedClient(world, "client-" + client, seeds);
                Chance chance = new Chance(random.split());
                clients.add(process);
                lives.add(new ClientLife(world, client, process, chance, tables));
            }
        }

        /** Leases that end while something else goes on, for servers and clients alike. */
        private CoordinatorOptions times() {
            return new CoordinatorOptions(
                    random.nextLong(LEASE_NANOS_MIN, LEASE_NANOS_MAX + 1),
                    random.nextLong(MARGIN_NANOS_MIN, MARGIN_NANOS_MAX + 1),
                    0,
                    random.nextLong(CLIENT_LEASE_MILLIS_MIN, CLIENT_LEASE_MILLIS_MAX + 1),
                    1,
                    0);
        }

        /** Snapshots so often that some are written, read and torn. */
        private JournalOptions journal() {
            JournalOptions usual = JournalOptions.DEFAULT;
            return new JournalOptions(
                    random.nextInt(COMMANDS_PER_SNAPSHOT_MIN, COMMANDS_PER_SNAPSHOT_MAX + 1),
                    usual.proposalsMax(),
                    usual.commandBytesMax(),
                    usual.repairNanos());
        }

        private Faults faults() {
            Faults faults = Faults.NONE.withDelay(5_000, 20_000);
            if (random.nextInt(3) == 0) {
                return faults;
            }
            return faults.withLoss(random.nextDouble() * 0.03)
                    .withDuplication(random.nextDouble() * 0.05)
                    .withReordering(random.nextDouble() * 0.1, 5 * MILLI)
                    .withBreakage(random.nextDouble() * 0.005);
        }

        private Report play() {
            coordinator.start();
            servers.forEach(SimulatedServer::start);
            for (int client = 0; client < clients.size(); client++) {
                int number = client;
                clientsLeft++;
                clients.get(client).process().create(ThreadRuntime.NORMAL, () -> serve(number));
            }
            world.runtime().create(ThreadRuntime.NORMAL, this::trouble);
            world.runtime().create(ThreadRuntime.NORMAL, this::makeTheTable);
            while (clientsLeft > 0) {
                world.runtime().step();
                if (world.runtime().steps() > STEPS_MAX) {
                    throw new IllegalStateException(
                            clientsLeft + " clients have not ended after " + STEPS_MAX + " steps");
                }
            }
            long fingerprint = world.runtime().fingerprint();
            servers.stream().filter(SimulatedServer::isRunning).forEach(SimulatedServer::kill);
            Steps.expect(world);
            world.metrics().snapshot().stream()
                    .filter(each -> Steps.isOne(each.label()))
                    .forEach(each -> world.coverage().put(each.label(), each.value()));
            Judgement judgement = Judgement.of(history);
            List<String> violations = new ArrayList<>(judgement.violations());
            violations.addAll(coordinator.violations());
            violations.addAll(world.violations());
            long operations = lives.stream().mapToLong(ClientLife::operations).sum();
            return new Report(
                    operations, fingerprint, world.coverage(), violations, judgement.keys());
        }

        private void serve(int client) {
            try {
                lives.get(client).run();
            } finally {
                ended(client);
            }
        }

        private void ended(int client) {
            if (!gone.get(client)) {
                gone.set(client);
                clientsLeft--;
            }
        }

        /** Tells the history what is lost, and since when a table is gone. */
        private void mapChanged(ClusterMap before, ClusterMap after) {
            for (ClusterMap.Table table : before.tables()) {
                if (!after.tables().contains(table)) {
                    tables.dropped(table.id(), world.runtime().clock().nanoTime());
                }
            }
            for (String name : history.keys()) {
                int table = Named.tableOf(name);
                long hash = Named.hashOf(name);
                ClusterMap.Tablet was = before.tablet(table, hash);
                ClusterMap.Tablet is = after.tablet(table, hash);
                if (was != null && is != null) {
                    tabletChanged(name, was, is, after);
                }
            }
        }

        private void tabletChanged(
                String name, ClusterMap.Tablet was, ClusterMap.Tablet is, ClusterMap after) {
            boolean wasLost = was.state() == ClusterMap.TabletState.LOST;
            boolean isLost = is.state() == ClusterMap.TabletState.LOST;
            boolean goesOn = is.owner().equals(was.owner()) && !isLost;
            if (wasLost || goesOn) {
                return;
            }
            ClusterMap.Server owner = after.server(was.owner());
            boolean released = !isLost && owner != null && owner.up();
            if (released) {
                world.count("key without an object given to another server");
            } else {
                history.lost(name);
                world.count("key lost with its server");
            }
        }

        /** What befalls the cluster, one after the other, some of it at the same time. */
        private void trouble() {
            int most = troubles.nextInt(TROUBLES_MAX + 1);
            for (int count = 0; count < most && clientsLeft > 0; count++) {
                troubles.next();
                world.runtime().sleep(1 + troubles.nextLong(QUIET_NANOS_MAX));
                if (world.script().has("trouble " + count)) {
                    trouble(troubles.nextInt(12));
                }
            }
        }

        private void trouble(int kind) {
            switch (kind) {
                case 0, 1 -> killAServer();
                case 2 -> killTheCoordinator();
                case 3 -> cutAServerOff();
                case 4 -> stopSomebody();
                case 5 -> splitATablet();
                case 6, 7 -> assignATablet();
                case 8, 9 -> renewTheTable();
                case 10 -> haveAServerLeave();
                default -> killAClient();
            }
        }

        private void pause() {
            world.runtime().sleep(1 + troubles.nextLong(TROUBLE_NANOS_MAX));
        }

        private SimulatedServer someServer() {
            return servers.get(troubles.nextInt(servers.size()));
        }

        private void killAServer() {
            SimulatedServer server = someServer();
            if (server.isRunning()) {
                world.befell(server.name(), "server killed");
                server.kill();
                pause();
                server.start();
                history.note(server.name() + ": started again, empty");
            }
        }

        private void haveAServerLeave() {
            SimulatedServer server = someServer();
            if (server.isRunning()) {
                world.befell(server.name(), "server leaves");
                server.leave();
                pause();
                server.start();
                history.note(server.name() + ": started again, empty");
            }
        }

        private void killTheCoordinator() {
            world.befell("coordinator", "coordinator killed");
            if (troubles.nextInt(3) != 0) {
                coordinator.disk().crashAfter(1 + troubles.nextInt(2 * DECISIONS_HURRIED));
                for (int count = 0; count < DECISIONS_HURRIED; count++) {
                    world.runtime().create(ThreadRuntime.NORMAL, this::splitATablet);
                }
                pause();
            }
            if (coordinator.isRunning()) {
                coordinator.kill();
            }
            pause();
            coordinator.restart();
            history.note("coordinator: started again");
        }

        private void cutAServerOff() {
            SimulatedServer server = someServer();
            world.befell(server.name(), "server cut off");
            if (troubles.nextBoolean()) {
                world.network().isolate(server.address());
            } else {
                world.network()
                        .partition(
                                List.of(server.address()), List.of(SimulatedCoordinator.ADDRESS));
            }
            pause();
            world.network().heal();
            history.note(server.name() + ": reached again");
        }

        private void stopSomebody() {
            long nanos = 1 + troubles.nextLong(3_000 * MILLI);
            int whom = troubles.nextInt(6);
            if (whom < 2) {
                stop("coordinator", coordinator.process(), nanos);
            } else if (whom == 2) {
                int client = troubles.nextInt(clients.size());
                stop("client " + client, clients.get(client).process(), nanos);
            } else {
                SimulatedServer server = someServer();
                stop(server.name(), server.process(), nanos);
            }
        }

        private void stop(String name, SimulatedProcess process, long nanos) {
            world.count("process stopped");
            history.note(name + ": stands still for " + nanos / MILLI + " ms");
            process.pause(nanos);
        }

        /** Whoever operates the cluster has a client of his own. */
        private void splitATablet() {
            operate(
                    store -> {
                        long slot = troubles.nextInt(1, Key.SLOTS);
                        store.splitTablet(someTable(), slot << Key.SLOT_SHIFT);
                        world.befell("operator", "tablet split");
                    });
        }

        private String someTable() {
            return troubles.nextInt(3) == 0 ? Tables.PASSING : KvStore.DEFAULT_TABLE;
        }

        /** As soon as there is a server that could have it. */
        private void makeTheTable() {
            boolean made = false;
            for (int turn = 0; turn < ATTEMPTS_MAX && !made && clientsLeft > 0; turn++) {
                world.runtime().sleep(QUIET_NANOS_MAX / ATTEMPTS_MAX);
                made = operate(store -> store.createTable(Tables.PASSING, TABLETS_FIRST));
            }
        }

        /** Drops the table that comes and goes, if it is there, and makes it again. */
        private void renewTheTable() {
            operate(
                    store -> {
                        store.dropTable(Tables.PASSING);
                        world.befell("operator", "table dropped");
                        if (troubles.nextBoolean()) {
                            world.runtime().sleep(1 + troubles.nextLong(QUIET_NANOS_MAX));
                        }
                        store.createTable(Tables.PASSING, troubles.nextInt(TABLETS_MAX + 1));
                        world.befell("operator", "table made");
                    });
        }

        private void assignATablet() {
            operate(
                    store -> {
                        List<ClusterMap.Server> all = store.refreshMap().servers();
                        for (int turn = 0; turn < ASSIGNMENTS && !all.isEmpty(); turn++) {
                            ClusterMap.Server server = all.get(troubles.nextInt(all.size()));
                            assign(store, server);
                        }
                    });
        }

        /** Gives away a tablet that clients use, if there is nothing in it. */
        private void assign(ClusterStore store, ClusterMap.Server server) {
            String name = Tables.KEYS.get(troubles.nextInt(Tables.KEYS.size()));
            try {
                store.assignTablet(someTable(), Named.hashOf(name), server.id());
                world.befell("operator", "tablet assigned");
            } catch (StoreRefused e) {
                world.count("assignment refused");
            }
        }

        private interface Wish {
            void make(ClusterStore store) throws StoreRefused;
        }

        private boolean operate(Wish wish) {
            boolean[] granted = new boolean[1];
            SimulatedClient operator =
                    new SimulatedClient(world, "operator", List.of(SimulatedCoordinator.ADDRESS));
            long thread =
                    operator.process()
                            .create(
                                    ThreadRuntime.NORMAL,
                                    () -> {
                                        try {
                                            wish.make(operator.store());
                                            granted[0] = true;
                                        } catch (StoreRefused e) {
                                            world.count("operator refused");
                                        }
                                    });
            world.runtime().join(thread);
            operator.kill();
            return granted[0];
        }

        private void killAClient() {
            int client = troubles.nextInt(clients.size());
            if (!gone.get(client) && clientsLeft > 1) {
                world.befell("client " + client, "client killed");
                clients.get(client).kill();
                ended(client);
            }
        }
    }
}
