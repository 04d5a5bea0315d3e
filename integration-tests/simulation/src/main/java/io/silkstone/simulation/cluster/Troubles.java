package io.silkstone.simulation.cluster;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.simulation.Chance;
import io.silkstone.simulation.cluster.Cuts.Cut;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.simulation.settings.Timed;
import io.silkstone.threads.simulation.SimulatedProcess;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
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
