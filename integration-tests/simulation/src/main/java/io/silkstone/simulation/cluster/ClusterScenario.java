package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.simulation.ContendedWorkload;
import io.silkstone.simulation.Judgement;
import io.silkstone.simulation.Report;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.StoreSubject;
import io.silkstone.simulation.Workload;
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
    private static final int OPERATIONS_PER_CLIENT = 40;
    private static final int TROUBLES_MAX = 6;
    private static final long TROUBLE_NANOS_MAX = 1_500 * MILLI;
    private static final long PAUSE_NANOS_MAX = 60 * MILLI;
    private static final long STEPS_MAX = 2_000_000;

    /** A new scenario. */
    public ClusterScenario() {}

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
        try (World world = new World(new SplittableRandom(seed))) {
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
                            CoordinatorOptions.DEFAULT
                                    .withServersFirst(count)
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
            return new Report(
                    operations, fingerprint, world.coverage(), Judgement.violations(history));
        }

        private void serve(int client) {
            SimulatedClient me = clients.get(client);
            KvStore.Table table = null;
            while (table == null) {
                me.process().sleep(10 * MILLI);
                table = me.store().table(KvStore.DEFAULT_TABLE);
            }
            Workload workload = new ContendedWorkload(client, random.split());
            try (StoreSubject subject =
                    new StoreSubject(me.store().openSession(), table, () -> {})) {
                for (int count = 0; count < OPERATIONS_PER_CLIENT; count++) {
                    ask(client, subject, workload);
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

        private void ask(int client, StoreSubject subject, Workload workload) {
            String name = workload.nextKey();
            Call call = workload.nextCall(name, world.epochClock().millis());
            History.Pending pending = history.called(client, name, call);
            operations++;
            Reply reply = subject.ask(name, call);
            world.count(call.kind() + " " + reply.outcome());
            switch (reply.outcome()) {
                case NO_EFFECT -> pending.hadNoEffect();
                case LOST -> {}
                default -> {
                    pending.replied(reply);
                    workload.told(name, reply);
                }
            }
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
                pause();
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
            if (random.nextBoolean()) {
                coordinator.disk().crashAfter(1 + random.nextInt(20));
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
                        ClusterMap map = store.refreshMap();
                        if (map.servers().isEmpty()) {
                            return;
                        }
                        long hash = (long) random.nextInt(Key.SLOTS) << Key.SLOT_SHIFT;
                        ClusterMap.Server server =
                                map.servers().get(random.nextInt(map.servers().size()));
                        store.assignTablet(KvStore.DEFAULT_TABLE, hash, server.id());
                        world.count("tablet assigned");
                    });
        }

        private interface Wish {
            void make(io.silkstone.client.ClusterStore store) throws StoreRefused;
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
