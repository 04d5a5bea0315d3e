package io.silkstone.simulation.cluster;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import io.silkstone.simulation.Chance;
import io.silkstone.simulation.cluster.Cuts.Cut;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.simulation.settings.Timed;
import io.silkstone.store.backup.Backups.Item;
import io.silkstone.threads.simulation.SimulatedProcess;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * What befalls a cluster: by chance, one thing after the other, and at the times that a file says.
 *
 * <p>What befalls it by chance always passes: who was killed is started again before the next
 * comes. What happens at a time lasts as long as it says, or until another event ends it, and
 * others happen meanwhile.
 */
final class Troubles {
    private static final long MILLI = 1_000_000;

    /** While the coordinator's disk fails, so that it has something to write. */
    private static final int DECISIONS_HURRIED = 3;

    /** How long a message is waited for by chance, and in time. */
    private static final long AMBUSH_NANOS = 500 * MILLI;

    private static final long AMBUSH_IN_TIME_NANOS = 3_000 * MILLI;

    /** So much later than a message somebody is struck at most. */
    private static final long LATE_NANOS = 2 * MILLI;

    /** How often a migration is asked for, lest there be none when one is waited for. */
    private static final int MIGRATIONS_ASKED = 3;

    private final Cast cast;
    private final World world;
    private final Settings settings;
    private final Chance chance;
    private final Operator operator;
    private final Cuts cuts;
    private final List<Due> due = new ArrayList<>();

    /**
     * A place.
     *
     * @param place what it is called in the network
     * @param isThere whether it can be called that
     * @param process who runs there
     */
    private record Spot(
            String sort, String name, String place, boolean isThere, SimulatedProcess process) {}

    /** An event with its time, and with numbers of its own: others take none from it. */
    private record Due(long nanos, String part, Event event, SplittableRandom random) {}

    /**
     * Not begun yet.
     *
     * @param chance for what happens by chance
     * @param random for what happens at its time
     */
    Troubles(Cast cast, Chance chance, SplittableRandom random) {
        this.cast = cast;
        this.chance = chance;
        world = cast.world;
        settings = world.settings();
        operator = new Operator(cast);
        cuts = new Cuts(world.network());
        for (Timed<Event> timed : settings.get(ClusterSettings.EVENTS)) {
            SplittableRandom own = random.split();
            String part = "event %03d".formatted(due.size());
            due.add(new Due(timed.nanos().draw(own), part, timed.what(), own));
        }
        due.sort(Comparator.comparingLong(Due::nanos));
    }

    /** Begins all of it, in threads of its own, and makes the table that comes and goes. */
    void begin() {
        world.runtime().create(ThreadRuntime.NORMAL, this::happenByChance);
        world.runtime().create(ThreadRuntime.NORMAL, operator::makeTheTableAtLast);
        if (!due.isEmpty()) {
            // So many cores that there is a thread for each event, and for each that ends one.
            SimulatedProcess fate = world.runtime().process("fate", due.size());
            due.forEach(each -> world.expect(happened(each.event)));
            fate.create(ThreadRuntime.NORMAL, () -> happenInTime(fate));
        }
    }

    private void happenByChance() {
        int most = settings.get(ClusterSettings.TROUBLES).drawInt(chance);
        for (int count = 0; count < most && cast.clientsLeft() > 0; count++) {
            chance.next();
            world.runtime().sleep(settings.get(ClusterSettings.TROUBLE_QUIET).draw(chance));
            if (world.script().has("trouble " + count)) {
                Event event = settings.get(ClusterSettings.TROUBLE_KINDS).draw(chance);
                new Turn(event, chance, null).play();
            }
        }
    }

    private void happenInTime(SimulatedProcess fate) {
        for (Due each : due) {
            while (each.nanos > world.runtime().clock().nanoTime()) {
                fate.sleep(each.nanos - world.runtime().clock().nanoTime());
            }
            if (cast.clientsLeft() > 0 && world.script().has(each.part)) {
                Turn turn = new Turn(each.event, each.random, fate);
                if (each.event.kind().isQuick()) {
                    turn.happen();
                } else {
                    fate.create(ThreadRuntime.NORMAL, turn::happen);
                }
            }
        }
    }

    private static String happened(Event event) {
        return "event: " + event.text();
    }

    /** One event. */
    private final class Turn {
        private final Event event;
        private final RandomGenerator random;

        /** Ends it while others happen; null when the next waits for its end. */
        private final SimulatedProcess fate;

        private Turn(Event event, RandomGenerator random, SimulatedProcess fate) {
            this.event = event;
            this.random = random;
            this.fate = fate;
        }

        /** Plays it, and counts that it was there. */
        private void happen() {
            world.history().note("event: " + event.text());
            if (play()) {
                world.count(happened(event));
            } else {
                world.befell("event", "in vain: " + event.text());
            }
        }

        /** Whether it changed anything. */
        private boolean play() {
            return switch (event.kind()) {
                case KILL_SERVER -> killAServer(server(event.whom()));
                case RETIRE_SERVER -> haveAServerLeave(server(event.whom()));
                case RESTART_SERVER -> start(server(event.whom()));
                case KILL_COORDINATOR -> killTheCoordinator();
                case RESTART_COORDINATOR -> restartTheCoordinator();
                case KILL_CLIENT -> killAClient(client(event.whom()));
                case PAUSE -> stopSomebody();
                case CUT -> cutOff();
                case MEND -> cuts.endAll();
                case KILL_AT, CUT_AT, PAUSE_AT -> strike();
                case DAMAGE -> damage(server(event.whom()));
                case SPLIT -> operator.split(event.table(), event.slot(), random);
                case ASSIGN -> operator.assign(event.table(), address(), random);
                case MIGRATE -> operator.migrate(event.table(), address(), random);
                case RENEW_TABLE -> operator.renewTheTable(random);
                case DROP_TABLE -> operator.dropTheTable();
                case MAKE_TABLE -> operator.makeTheTable(event.count(), random);
            };
        }

        private SimulatedServer server(Whom whom) {
            int index = whom.isNumbered() ? whom.number() - 1 : random.nextInt(cast.servers.size());
            return cast.servers.get(index);
        }

        private int client(Whom whom) {
            return whom.isNumbered() ? whom.number() : random.nextInt(cast.clients.size());
        }

        /** Of the server that is to have a tablet; if it is said. */
        private Optional<String> address() {
            boolean isSaid = event.whom().isNumbered();
            return isSaid ? Optional.of(server(event.whom()).address()) : Optional.empty();
        }

        /** Waits until this is over, and ends it; or has that done by another thread. */
        private void afterwards(Runnable end) {
            Optional<Range> time = event.time();
            if (fate == null) {
                wait(time.orElse(settings.get(ClusterSettings.TROUBLE_TIME)));
                end.run();
            } else if (time.isPresent()) {
                long nanos = time.get().draw(random);
                fate.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            fate.sleep(nanos);
                            end.run();
                        });
            }
        }

        private void wait(Range nanos) {
            world.runtime().sleep(nanos.draw(random));
        }

        private boolean killAServer(SimulatedServer server) {
            if (!server.isRunning()) {
                return false;
            }
            world.befell(server.name(), "server killed");
            server.kill();
            startAgain(server);
            return true;
        }

        private boolean haveAServerLeave(SimulatedServer server) {
            if (!server.isRunning() || server.isLeaving()) {
                return false;
            }
            world.befell(server.name(), "server leaves");
            server.leave();
            startAgain(server);
            return true;
        }

        /** Unless it was started meanwhile. */
        private void startAgain(SimulatedServer server) {
            int starts = server.starts();
            afterwards(
                    () -> {
                        if (server.starts() == starts) {
                            start(server);
                        }
                    });
        }

        private boolean start(SimulatedServer server) {
            if (server.isRunning()) {
                return false;
            }
            server.start();
            world.history().note(server.name() + ": started again, empty");
            return true;
        }

        private boolean killTheCoordinator() {
            SimulatedCoordinator coordinator = cast.coordinator;
            if (!coordinator.isRunning()) {
                return false;
            }
            world.befell("coordinator", "coordinator killed");
            boolean isIdle =
                    event.idle()
                            .orElseGet(
                                    () ->
                                            settings.get(ClusterSettings.COORDINATOR_IDLE)
                                                    .happens(random));
            if (!isIdle) {
                Range writes = settings.get(ClusterSettings.COORDINATOR_WRITES);
                coordinator.disk().crashAfter(writes.drawInt(random));
                for (int count = 0; count < DECISIONS_HURRIED; count++) {
                    world.runtime().create(ThreadRuntime.NORMAL, this::splitSomething);
                }
                wait(settings.get(ClusterSettings.TROUBLE_TIME));
            }
            if (coordinator.isRunning()) {
                coordinator.kill();
            }
            int starts = coordinator.starts();
            afterwards(
                    () -> {
                        if (coordinator.starts() == starts) {
                            restartTheCoordinator();
                        }
                    });
            return true;
        }

        private void splitSomething() {
            operator.split(Optional.empty(), Optional.empty(), random);
        }

        private boolean restartTheCoordinator() {
            if (cast.coordinator.isRunning()) {
                return false;
            }
            cast.coordinator.restart();
            world.history().note("coordinator: started again");
            return true;
        }

        private boolean cutOff() {
            Spot spot = spot(event.whom());
            if (!spot.isThere) {
                return false;
            }
            boolean isClient = event.whom().sort() == Whom.Sort.CLIENT;
            world.befell(spot.name, spot.sort + " cut off");
            Whom from = event.from().orElseGet(this::fromWhom);
            // A client's place has no address; it has to do with these only.
            Cut cut =
                    from.sort() == Whom.Sort.EVERYBODY && !isClient
                            ? cuts.isolate(spot.place)
                            : cuts.between(spot.place, places(from));
            afterwards(
                    () -> {
                        if (cuts.end(cut)) {
                            world.history().note(spot.name + ": reached again");
                        }
                    });
            return true;
        }

        /** From whom somebody is cut off where it is not said. */
        private Whom fromWhom() {
            boolean isServer = event.whom().sort() == Whom.Sort.SERVER;
            return isServer && !random.nextBoolean() ? Whom.COORDINATOR : Whom.EVERYBODY;
        }

        private List<String> places(Whom whom) {
            List<String> places = new ArrayList<>();
            switch (whom.sort()) {
                case EVERYBODY -> {
                    places.add(SimulatedCoordinator.ADDRESS);
                    cast.servers.forEach(server -> places.add(server.address()));
                }
                case SERVERS -> cast.servers.forEach(server -> places.add(server.address()));
                case CLIENTS ->
                        cast.clients.stream()
                                .filter(SimulatedClient::isThere)
                                .forEach(client -> places.add(client.place()));
                case SERVER, CLIENT, COORDINATOR, SOMEBODY -> {
                    Spot spot = spot(whom);
                    if (spot.isThere) {
                        places.add(spot.place);
                    }
                }
            }
            return places;
        }

        private boolean stopSomebody() {
            Range time = event.time().orElse(settings.get(ClusterSettings.PAUSE_TIME));
            long nanos = time.draw(random);
            Spot spot = spot(event.whom());
            world.count("process stopped");
            world.history().note(spot.name + ": stands still for " + nanos / MILLI + " ms");
            spot.process.pause(nanos);
            return !spot.process.isKilled();
        }

        /** Lies in ambush for a message, has it sent, and strikes those between whom it goes. */
        private boolean strike() {
            boolean isReplicated = cast.servers.getFirst().disks() != null;
            List<String> steps = Protocol.meant(event.step(), isReplicated);
            if (steps.isEmpty()) {
                // Of recovery, where nothing is recovered.
                return false;
            }
            String step = steps.get(random.nextInt(steps.size()));
            boolean isBefore = random.nextBoolean();
            boolean isAtOnce = isBefore || random.nextBoolean();
            boolean prefersSender = random.nextBoolean();
            List<Whom> struck = new ArrayList<>();
            List<Cut> made = new ArrayList<>();
            long self = world.runtime().self();
            Ambush[] ambush = new Ambush[1];
            ambush[0] =
                    new Ambush(
                            step,
                            isBefore,
                            (from, to) -> {
                                struck.addAll(parties(from, to, prefersSender));
                                if (struck.isEmpty()) {
                                    return false;
                                }
                                world.ambushes().remove(ambush[0]);
                                world.runtime().signal(self);
                                if (isAtOnce) {
                                    // The receiver is the last, for it does not come back.
                                    List.copyOf(struck).forEach(each -> hold(each, made));
                                }
                                return true;
                            });
            // What nobody waits for comes so soon that nobody would have to ask for it.
            Ambush inTheWay = new Ambush("Pull", true, (from, to) -> true);
            if (Protocol.requestOf(step).equals("PriorityPull")) {
                world.ambushes().add(inTheWay);
            }
            world.ambushes().add(ambush[0]);
            provoke(step);
            long left = fate == null ? AMBUSH_NANOS : AMBUSH_IN_TIME_NANOS;
            long end = world.runtime().clock().nanoTime() + left;
            while (struck.isEmpty() && left > 0 && cast.clientsLeft() > 0) {
                world.runtime().sleep(left);
                left = end - world.runtime().clock().nanoTime();
            }
            world.ambushes().remove(ambush[0]);
            world.ambushes().remove(inTheWay);
            if (struck.isEmpty()) {
                world.count("nobody came into an ambush");
                return false;
            }
            if (!isAtOnce) {
                world.runtime().sleep(random.nextLong(LATE_NANOS));
                struck.forEach(each -> hold(each, made));
            }
            strike(struck, made, Steps.struck(event.kind(), isBefore, step));
            return true;
        }

        /** Those to be struck of the two between whom a message goes, unless they are clients. */
        private List<Whom> parties(String from, String to, boolean prefersSender) {
            List<Whom> parties = new ArrayList<>();
            if (event.party() != Slot.Party.RECEIVER) {
                cast.at(from).ifPresent(parties::add);
            }
            if (event.party() != Slot.Party.SENDER) {
                cast.at(to).ifPresent(parties::add);
            }
            if (event.party() == Slot.Party.EITHER && parties.size() == 2) {
                parties.remove(prefersSender ? 1 : 0);
            }
            return parties;
        }

        /** From now on it does nothing more, or reaches nobody. */
        private void hold(Whom whom, List<Cut> made) {
            Spot spot = spot(whom);
            switch (event.kind()) {
                case KILL_AT -> spot.process.pause(AMBUSH_NANOS);
                case CUT_AT -> made.add(cuts.isolate(spot.place));
                default -> {
                    Range time = event.time().orElse(settings.get(ClusterSettings.PAUSE_TIME));
                    spot.process.pause(time.draw(random));
                }
            }
        }

        private void strike(List<Whom> struck, List<Cut> made, String what) {
            world.count(what);
            for (Whom each : struck) {
                Spot spot = spot(each);
                world.history().note(spot.name + ": " + what);
                if (event.kind() == EventKind.CUT_AT) {
                    world.befell(spot.name, spot.sort + " cut off");
                }
            }
            if (event.kind() == EventKind.KILL_AT) {
                List<Runnable> restarts = struck.stream().map(this::killAtOnce).toList();
                afterwards(() -> restarts.forEach(Runnable::run));
            } else if (event.kind() == EventKind.CUT_AT) {
                afterwards(() -> made.forEach(cuts::end));
            }
        }

        /** Returns what starts it again, unless somebody else has. */
        private Runnable killAtOnce(Whom whom) {
            if (whom.sort() == Whom.Sort.COORDINATOR) {
                SimulatedCoordinator coordinator = cast.coordinator;
                int starts = coordinator.starts();
                if (coordinator.isRunning()) {
                    world.befell("coordinator", "coordinator killed");
                    coordinator.kill();
                }
                return () -> {
                    if (coordinator.starts() == starts) {
                        restartTheCoordinator();
                    }
                };
            }
            SimulatedServer server = server(whom);
            int starts = server.starts();
            if (server.isRunning()) {
                world.befell(server.name(), "server killed");
                server.kill();
            }
            return () -> {
                if (server.starts() == starts) {
                    start(server);
                }
            };
        }

        /** Has happen what {@code step} belongs to, in threads of its own. */
        private void provoke(String step) {
            String request = Protocol.requestOf(step);
            SplittableRandom own = new SplittableRandom(random.nextLong());
            if (Protocol.isOfMigration(request)) {
                world.runtime().create(ThreadRuntime.NORMAL, () -> migrateSomething(own));
            } else if (!request.equals("WriteReplica")) {
                long nanos = settings.get(ClusterSettings.TROUBLE_TIME).draw(own);
                Runnable restart = killAtOnce(numbered(own.nextInt(cast.servers.size())));
                world.runtime()
                        .create(
                                ThreadRuntime.NORMAL,
                                () -> {
                                    world.runtime().sleep(nanos);
                                    restart.run();
                                });
            }
        }

        private static Whom numbered(int index) {
            return new Whom(Whom.Sort.SERVER, index + 1);
        }

        private void migrateSomething(RandomGenerator own) {
            boolean migrates = false;
            for (int turn = 0; turn < MIGRATIONS_ASKED && !migrates; turn++) {
                migrates = operator.migrate(Optional.empty(), Optional.empty(), own);
            }
        }

        /** Damages replicas as far as others have the same. */
        private boolean damage(SimulatedServer server) {
            if (server.disks() == null) {
                return false;
            }
            long cluster = cast.coordinator.map().cluster();
            NanoClock clock = world.runtime().clock();
            Map<SimulatedDisks.Part, Item> mine = server.disks().readable(cluster, clock);
            Set<SimulatedDisks.Part> elsewhere = new TreeSet<>();
            for (SimulatedServer other : cast.servers) {
                if (other != server) {
                    other.disks()
                            .readable(cluster, clock)
                            .forEach(
                                    (part, item) -> {
                                        if (isAsGood(item, mine.get(part))) {
                                            elsewhere.add(part);
                                        }
                                    });
                }
            }
            int damaged = server.disks().damage(elsewhere, random);
            for (int count = 0; count < damaged; count++) {
                world.befell(server.name(), "replica damaged");
            }
            return damaged > 0;
        }

        private static boolean isAsGood(Item item, Item mine) {
            return mine != null
                    && item.incarnation() >= mine.incarnation()
                    && item.bytes() >= mine.bytes()
                    && (item.hasEnded() || !mine.hasEnded());
        }

        private Spot spot(Whom whom) {
            return switch (whom.sort()) {
                case SERVER -> {
                    SimulatedServer each = server(whom);
                    yield new Spot("server", each.name(), each.address(), true, each.process());
                }
                case CLIENT -> {
                    int number = client(whom);
                    SimulatedClient each = cast.clients.get(number);
                    String name = "client " + number;
                    yield new Spot("client", name, each.place(), each.isThere(), each.process());
                }
                case COORDINATOR -> {
                    SimulatedProcess process = cast.coordinator.process();
                    String name = "coordinator";
                    yield new Spot(name, name, SimulatedCoordinator.ADDRESS, true, process);
                }
                case SOMEBODY -> spot(somebody());
                case SERVERS, CLIENTS, EVERYBODY ->
                        throw new IllegalArgumentException(whom + " is not one place");
            };
        }

        private Whom somebody() {
            int whom = random.nextInt(6);
            if (whom < 2) {
                return Whom.COORDINATOR;
            }
            return whom == 2 ? Whom.SOME_CLIENT : Whom.SOME_SERVER;
        }

        private boolean killAClient(int client) {
            if (cast.isGone(client) || cast.clientsLeft() == 1) {
                return false;
            }
            world.befell("client " + client, "client killed");
            cast.clients.get(client).kill();
            cast.ended(client);
            return true;
        }
    }
}
