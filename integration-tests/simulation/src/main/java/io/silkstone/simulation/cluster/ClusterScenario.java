package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.client.ClusterStore;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.simulation.ContendedWorkload;
import io.silkstone.simulation.Judgement;
import io.silkstone.simulation.Report;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.StoreSubject;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.Reply;
import io.silkstone.transport.memory.Faults;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A cluster and its clients: every operation under every rule through the client, over messages
 * that are slow, lost, doubled and out of order; servers and the coordinator are killed and come
 * back, stand still, are cut off; tablets are split and given to others; clients die.
 *
 * <p>A server that is lost takes with it what it held. That is part of the history of each key that
 * was there, at the moment at which the coordinator gives its tablet to somebody else.
 */
public final class ClusterScenario implements Scenario {
    private static final long MILLI = 1_000_000;
    private static final int SERVERS_MAX = 4;
    private static final int CLIENTS_MAX = 4;
    private static final int OPERATIONS_PER_CLIENT = 50;
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
    private static final long PAUSE_NANOS_MAX = 60 * MILLI;
    private static final long STEPS_MAX = 2_000_000;

    /** In one tablet for ever: some of them are changed together now and then. */
    private static final List<String> TOGETHER = List.of("{pair}-0", "{pair}-1", "{pair}-2");

    private static final List<String> APART =
            List.of("text-0", "text-1", "text-2", "number-0", "number-1");
    private static final List<String> KEYS = both(TOGETHER, APART);
    private static final int EXCHANGES_MAX = 4;
    private static final long EXCHANGE_NANOS_MAX = 20 * MILLI;
    private static final int ASSIGNMENTS = 8;

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

    private static List<String> both(List<String> some, List<String> others) {
        List<String> all = new ArrayList<>(some);
        all.addAll(others);
        return List.copyOf(all);
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
    public Report run(long seed) {
        try (World world = new World(new SplittableRandom(seed), parts)) {
            return new Run(world).play();
        }
    }

    private static final class Run {
        private final World world;
        private final SplittableRandom random;
        private final History history;
        private final SimulatedCoordinator coordinator;
        private final List<SimulatedServer> servers = new ArrayList<>();
        private final List<SimulatedClient> clients = new ArrayList<>();
        private final Key key = new Key();
        private final BitSet gone = new BitSet();
        private int clientsLeft;
        private long operations;

        private Run(World world) {
            this.world = world;
            random = world.random().split();
            history = new History(world.epochClock()::millis);
            int count = random.nextInt(1, SERVERS_MAX + 1);
            coordinator =
                    new SimulatedCoordinator(
                            world,
                            times().withServersFirst(count)
                                    .withTabletsFirst(random.nextInt(3) == 0 ? 16 : 0),
                            this::mapChanged);
            List<String> seeds = new ArrayList<>(List.of(SimulatedCoordinator.ADDRESS));
            for (int number = 1; number <= count; number++) {
                SimulatedServer server =
                        new SimulatedServer(world, number, List.of(SimulatedCoordinator.ADDRESS));
                servers.add(server);
                seeds.add(server.address());
            }
            world.network().set(faults());
            int clientCount = random.nextInt(1, CLIENTS_MAX + 1);
            for (int client = 0; client < clientCount; client++) {
                clients.add(new SimulatedClient(world, "client-" + client, seeds));
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
            while (clientsLeft > 0) {
                world.runtime().step();
                if (world.runtime().steps() > STEPS_MAX) {
                    throw new IllegalStateException(
                            clientsLeft + " clients have not ended after " + STEPS_MAX + " steps");
                }
            }
            long fingerprint = world.runtime().fingerprint();
            servers.stream().filter(SimulatedServer::isRunning).forEach(SimulatedServer::kill);
            world.metrics().snapshot().stream()
                    .filter(
                            each ->
                                    each.label().startsWith("transport.memory")
                                            || each.label().startsWith("rpc."))
                    .forEach(each -> world.coverage().put(each.label(), each.value()));
            List<String> violations = new ArrayList<>(Judgement.violations(history));
            violations.addAll(coordinator.violations());
            return new Report(operations, fingerprint, world.coverage(), violations);
        }

        private void serve(int client) {
            SimulatedClient me = clients.get(client);
            KvStore.Table table = null;
            while (table == null) {
                me.process().sleep(10 * MILLI);
                table = me.store().table(KvStore.DEFAULT_TABLE);
            }
            ContendedWorkload workload = new ContendedWorkload(client, KEYS, random.split());
            try (StoreSubject subject =
                    new StoreSubject(me.store().openSession(), table, () -> {})) {
                for (int count = 0; count < OPERATIONS_PER_CLIENT; count++) {
                    switch (random.nextInt(12)) {
                        case 0 -> writeTogether(client, subject, workload);
                        case 1 -> readMany(client, subject, workload);
                        case 2 -> exchange(client, subject, workload);
                        default -> askForOne(client, subject, workload);
                    }
                    if (random.nextInt(3) != 0) {
                        me.process().sleep(1 + random.nextLong(PAUSE_NANOS_MAX));
                    }
                }
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

        private void askForOne(int client, StoreSubject subject, ContendedWorkload workload) {
            String name = workload.nextKey();
            ask(client, subject, workload, name, workload.nextCall(name, nowMillis()));
        }

        private Reply ask(
                int client,
                StoreSubject subject,
                ContendedWorkload workload,
                String name,
                Call call) {
            History.Pending pending = history.called(client, name, call);
            operations++;
            Reply reply = subject.ask(name, call);
            world.count(call.kind() + " " + reply.outcome());
            note(workload, name, pending, reply);
            return reply;
        }

        private void note(
                ContendedWorkload workload, String name, History.Pending pending, Reply reply) {
            switch (reply.outcome()) {
                case NO_EFFECT -> pending.hadNoEffect();
                case LOST -> {}
                default -> {
                    pending.replied(reply);
                    workload.told(name, reply);
                }
            }
        }

        /** Reads and writes what was read, until nobody came between. */
        private void exchange(int client, StoreSubject subject, ContendedWorkload workload) {
            String name = workload.nextKey();
            Reply.Outcome outcome = Reply.Outcome.WRONG_VERSION;
            for (int turn = 0;
                    turn < EXCHANGES_MAX && outcome == Reply.Outcome.WRONG_VERSION;
                    turn++) {
                Reply seen = ask(client, subject, workload, name, Call.read());
                if (seen.outcome() != Reply.Outcome.OK) {
                    return;
                }
                clients.get(client).process().sleep(1 + random.nextLong(EXCHANGE_NANOS_MAX));
                Call write = workload.nextExchange(name, seen.version(), nowMillis());
                outcome = ask(client, subject, workload, name, write).outcome();
                world.count("exchange " + outcome);
            }
        }

        /** All of it or none; each part is judged as an operation on its key. */
        private void writeTogether(int client, StoreSubject subject, ContendedWorkload workload) {
            List<String> names = some(TOGETHER);
            List<Call> calls =
                    names.stream().map(name -> workload.nextChange(name, nowMillis())).toList();
            List<History.Pending> pending = new ArrayList<>();
            for (int index = 0; index < names.size(); index++) {
                pending.add(history.called(client, names.get(index), calls.get(index)));
            }
            together("BATCH", workload, names, pending, subject.writeAll(names, calls));
        }

        /** Each key for itself, in messages that go to several servers at once. */
        private void readMany(int client, StoreSubject subject, ContendedWorkload workload) {
            List<String> names = some(KEYS);
            List<History.Pending> pending =
                    names.stream().map(name -> history.called(client, name, Call.read())).toList();
            together("READ_ALL", workload, names, pending, subject.readAll(names));
        }

        private void together(
                String what,
                ContendedWorkload workload,
                List<String> names,
                List<History.Pending> pending,
                List<Reply> replies) {
            operations += names.size();
            for (int index = 0; index < names.size(); index++) {
                world.count(what + " " + replies.get(index).outcome());
                note(workload, names.get(index), pending.get(index), replies.get(index));
            }
        }

        /** Two or more of {@code names}, in their order. */
        private List<String> some(List<String> names) {
            List<String> some = new ArrayList<>(names);
            int count = random.nextInt(2, names.size() + 1);
            while (some.size() > count) {
                some.remove(random.nextInt(some.size()));
            }
            return some;
        }

        private long nowMillis() {
            return world.epochClock().millis();
        }

        /** Tells the history what is lost. */
        private void mapChanged(ClusterMap before, ClusterMap after) {
            for (String name : history.keys()) {
                key.wrap(name.getBytes(StandardCharsets.UTF_8));
                for (ClusterMap.Table table : after.tables()) {
                    ClusterMap.Tablet was = before.tablet(table.id(), key.hash());
                    ClusterMap.Tablet is = after.tablet(table.id(), key.hash());
                    if (was != null && is != null && !is.owner().equals(was.owner())) {
                        ClusterMap.Server owner = after.server(was.owner());
                        boolean released = owner != null && owner.up();
                        if (!released) {
                            history.lost(name);
                            world.count("key lost with its server");
                        } else {
                            world.count("key without an object given to another server");
                        }
                    }
                }
            }
        }

        /** What befalls the cluster, one after the other, some of it at the same time. */
        private void trouble() {
            int troubles = random.nextInt(TROUBLES_MAX + 1);
            for (int count = 0; count < troubles && clientsLeft > 0; count++) {
                world.runtime().sleep(1 + random.nextLong(QUIET_NANOS_MAX));
                switch (random.nextInt(8)) {
                    case 0, 1 -> killAServer();
                    case 2 -> killTheCoordinator();
                    case 3 -> cutAServerOff();
                    case 4 -> stopSomebody();
                    case 5 -> splitATablet();
                    case 6 -> assignATablet();
                    default -> killAClient();
                }
            }
        }

        private void pause() {
            world.runtime().sleep(1 + random.nextLong(TROUBLE_NANOS_MAX));
        }

        private SimulatedServer someServer() {
            return servers.get(random.nextInt(servers.size()));
        }

        private void killAServer() {
            SimulatedServer server = someServer();
            if (server.isRunning()) {
                world.count("server killed");
                server.kill();
                pause();
                server.start();
            }
        }

        private void killTheCoordinator() {
            world.count("coordinator killed");
            if (random.nextInt(3) != 0) {
                coordinator.disk().crashAfter(1 + random.nextInt(2 * DECISIONS_HURRIED));
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
        }

        private void cutAServerOff() {
            SimulatedServer server = someServer();
            world.count("server cut off");
            if (random.nextBoolean()) {
                world.network().isolate(server.address());
            } else {
                world.network()
                        .partition(
                                List.of(server.address()), List.of(SimulatedCoordinator.ADDRESS));
            }
            pause();
            world.network().heal();
        }

        private void stopSomebody() {
            world.count("process stopped");
            long nanos = 1 + random.nextLong(3_000 * MILLI);
            if (random.nextInt(3) == 0) {
                coordinator.process().pause(nanos);
            } else {
                someServer().process().pause(nanos);
            }
        }

        /** Whoever operates the cluster has a client of his own. */
        private void splitATablet() {
            operate(
                    store -> {
                        long slot = random.nextInt(1, Key.SLOTS);
                        store.splitTablet(KvStore.DEFAULT_TABLE, slot << Key.SLOT_SHIFT);
                        world.count("tablet split");
                    });
        }

        private void assignATablet() {
            operate(
                    store -> {
                        List<ClusterMap.Server> all = store.refreshMap().servers();
                        for (int turn = 0; turn < ASSIGNMENTS && !all.isEmpty(); turn++) {
                            ClusterMap.Server server = all.get(random.nextInt(all.size()));
                            assign(store, server);
                        }
                    });
        }

        /** Gives away a tablet that clients use, if there is nothing in it. */
        private void assign(ClusterStore store, ClusterMap.Server server) {
            String name = KEYS.get(random.nextInt(KEYS.size()));
            long hash = new Key().wrap(name.getBytes(StandardCharsets.UTF_8)).hash();
            try {
                store.assignTablet(KvStore.DEFAULT_TABLE, hash, server.id());
                world.count("tablet assigned");
            } catch (StoreRefused e) {
                world.count("assignment refused");
            }
        }

        private interface Wish {
            void make(ClusterStore store) throws StoreRefused;
        }

        private void operate(Wish wish) {
            SimulatedClient operator =
                    new SimulatedClient(world, "operator", List.of(SimulatedCoordinator.ADDRESS));
            long thread =
                    operator.process()
                            .create(
                                    ThreadRuntime.NORMAL,
                                    () -> {
                                        try {
                                            wish.make(operator.store());
                                        } catch (StoreRefused e) {
                                            world.count("operator refused");
                                        }
                                    });
            world.runtime().join(thread);
            operator.kill();
        }

        private void killAClient() {
            int client = random.nextInt(clients.size());
            if (!gone.get(client) && clientsLeft > 1) {
                world.count("client killed");
                clients.get(client).kill();
                ended(client);
            }
        }
    }
}
