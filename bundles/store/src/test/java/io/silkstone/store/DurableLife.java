package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.disk.simulation.SimulatedDisk;
import io.silkstone.store.backup.SegmentFiles;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.threads.simulation.SimulatedRuntime;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Lives of a store on one disk, and what its clients know. Each key has one writer, so that what it
 * was at each time is known; others read it. Of each key the states are kept from the oldest one
 * that may be found when the store begins anew: whoever was told of a state, settled, rules out all
 * that came before.
 */
final class DurableLife {
    private static final long NANOS_PER_MICRO = 1_000;
    private static final int WRITERS = 3;
    private static final int READERS = 2;
    private static final int KEYS = 6;
    private static final int OPERATIONS = 120;
    private static final int FILLINGS = 1_200;
    private static final int FILLING_BYTES = 60_000;
    private static final int FILLING_KEYS = 60;
    private static final int CRASH_OPERATIONS_MAX = 1_500;
    private static final long STEPS_MAX = 20_000_000;
    private static final String PASSING = "passing";

    private final SplittableRandom random;
    private final SimulatedDisk disk;
    private final Flush flush;
    private final Map<String, History> keys = new TreeMap<>();
    private long settledOperations;
    private long retiredBytes;
    private int writes;

    // Of the life that is lived.

    private SimulatedRuntime runtime;
    private SimulatedProcess process;
    private Store store;
    private int left;
    private boolean ended;

    /** What a key was, one state after the other; null is nothing. */
    private static final class History {
        final List<String> states = new ArrayList<>();

        /** Of each state, the highest version that was given up to then. */
        final List<Long> versions = new ArrayList<>();

        /** The oldest state that may be found. */
        int floor;

        /** What was under the key at the end of a life had this version at least. */
        long version;

        /** With which others a state came about, by its number. */
        final Map<Integer, Map<String, Integer>> together = new TreeMap<>();

        History() {
            add(null, 0);
        }

        /** The first state that may be found in which there is nothing. */
        int firstEmpty() {
            int state = floor;
            while (states.get(state) != null) {
                state++;
            }
            return state;
        }

        /** What was added last has not come about. */
        void stays() {
            stays(states.size() - 1);
        }

        void stays(int state) {
            states.set(state, states.get(state - 1));
        }

        int add(String state, long version) {
            long before = versions.isEmpty() ? 0 : versions.getLast();
            states.add(state);
            versions.add(Math.max(version, before));
            return states.size() - 1;
        }
    }

    DurableLife(SplittableRandom random, SimulatedDisk disk, Flush flush) {
        this.random = random;
        this.disk = disk;
        this.flush = flush;
    }

    long settledOperations() {
        return settledOperations;
    }

    long retiredBytes() {
        return retiredBytes;
    }

    /** Lives until all is done, or the disk or some step ends it. */
    void live() {
        Metrics metrics = new Metrics();
        long steps = random.nextInt(3) == 0 ? random.nextLong(20_000) : STEPS_MAX;
        try (SimulatedRuntime simulated = new SimulatedRuntime(random.split(), 2)) {
            runtime = simulated;
            process = simulated.process("store", 3);
            ended = false;
            if (random.nextInt(2) == 0) {
                disk.crashAfter(1 + random.nextInt(CRASH_OPERATIONS_MAX));
            }
            LogKeeper keeper = open(metrics);
            if (keeper == null) {
                return;
            }
            begin(keeper);
            while (!process.isKilled() && runtime.step()) {
                if (runtime.steps() > steps) {
                    process.kill();
                    if (steps == STEPS_MAX) {
                        throw new IllegalStateException("it goes on for ever");
                    }
                }
            }
            retiredBytes += metrics.counter(CleanerMetrics.RETIRED).get();
            end();
        }
    }

    private LogKeeper open(Metrics metrics) {
        StoreOptions options = StoreFixture.SMALL.withHugePages(HugePages.OFF).withTombstones(true);
        try {
            SegmentFiles files = SegmentFiles.open(disk, random.split());
            KeptLog kept = KeptLog.of(files);
            LogKeeper keeper =
                    new LogKeeper(
                            files, flush, 1_000 * NANOS_PER_MICRO, kept, runtime.clock(), metrics);
            store =
                    Store.open(
                            options,
                            runtime.clock(),
                            () -> 1,
                            random.split(),
                            metrics,
                            attempt -> idle(),
                            kept,
                            keeper);
            return keeper;
        } catch (SimulatedDisk.Crash crash) {
            return null;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** While a store is opened, nobody else is there to be waited for. */
    private void idle() {
        if (runtime.self() != ThreadRuntime.NONE) {
            process.yield();
        }
    }

    private void begin(LogKeeper keeper) {
        left = WRITERS + READERS + 2;
        spawn(() -> keep(keeper));
        for (Agent agent : store.agents()) {
            spawn(() -> drive(agent));
        }
        for (int writer = 0; writer < WRITERS; writer++) {
            int number = writer;
            spawn(() -> write(number));
        }
        for (int reader = 0; reader < READERS; reader++) {
            spawn(this::read);
        }
        spawn(this::fill);
        spawn(this::administer);
    }

    private void spawn(Runnable body) {
        process.create(ThreadRuntime.NORMAL, body);
    }

    private void keep(LogKeeper keeper) {
        while (left > 0) {
            try {
                if (random.nextInt(60) == 0) {
                    // As long as it takes to fill and clean some segments.
                    process.sleep(random.nextLong(20_000 * NANOS_PER_MICRO));
                }
                if (keeper.doWork() == 0 || random.nextInt(3) == 0) {
                    process.sleep(1 + random.nextLong(50 * NANOS_PER_MICRO));
                }
            } catch (SimulatedDisk.Crash crash) {
                process.kill();
            }
            failNowAndThen();
        }
        ended = true;
    }

    private void failNowAndThen() {
        if (random.nextInt(400) == 0) {
            disk.writeFailures(0.3);
            disk.syncFailures(0.3);
            disk.namesFailures(0.3);
        } else if (random.nextInt(5) == 0) {
            disk.writeFailures(0);
            disk.syncFailures(0);
            disk.namesFailures(0);
        }
    }

    private void drive(Agent agent) {
        while (!ended) {
            if (agent.doWork() == 0) {
                process.sleep(200 * NANOS_PER_MICRO);
            }
            process.yield();
        }
    }

    private void pause() {
        process.sleep(1 + random.nextLong(100 * NANOS_PER_MICRO));
    }

    private static String name(int writer, int key) {
        return "writer-" + writer + "-key-" + key;
    }

    private History history(String name) {
        return keys.computeIfAbsent(name, each -> new History());
    }

    // ---- clients ----

    private void write(int writer) {
        try (KvSession session = store.openSession()) {
            KvStore.Table table = store.table(KvStore.DEFAULT_TABLE);
            for (int count = 0; count < OPERATIONS; count++) {
                if (random.nextInt(8) == 0) {
                    writeTogether(session, table, writer);
                } else {
                    change(session, table, name(writer, random.nextInt(KEYS)));
                }
                if (random.nextInt(3) != 0) {
                    pause();
                }
            }
        }
        left--;
    }

    private void change(KvSession session, KvStore.Table table, String name) {
        History history = history(name);
        boolean removes = random.nextInt(4) == 0;
        String value = name + " " + writes++;
        int state = history.add(removes ? null : value, 0);
        session.enter();
        Key key = new Key().wrap(name.getBytes(UTF_8));
        byte[] bytes = value.getBytes(UTF_8);
        WriteOptions options = new WriteOptions();
        Status status =
                removes
                        ? session.remove(table, key, options)
                        : session.write(
                                table, key, MemorySegment.ofArray(bytes), 0, bytes.length, options);
        long version = session.version();
        session.exit();
        boolean made = status == Status.OK || removes && status == Status.NOT_FOUND;
        if (!made) {
            requireFull(status);
            history.stays(state);
        } else {
            requireNewer(name, history, state, removes ? 0 : version);
        }
        settle(session, () -> history.floor = Math.max(history.floor, state));
    }

    private static void requireFull(Status status) {
        boolean wasNothing =
                status == Status.OUT_OF_MEMORY
                        || status == Status.RETRY_LATER
                        || status == Status.DISK_FAILED;
        if (!wasNothing) {
            throw new IllegalStateException("no such answer is possible: " + status);
        }
    }

    private static void requireNewer(String name, History history, int state, long version) {
        if (version != 0 && version <= history.versions.get(state - 1)) {
            throw new IllegalStateException(
                    name + " has version " + version + " again: " + history.versions);
        }
        history.versions.set(state, Math.max(version, history.versions.get(state - 1)));
    }

    /** Also when others go on in between, as they do. */
    private void settle(KvSession session, Runnable told) {
        if (random.nextInt(2) == 0) {
            return;
        }
        long mark = session.unsettled();
        for (int turn = 0; !session.isSettled(mark); turn++) {
            process.sleep(10 * NANOS_PER_MICRO);
            if (turn == 1 << 20) {
                throw new IllegalStateException("it is never settled");
            }
        }
        settledOperations++;
        told.run();
    }

    private void writeTogether(KvSession session, KvStore.Table table, int writer) {
        WriteBatch batch = new WriteBatch();
        Map<String, Integer> states = new TreeMap<>();
        for (int key = 0; key < KEYS; key += 1 + random.nextInt(3)) {
            String name = name(writer, key);
            byte[] value = (name + " together " + writes++).getBytes(UTF_8);
            Key wrapped = new Key().wrap(name.getBytes(UTF_8));
            WriteOptions options = new WriteOptions();
            if (random.nextInt(4) == 0) {
                batch.remove(wrapped, options);
                states.put(name, history(name).add(null, 0));
            } else {
                batch.write(wrapped, MemorySegment.ofArray(value), 0, value.length, options);
                states.put(name, history(name).add(new String(value, UTF_8), 0));
            }
        }
        session.enter();
        Status status = session.writeAll(table, batch);
        session.exit();
        if (status != Status.OK) {
            requireFull(status);
            states.forEach((name, state) -> history(name).stays(state));
            return;
        }
        states.forEach((name, state) -> history(name).together.put(state, states));
        for (int number = 0; number < batch.size(); number++) {
            String name = (String) states.keySet().toArray()[number];
            boolean removed = history(name).states.get(states.get(name)) == null;
            requireNewer(
                    name, history(name), states.get(name), removed ? 0 : batch.version(number));
        }
        settle(
                session,
                () ->
                        states.forEach(
                                (name, state) ->
                                        history(name).floor =
                                                Math.max(history(name).floor, state)));
    }

    private void read() {
        try (KvSession session = store.openSession()) {
            KvStore.Table table = store.table(KvStore.DEFAULT_TABLE);
            for (int count = 0; count < OPERATIONS; count++) {
                String name = name(random.nextInt(WRITERS), random.nextInt(KEYS));
                History history = history(name);
                int before = history.states.size() - 1;
                session.enter();
                String seen = value(session, table, name);
                session.exit();
                int found = history.states.lastIndexOf(seen);
                if (found < history.floor) {
                    throw new IllegalStateException(
                            name + " was " + seen + ", which it was not any more");
                }
                // A value was written once; nothing may be under a key for the first time.
                int told = seen == null ? history.firstEmpty() : found;
                if (before >= told) {
                    settle(session, () -> history.floor = Math.max(history.floor, told));
                }
                pause();
            }
        }
        left--;
    }

    private static String value(KvSession session, KvStore.Table table, String name) {
        Key key = new Key().wrap(name.getBytes(UTF_8));
        if (session.read(table, key) != Status.OK) {
            return null;
        }
        MemorySegment memory = session.object().memory();
        byte[] value = new byte[session.object().valueLength()];
        MemorySegment.copy(
                memory,
                ValueLayout.JAVA_BYTE,
                session.object().valueOffset(),
                value,
                0,
                value.length);
        return new String(value, UTF_8);
    }

    /** Large values, so that memory is cleaned. */
    private void fill() {
        byte[] bytes = new byte[FILLING_BYTES];
        try (KvSession session = store.openSession()) {
            KvStore.Table table = store.table(KvStore.DEFAULT_TABLE);
            for (int count = 0; count < FILLINGS; count++) {
                Key key =
                        new Key().wrap(("filling-" + random.nextInt(FILLING_KEYS)).getBytes(UTF_8));
                session.enter();
                session.write(
                        table,
                        key,
                        MemorySegment.ofArray(bytes),
                        0,
                        1 + random.nextInt(bytes.length),
                        new WriteOptions());
                session.exit();
                process.sleep(1 + random.nextLong(20 * NANOS_PER_MICRO));
            }
        }
        left--;
    }

    /** A table that one client alone uses: it comes and goes, and is cleared. */
    private void administer() {
        try (KvSession session = store.openSession()) {
            for (int count = 0; count < OPERATIONS / 4; count++) {
                administer(session);
                pause();
            }
        }
        left--;
    }

    private void administer(KvSession session) {
        KvStore.Table table = store.table(PASSING);
        History there = history("table");
        try {
            if (table == null) {
                int state = there.add("there", 0);
                store.createTable(PASSING, 1 << random.nextInt(3));
                there.floor = state;
            } else if (random.nextInt(6) == 0) {
                int state = there.add(null, 0);
                passing().forEach(history -> history.add(null, 0));
                store.dropTable(PASSING);
                there.floor = state;
                passing().forEach(history -> history.floor = history.states.size() - 1);
            } else if (random.nextInt(4) == 0) {
                passing().forEach(history -> history.add(null, 0));
                Status status = session.clear(table);
                if (status != Status.OK) {
                    requireFull(status);
                    passing().forEach(History::stays);
                    return;
                }
                settle(
                        session,
                        () -> passing().forEach(each -> each.floor = each.states.size() - 1));
            } else {
                change(session, table, PASSING + "-" + random.nextInt(KEYS));
            }
        } catch (StoreRefused e) {
            // Else it is done, and the disk fails for so long that nobody knows what comes of it.
            if (!e.getMessage().startsWith("that is done")) {
                there.stays();
                if (table != null) {
                    passing().forEach(History::stays);
                }
            }
        }
    }

    private List<History> passing() {
        List<History> found = new ArrayList<>();
        keys.forEach(
                (name, history) -> {
                    if (name.startsWith(PASSING)) {
                        found.add(history);
                    }
                });
        return found;
    }

    // ---- the end ----

    private void end() {
        disk.writeFailures(0);
        disk.syncFailures(0);
        disk.namesFailures(0);
        try {
            if (process.isKilled()) {
                disk.crashAfter(0);
            }
            store.close();
        } catch (SimulatedDisk.Crash crash) {
            // It was dead before.
        }
    }

    // ---- the next one ----

    /** Opens the store once more, and looks at everything. */
    void check() {
        Metrics metrics = new Metrics();
        try (SimulatedRuntime simulated = new SimulatedRuntime(random.split(), 2)) {
            runtime = simulated;
            process = simulated.process("check", 1);
            if (open(metrics) == null) {
                throw new IllegalStateException("the disk crashes when it must not");
            }
            boolean isThere = store.table(PASSING) != null;
            requireFound("table", isThere ? "there" : null);
            try (KvSession session = store.openSession()) {
                session.enter();
                keys.keySet().forEach(name -> checkKey(session, name));
                session.exit();
            }
            requireTogether();
            keys.values().forEach(DurableLife::forget);
            store.close();
        }
    }

    private void checkKey(KvSession session, String name) {
        if (name.equals("table")) {
            return;
        }
        boolean passes = name.startsWith(PASSING);
        KvStore.Table table = store.table(passes ? PASSING : KvStore.DEFAULT_TABLE);
        requireFound(name, table == null ? null : value(session, table, name));
    }

    private void requireFound(String name, String found) {
        History history = history(name);
        int newest = -1;
        for (int state = history.states.size() - 1; state >= history.floor; state--) {
            if (Objects.equals(history.states.get(state), found)) {
                newest = Math.max(newest, state);
                // Nothing may be there since before something came and went that nobody was told
                // of.
                history.version = history.versions.get(state);
            }
        }
        if (newest >= 0) {
            history.floor = newest;
            return;
        }
        throw new IllegalStateException(
                name
                        + " is "
                        + found
                        + ", and can only be one of "
                        + history.states.subList(history.floor, history.states.size()));
    }

    /** Of a batch all is there, or was overwritten, if any is there; removals say nothing. */
    private void requireTogether() {
        for (History history : keys.values()) {
            Map<String, Integer> others = history.together.get(history.floor);
            if (others == null || history.states.get(history.floor) == null) {
                continue;
            }
            others.forEach(
                    (name, state) -> {
                        if (history(name).floor < state) {
                            throw new IllegalStateException(
                                    name + " lacks its part of a batch of which others are there");
                        }
                    });
        }
    }

    /** What is found is where the next life begins; versions must grow all the same. */
    private static void forget(History history) {
        String found = history.states.get(history.floor);
        history.states.clear();
        history.versions.clear();
        history.together.clear();
        history.floor = 0;
        history.states.add(found);
        history.versions.add(history.version);
    }
}
