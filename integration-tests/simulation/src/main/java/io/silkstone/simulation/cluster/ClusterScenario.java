package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.client.ClusterStore;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.simulation.Chance;
import io.silkstone.simulation.ContendedWorkload;
import io.silkstone.simulation.Judgement;
import io.silkstone.simulation.Report;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.Script;
import io.silkstone.simulation.StoreSubject;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.Reply;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.transport.memory.Faults;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
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
        private final List<Chance> chances = new ArrayList<>();
        private final Key key = new Key();
        private final BitSet gone = new BitSet();
        private int clientsLeft;
        private long operations;

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
                clients.add(new SimulatedClient(world, "client-" + client, seeds));
                chances.add(new Chance(random.split()));
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
            Steps.expect(world);
            world.metrics().snapshot().stream()
                    .filter(each -> Steps.isOne(each.label()))
                    .forEach(each -> world.coverage().put(each.label(), each.value()));
            Judgement judgement = Judgement.of(history);
            List<String> violations = new ArrayList<>(judgement.violations());
            violations.addAll(coordinator.violations());
            return new Report(
                    operations, fingerprint, world.coverage(), violations, judgement.keys());
        }

        private void serve(int client) {
            SimulatedClient me = clients.get(client);
            KvStore.Table table = null;
            while (table == null) {
                me.process().sleep(10 * MILLI);
                table = me.store().table(KvStore.DEFAULT_TABLE);
            }
            Chance chance = chances.get(client);
            ContendedWorkload workload = new ContendedWorkload(client, KEYS, chance);
            try (StoreSubject subject =
                    new StoreSubject(me.store().openSession(), table, () -> {})) {
                for (int count = 0; count < OPERATIONS_PER_CLIENT; count++) {
                    chance.next();
                    if (world.script().has("client %d, operation %02d".formatted(client, count))) {
                        askSomething(client, subject, workload);
                    }
                    if (chance.nextInt(3) != 0) {
                        me.process().sleep(1 + chance.nextLong(PAUSE_NANOS_MAX));
                    }
                }
            } finally {
                ended(client);
            }
        }

        private void askSomething(int client, StoreSubject subject, ContendedWorkload workload) {
            Chance chance = chances.get(client);
            switch (chance.nextInt(24)) {
                case 0, 1 -> writeTogether(client, subject, workload);
                case 2, 3 -> readMany(client, subject, workload);
                case 4, 5 -> exchange(client, subject, workload);
                case 6 -> scan(client);
                default -> askForOne(client, subject, workload);
            }
        }

        /**
         * Looks at everything. What is shown was there at some time since the beginning, and when
         * all was looked at, what was not shown was at some time not there.
         */
        private void scan(int client) {
            History.Moment since = history.now();
            operations++;
            Set<String> hidden = history.keys();
            Status status =
                    clients.get(client)
                            .scan(
                                    KvStore.DEFAULT_TABLE,
                                    object -> {
                                        String name =
                                                new String(object.key(), StandardCharsets.UTF_8);
                                        String value = StoreSubject.seen(object.value());
                                        Reply reply = Reply.saw(value, object.version());
                                        history.told(client, name, since, reply);
                                        hidden.remove(name);
                                        world.count("SCAN shown");
                                    });
            world.count("SCAN " + status);
            if (status == Status.OK) {
                hidden.forEach(name -> history.told(client, name, since, Reply.notFound()));
                hidden.forEach(name -> world.count("SCAN not shown"));
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
                long nanos = 1 + chances.get(client).nextLong(EXCHANGE_NANOS_MAX);
                clients.get(client).process().sleep(nanos);
                Call write = workload.nextExchange(name, seen.version(), nowMillis());
                outcome = ask(client, subject, workload, name, write).outcome();
                world.count("exchange " + outcome);
            }
        }

        /** All of it or none; each part is judged as an operation on its key. */
        private void writeTogether(int client, StoreSubject subject, ContendedWorkload workload) {
            List<String> names = some(TOGETHER, client);
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
            List<String> names = some(KEYS, client);
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
        private List<String> some(List<String> names, int client) {
            Chance chance = chances.get(client);
            List<String> some = new ArrayList<>(names);
            int count = chance.nextInt(2, names.size() + 1);
            while (some.size() > count) {
                some.remove(chance.nextInt(some.size()));
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
            int most = troubles.nextInt(TROUBLES_MAX + 1);
            for (int count = 0; count < most && clientsLeft > 0; count++) {
                troubles.next();
                world.runtime().sleep(1 + troubles.nextLong(QUIET_NANOS_MAX));
                if (world.script().has("trouble " + count)) {
                    trouble(troubles.nextInt(8));
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
                case 6 -> assignATablet();
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
            if (troubles.nextInt(3) == 0) {
                stop("coordinator", coordinator.process(), nanos);
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
                        store.splitTablet(KvStore.DEFAULT_TABLE, slot << Key.SLOT_SHIFT);
                        world.befell("operator", "tablet split");
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
            String name = KEYS.get(troubles.nextInt(KEYS.size()));
            long hash = new Key().wrap(name.getBytes(StandardCharsets.UTF_8)).hash();
            try {
                store.assignTablet(KvStore.DEFAULT_TABLE, hash, server.id());
                world.befell("operator", "tablet assigned");
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
            int client = troubles.nextInt(clients.size());
            if (!gone.get(client) && clientsLeft > 1) {
                world.befell("client " + client, "client killed");
                clients.get(client).kill();
                ended(client);
            }
        }
    }
}
