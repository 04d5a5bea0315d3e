package io.silkstone.simulation.cluster;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.RecoveryParts;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.simulation.Chance;
import io.silkstone.simulation.Judgement;
import io.silkstone.simulation.Report;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.ScenarioKind;
import io.silkstone.simulation.Script;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.simulation.settings.Share;
import io.silkstone.transport.memory.Faults;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private static final long ENDS_SHIFT = 37;

    /** What files can tell it. */
    public static final ScenarioKind KIND = kind(Parts.GENUINE);

    private final Parts parts;
    private final Settings settings;

    /** Without having been told anything. */
    public ClusterScenario() {
        this(Parts.GENUINE, Settings.STANDARD);
    }

    /** Of processes made of {@code parts}. */
    ClusterScenario(Parts parts, Settings settings) {
        this.parts = parts;
        this.settings = settings;
    }

    /** Such scenarios of {@code parts}, whatever they are told. */
    static ScenarioKind kind(Parts parts) {
        return new ScenarioKind(
                "cluster",
                ClusterSettings.all(),
                ClusterSettings::check,
                settings -> new ClusterScenario(parts, settings));
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
        try (World world = new World(new SplittableRandom(seed), parts, script, settings)) {
            // By other numbers: those of the run stay what they are, and seeds that once failed are
            // without.
            SplittableRandom other = new SplittableRandom(seed + ENDS_SHIFT);
            if (settings.get(ClusterSettings.ENDS_SHOWN).happens(other)) {
                world.showEnds();
            }
            return new Run(world).play();
        }
    }

    private static final class Run {
        private final World world;
        private final Settings settings;
        private final SplittableRandom random;
        private final History history;
        private final Tables tables;
        private final Cast cast;
        private final Troubles troubles;
        private final List<ClientLife> lives = new ArrayList<>();
        private final int replicas;

        private Run(World world) {
            this.world = world;
            settings = world.settings();
            random = world.random().split();
            Chance chance = new Chance(random.split());
            history = world.history();
            tables = new Tables(settings);
            Range replicated = settings.get(ClusterSettings.TABLE_REPLICAS);
            // Whoever does not ask for any is to have the random numbers that there were without.
            replicas = replicated.high() == 0 ? 0 : replicated.drawInt(random);
            int count = settings.get(ClusterSettings.SERVERS).drawInt(random);
            cast =
                    new Cast(
                            world,
                            new SimulatedCoordinator(
                                    world, options(count), journal(), this::mapChanged),
                            tables);
            List<String> seeds = new ArrayList<>(List.of(SimulatedCoordinator.ADDRESS));
            for (int number = 1; number <= count; number++) {
                SimulatedServer server =
                        new SimulatedServer(
                                world, number, List.of(SimulatedCoordinator.ADDRESS), replicas > 0);
                cast.servers.add(server);
                seeds.add(server.address());
            }
            Faults faults = faults();
            world.network().set(world.script().has("messages suffer") ? faults : delayed());
            int clientCount = settings.get(ClusterSettings.CLIENTS).drawInt(random);
            for (int client = 0; client < clientCount; client++) {
                SimulatedClient process = new SimulatedClient(world, "client-" + client, seeds);
                Chance own = new Chance(random.split());
                cast.clients.add(process);
                lives.add(new ClientLife(world, client, process, own, tables));
            }
            troubles = new Troubles(cast, chance, random.split());
        }

        /** Leases that end while something else goes on, for servers and clients alike. */
        private CoordinatorOptions options(int servers) {
            // Whoever does not ask for parts is to have the random numbers that there were without.
            Range parts = settings.get(ClusterSettings.RECOVERY_PARTS);
            int partsMax = parts.high() == 1 ? 1 : parts.drawInt(random);
            return new CoordinatorOptions(
                    settings.get(ClusterSettings.SERVER_LEASE).draw(random),
                    settings.get(ClusterSettings.SERVER_MARGIN).draw(random),
                    settings.get(ClusterSettings.SERVER_RETURN),
                    settings.get(ClusterSettings.CLIENT_LEASE).draw(random),
                    servers,
                    settings.get(ClusterSettings.TABLETS_MANY).happens(random)
                            ? settings.get(ClusterSettings.TABLETS_FIRST)
                            : 0,
                    replicas,
                    new RecoveryParts(settings.get(ClusterSettings.RECOVERY_PART_SIZE), partsMax));
        }

        /** Snapshots so often that some are written, read and torn. */
        private JournalOptions journal() {
            JournalOptions usual = JournalOptions.DEFAULT;
            return new JournalOptions(
                    settings.get(ClusterSettings.SNAPSHOT_COMMANDS).drawInt(random),
                    usual.proposalsMax(),
                    usual.commandBytesMax(),
                    usual.repairNanos());
        }

        private Faults delayed() {
            return Faults.NONE.withDelay(
                    settings.get(ClusterSettings.MESSAGES_DELAY),
                    settings.get(ClusterSettings.MESSAGES_DELAY_TAIL));
        }

        private Faults faults() {
            if (settings.get(ClusterSettings.MESSAGES_CALM).happens(random)) {
                return delayed();
            }
            Faults faults =
                    delayed()
                            .withLoss(settings.get(ClusterSettings.MESSAGES_LOST).draw(random))
                            .withDuplication(
                                    settings.get(ClusterSettings.MESSAGES_DOUBLED).draw(random))
                            .withReordering(
                                    settings.get(ClusterSettings.MESSAGES_LATE).draw(random),
                                    settings.get(ClusterSettings.MESSAGES_LATE_TIME))
                            .withBreakage(
                                    settings.get(ClusterSettings.MESSAGES_BREAKING).draw(random));
            // Whoever does not ask for it is to have the random numbers that there were without.
            Share refused = settings.get(ClusterSettings.MESSAGES_REFUSED);
            return refused.isNever() ? faults : faults.withRefusal(refused.draw(random));
        }

        private Report play() {
            cast.coordinator.start();
            cast.servers.forEach(SimulatedServer::start);
            for (int client = 0; client < lives.size(); client++) {
                int number = client;
                cast.clients
                        .get(client)
                        .process()
                        .create(ThreadRuntime.NORMAL, () -> serve(number));
            }
            troubles.begin();
            int stepsMax = settings.get(ClusterSettings.STEPS_MAX);
            while (cast.clientsLeft() > 0) {
                world.runtime().step();
                if (world.runtime().steps() > stepsMax) {
                    boolean hasBegun =
                            cast.coordinator.map().tables().stream()
                                    .anyMatch(each -> each.name().equals(KvStore.DEFAULT_TABLE));
                    throw new IllegalStateException(
                            "%d clients have not ended after %d steps%s"
                                    .formatted(
                                            cast.clientsLeft(),
                                            stepsMax,
                                            hasBegun ? "" : ", for there is no default table"));
                }
            }
            long fingerprint = world.runtime().fingerprint();
            cast.servers.stream().filter(SimulatedServer::isRunning).forEach(SimulatedServer::kill);
            Steps.expect(world);
            world.metrics().snapshot().stream()
                    .filter(each -> Steps.isOne(each.label()))
                    .forEach(each -> world.coverage().put(each.label(), each.value()));
            Judgement judgement = Judgement.of(history);
            List<String> violations = new ArrayList<>(judgement.violations());
            violations.addAll(cast.coordinator.violations());
            violations.addAll(world.violations());
            long operations = lives.stream().mapToLong(ClientLife::operations).sum();
            return new Report(
                    operations, fingerprint, world.coverage(), violations, judgement.keys());
        }

        private void serve(int client) {
            try {
                lives.get(client).run();
            } finally {
                cast.ended(client);
            }
        }

        /** Tells the history what is lost, and since when a table is gone. */
        private void mapChanged(ClusterMap before, ClusterMap after) {
            for (ClusterMap.Table table : before.tables()) {
                if (!after.tables().contains(table)) {
                    tables.dropped(table.id(), world.runtime().clock().nanoTime());
                }
            }
            countParts(before, after);
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

        /** Those that are to be recovered now, and that were one tablet before. */
        private void countParts(ClusterMap before, ClusterMap after) {
            Map<ClusterMap.Tablet, Set<ServerId>> heirs = new HashMap<>();
            for (ClusterMap.Tablet is : after.tablets()) {
                ClusterMap.Tablet was = before.tablet(is.table(), is.firstHash());
                boolean isPart =
                        was != null
                                && was.state() == ClusterMap.TabletState.NORMAL
                                && is.state() == ClusterMap.TabletState.RECOVERING
                                && (was.firstHash() != is.firstHash()
                                        || was.lastHash() != is.lastHash());
                if (isPart) {
                    heirs.computeIfAbsent(was, tablet -> new HashSet<>()).add(is.owner());
                }
            }
            for (Set<ServerId> servers : heirs.values()) {
                world.count(
                        servers.size() > 1
                                ? "tablet cut for several servers that recover it"
                                : "tablet cut for one server that recovers it");
            }
        }

        private void tabletChanged(
                String name, ClusterMap.Tablet was, ClusterMap.Tablet is, ClusterMap after) {
            if (is.state() == ClusterMap.TabletState.RECOVERING) {
                boolean isTold = was.state() != is.state() || was.epoch() != is.epoch();
                world.count(
                        isTold
                                ? "key to be recovered, was " + was.state()
                                : "key still to be recovered");
                return;
            }
            if (was.state() == ClusterMap.TabletState.RECOVERING) {
                world.count("key recovered");
                return;
            }
            boolean wasLost = was.state() == ClusterMap.TabletState.LOST;
            boolean isLost = is.state() == ClusterMap.TabletState.LOST;
            boolean goesOn = is.owner().equals(was.owner()) && !isLost;
            if (goesOn && hasLostItsSource(was, is, after)) {
                history.mayBeLost(name);
                world.count("key lost with the source of its migration, or not");
            }
            if (goesOn && wasRecalled(was, is)) {
                world.count("key whose tablet was frozen, and recalled");
            }
            if (wasLost || goesOn) {
                return;
            }
            if (was.state() == ClusterMap.TabletState.MIGRATING) {
                world.count("key lost with the target of its migration");
            }
            ClusterMap.Server owner = after.server(was.owner());
            boolean released = !isLost && owner != null && owner.up();
            if (is.state() == ClusterMap.TabletState.MIGRATING) {
                world.count("key migrated");
            } else if (released) {
                world.count("key without an object given to another server");
            } else {
                history.lost(name);
                world.count("key lost with its server");
            }
        }

        /** The same server has it in a new epoch, and nothing else: so nobody else can take it. */
        private static boolean wasRecalled(ClusterMap.Tablet was, ClusterMap.Tablet is) {
            return was.state() == ClusterMap.TabletState.NORMAL
                    && is.state() == ClusterMap.TabletState.NORMAL
                    && is.epoch() > was.epoch();
        }

        /** What had not come from the source of a migration by the time when that goes down. */
        private static boolean hasLostItsSource(
                ClusterMap.Tablet was, ClusterMap.Tablet is, ClusterMap after) {
            ClusterMap.Server source = after.server(was.peer());
            return was.state() == ClusterMap.TabletState.MIGRATING
                    && is.state() == ClusterMap.TabletState.NORMAL
                    && (source == null || !source.up());
        }
    }
}
