package io.silkstone.simulation.cluster;

import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.simulation.Chance;
import io.silkstone.simulation.ContendedWorkload;
import io.silkstone.simulation.Filling;
import io.silkstone.simulation.StoreSubject;
import io.silkstone.simulation.WorkloadSettings;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.settings.Odds;
import io.silkstone.simulation.settings.Settings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one client does from its beginning to its end: asks for one thing after the other, in the
 * default table and in one that comes and goes, and tells the history what it was told. Now and
 * then it closes, and goes on as another client.
 */
final class ClientLife {
    private static final long MILLI = 1_000_000;
    private static final int SCAN_STEPS_MAX = 200;

    /** A server may serve a table that was dropped for far more than it takes to hear of it. */
    private static final long DROP_HEARD_NANOS_MIN = 10_000 * MILLI;

    /** What a client does with one of its operations. */
    enum Deed {
        BATCH,
        READ_MANY,
        EXCHANGE,
        SCAN,
        WALK,
        CLEAR,
        COUNT,
        MEMORY,
        SINGLE
    }

    private final World world;
    private final int number;
    private final SimulatedClient me;
    private final Chance chance;
    private final Tables tables;
    private final Settings settings;
    private final Filling filling;
    private Desk main;
    private Desk other;

    /** At a table of which this client was told that it is gone. */
    private Desk former;

    /** Numbers of tables of which it was told that they are gone. */
    private final Set<Integer> gone = new TreeSet<>();

    private long operations;

    /** One table, and how this client works on it. */
    private record Desk(KvStore.Table table, StoreSubject subject, ContendedWorkload workload) {
        private String name(String key) {
            return Named.of(table, key);
        }

        private boolean isDefault() {
            return table.id() == Named.DEFAULT_ID;
        }
    }

    /** Client {@code number}, which has not begun. */
    ClientLife(World world, int number, SimulatedClient me, Chance chance, Tables tables) {
        this.world = world;
        this.number = number;
        this.me = me;
        this.chance = chance;
        this.tables = tables;
        settings = world.settings();
        long bytes = settings.get(WorkloadSettings.TEXT_SIZE);
        filling = new Filling(bytes, bytes);
    }

    /** How many operations it has begun. */
    long operations() {
        return operations;
    }

    /** Lives. In a thread of its process. */
    void run() {
        Odds hurries = settings.get(ClusterSettings.CLIENT_HURRIES);
        int all = settings.get(ClusterSettings.OPERATIONS);
        main = open(defaultTable());
        for (int count = 0; count < all; count++) {
            chance.next();
            if (world.script().has("client %d, operation %02d".formatted(number, count))) {
                askSomething();
            }
            if (!hurries.happens(chance)) {
                pause();
            }
        }
        leave();
    }

    private void pause() {
        me.process().sleep(settings.get(ClusterSettings.CLIENT_PAUSE).draw(chance));
    }

    /** As soon as there is one. */
    private KvStore.Table defaultTable() {
        KvStore.Table table = null;
        while (table == null) {
            me.process().sleep(10 * MILLI);
            table = me.store().table(KvStore.DEFAULT_TABLE);
        }
        return table;
    }

    private Desk open(KvStore.Table table) {
        return new Desk(
                table,
                new StoreSubject(me.store().openSession(), table, filling, () -> {}),
                new ContendedWorkload(number, tables.keys(), settings, chance));
    }

    private void leave() {
        for (Desk desk : Arrays.asList(main, other, former)) {
            if (desk != null) {
                desk.subject.close();
            }
        }
        me.closeStore();
        world.count("client closed");
    }

    /** As if its process had ended and begun anew; what it has been told of tables it forgets. */
    private void beginAnew() {
        leave();
        me.openStore();
        gone.clear();
        other = null;
        former = null;
        main = open(defaultTable());
    }

    private void askSomething() {
        if (settings.get(ClusterSettings.CLIENT_CLOSES).happens(chance)) {
            beginAnew();
        }
        if (former != null && settings.get(ClusterSettings.PASSING_GONE_USED).happens(chance)) {
            askInVain();
            return;
        }
        boolean inOther = settings.get(ClusterSettings.PASSING_USED).happens(chance);
        Desk desk = inOther ? otherDesk() : main;
        switch (settings.get(ClusterSettings.OPERATION_KINDS).draw(chance)) {
            case BATCH -> writeTogether(desk);
            case READ_MANY -> readMany(desk);
            case EXCHANGE -> exchange(desk);
            case SCAN -> scan();
            case WALK -> walk(desk);
            case CLEAR -> clear(desk);
            case COUNT -> countObjects(desk);
            case MEMORY -> lookAtMemory();
            case SINGLE -> askForOne(desk);
        }
    }

    /** The table that comes and goes, as far as this client knows; the default one without it. */
    private Desk otherDesk() {
        if (other == null) {
            KvStore.Table table = me.store().table(Tables.PASSING);
            if (table != null && gone.contains(table.id())) {
                world.violated("A client that was told that " + table.name() + " is gone met it.");
            }
            other = table == null ? null : open(table);
        }
        return other == null ? main : other;
    }

    /** What is gone stays so, whatever this client asks of it. */
    private void askInVain() {
        String key = former.workload.nextKey();
        Reply reply = ask(former, key, former.workload.nextCall(key, nowMillis()));
        boolean isVain =
                reply.outcome() == Reply.Outcome.NO_TABLE
                        || reply.outcome() == Reply.Outcome.NO_EFFECT;
        if (!isVain) {
            world.violated("A client was told that a table is gone, and then " + reply);
        }
    }

    private void askForOne(Desk desk) {
        String key = desk.workload.nextKey();
        ask(desk, key, desk.workload.nextCall(key, nowMillis()));
    }

    private Reply ask(Desk desk, String key, Call call) {
        History.Pending pending = world.history().called(number, desk.name(key), call);
        operations++;
        long asked = world.runtime().clock().nanoTime();
        Reply reply = desk.subject.ask(key, call);
        world.count(call.kind() + " " + reply.outcome());
        note(desk, key, pending, asked, reply);
        return reply;
    }

    private void note(Desk desk, String key, History.Pending pending, long asked, Reply reply) {
        switch (reply.outcome()) {
            case NO_EFFECT -> pending.hadNoEffect();
            case NO_TABLE -> {
                pending.hadNoEffect();
                isGone(desk);
            }
            case LOST -> {}
            default -> {
                pending.replied(reply);
                desk.workload.told(key, reply);
                isThere(desk, asked);
            }
        }
    }

    /** A clear answer, and for good: the number is not given again. */
    private void isGone(Desk desk) {
        if (!tables.wereDropped(desk.table.id())) {
            world.violated(
                    "Table %d is said to be gone, and was not dropped.".formatted(desk.table.id()));
        }
        gone.add(desk.table.id());
        if (desk == other) {
            if (former != null) {
                former.subject.close();
            }
            former = other;
            other = null;
        }
    }

    private void isThere(Desk desk, long asked) {
        long dropped = tables.droppedAt(desk.table.id());
        long lease = settings.get(ClusterSettings.SERVER_LEASE).high();
        if (asked - dropped > Math.max(DROP_HEARD_NANOS_MIN, 2 * lease)) {
            world.violated("Table %d was served after its end.".formatted(desk.table.id()));
        }
    }

    /** Reads and writes what was read, until nobody came between. */
    private void exchange(Desk desk) {
        String key = desk.workload.nextKey();
        Reply.Outcome outcome = Reply.Outcome.WRONG_VERSION;
        int turns = settings.get(ClusterSettings.EXCHANGE_TURNS);
        for (int turn = 0; turn < turns && outcome == Reply.Outcome.WRONG_VERSION; turn++) {
            Reply seen = ask(desk, key, Call.read());
            if (seen.outcome() != Reply.Outcome.OK) {
                return;
            }
            me.process().sleep(settings.get(ClusterSettings.EXCHANGE_PAUSE).draw(chance));
            Call write = desk.workload.nextExchange(key, seen.version(), nowMillis());
            outcome = ask(desk, key, write).outcome();
            world.count("exchange " + outcome);
        }
    }

    /** All of it or none; each part is judged as an operation on its key. */
    private void writeTogether(Desk desk) {
        List<String> keys = some(tables.together());
        Odds removes = settings.get(ClusterSettings.BATCH_REMOVES);
        List<Call> calls =
                keys.stream()
                        .map(key -> desk.workload.nextChange(key, removes, nowMillis()))
                        .toList();
        List<History.Pending> pending = new ArrayList<>();
        for (int index = 0; index < keys.size(); index++) {
            String name = desk.name(keys.get(index));
            pending.add(world.history().called(number, name, calls.get(index)));
        }
        long asked = world.runtime().clock().nanoTime();
        together("BATCH", desk, keys, pending, asked, desk.subject.writeAll(keys, calls));
    }

    /** Each key for itself, in messages that go to several servers at once. */
    private List<Reply> readMany(Desk desk) {
        return readMany(desk, some(tables.keys()));
    }

    private List<Reply> readMany(Desk desk, List<String> keys) {
        List<History.Pending> pending = new ArrayList<>();
        keys.forEach(
                key -> pending.add(world.history().called(number, desk.name(key), Call.read())));
        long asked = world.runtime().clock().nanoTime();
        List<Reply> replies = desk.subject.readAll(keys);
        together("READ_ALL", desk, keys, pending, asked, replies);
        return replies;
    }

    private void together(
            String what,
            Desk desk,
            List<String> keys,
            List<History.Pending> pending,
            long asked,
            List<Reply> replies) {
        operations += keys.size();
        for (int index = 0; index < keys.size(); index++) {
            world.count(what + " " + replies.get(index).outcome());
            note(desk, keys.get(index), pending.get(index), asked, replies.get(index));
        }
    }

    /** Two or more of {@code keys}, if there are two, in their order. */
    private List<String> some(List<String> keys) {
        List<String> some = new ArrayList<>(keys);
        int count = chance.nextInt(Math.min(2, keys.size()), keys.size() + 1);
        while (some.size() > count) {
            some.remove(chance.nextInt(some.size()));
        }
        return some;
    }

    /**
     * Looks at everything. What is shown was there at some time since the beginning, and when all
     * was looked at, what was not shown was at some time not there.
     */
    private void scan() {
        History.Moment since = world.history().now();
        operations++;
        Set<String> hidden = known(main);
        Status status =
                me.scan(
                        KvStore.DEFAULT_TABLE,
                        object -> {
                            String key = new String(object.key(), StandardCharsets.UTF_8);
                            Reply reply = Reply.saw(filling.seen(object.value()), object.version());
                            shown("SCAN", main, key, since, reply, hidden);
                        });
        world.count("SCAN " + status);
        if (status == Status.OK) {
            notShown("SCAN", since, hidden);
        }
    }

    /** As {@link #scan}, by a cursor, with pauses in which tablets may move. */
    private void walk(Desk desk) {
        History.Moment since = world.history().now();
        operations++;
        Set<String> hidden = known(desk);
        int count = settings.get(ClusterSettings.WALK_OBJECTS).drawInt(chance);
        long cursor = 0;
        int steps = 0;
        do {
            cursor =
                    desk.subject.scan(
                            cursor,
                            count,
                            (key, reply) -> shown("WALK", desk, key, since, reply, hidden));
            if (cursor != 0 && settings.get(ClusterSettings.WALK_PAUSES).happens(chance)) {
                pause();
            }
        } while (cursor != 0 && ++steps < SCAN_STEPS_MAX);
        // The map only gets newer: a table that is in it now was in it when the scan ended.
        boolean isThere =
                me.store().map().tables().stream().anyMatch(each -> each.id() == desk.table.id());
        world.count(cursor != 0 ? "WALK given up" : isThere ? "WALK OK" : "WALK NO_TABLE");
        if (cursor == 0 && isThere) {
            notShown("WALK", since, hidden);
        }
    }

    private Set<String> known(Desk desk) {
        Set<String> known = world.history().keys();
        known.removeIf(name -> !Named.isIn(desk.table, name));
        return known;
    }

    private void shown(
            String what,
            Desk desk,
            String key,
            History.Moment since,
            Reply reply,
            Set<String> hidden) {
        world.history().told(number, desk.name(key), since, reply);
        hidden.remove(desk.name(key));
        world.count(what + " shown");
    }

    private void notShown(String what, History.Moment since, Set<String> hidden) {
        hidden.forEach(name -> world.history().told(number, name, since, Reply.notFound()));
        hidden.forEach(name -> world.count(what + " not shown"));
    }

    /** Removes everything; each key's part is judged as an operation on it. */
    private void clear(Desk desk) {
        List<History.Pending> pending = new ArrayList<>();
        tables.keys()
                .forEach(
                        key ->
                                pending.add(
                                        world.history()
                                                .called(number, desk.name(key), Call.clear())));
        operations++;
        long asked = world.runtime().clock().nanoTime();
        Status status = desk.subject.clear();
        world.count("CLEAR " + status);
        switch (status) {
            case OK -> {
                pending.forEach(each -> each.replied(Reply.ok(0)));
                isThere(desk, asked);
            }
            case UNKNOWN -> {}
            // One server may have cleared what it had, and serve others who have not heard yet.
            case NO_SUCH_TABLE -> isGone(desk);
            case UNAVAILABLE -> pending.forEach(History.Pending::hadNoEffect);
            default -> throw new IllegalStateException("no such answer is possible: " + status);
        }
    }

    /**
     * Counts. No key is twice on one server, so there are at most so many as keys and servers. And
     * those are counted that were there all the time, unless a server did not answer in its time.
     */
    private void countObjects(Desk desk) {
        List<Reply> before = readMany(desk, tables.keys());
        long began = world.runtime().clock().nanoTime();
        long count = desk.table.objects();
        long timeout = settings.get(ClusterSettings.CLIENT_TIMEOUT);
        boolean whole = world.runtime().clock().nanoTime() - began < timeout / 2;
        List<Reply> after = readMany(desk, tables.keys());
        long sure = 0;
        for (int index = 0; index < before.size(); index++) {
            boolean stayed =
                    before.get(index).outcome() == Reply.Outcome.OK
                            && before.get(index).equals(after.get(index));
            sure += stayed ? 1 : 0;
        }
        world.count(whole ? "COUNT of all servers" : "COUNT of some servers");
        long most = (long) tables.keys().size() * me.store().map().servers().size();
        if (count > most || whole && count < sure) {
            world.violated(
                    "%d objects were counted where there were at least %d and at most %d."
                            .formatted(count, sure, most));
        }
    }

    /** Sums over servers that answered: none says more than it has. */
    private void lookAtMemory() {
        KvStore.Usage usage = me.store().usage();
        world.count("USAGE");
        boolean fits =
                usage.capacity() >= 0
                        && usage.allocated() <= usage.capacity()
                        && usage.logLive() <= usage.logUsed()
                        && usage.logUsed() + usage.hashTables() <= usage.allocated();
        if (!fits) {
            world.violated("The usage is impossible: " + usage);
        }
    }

    private long nowMillis() {
        return world.epochClock().millis();
    }
}
