package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.simulation.SimulatedRuntime;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sessions at work on eight ranges that a master takes and drops all the while, in little memory:
 * what is not owned is never shown nor changed, what comes back is empty, and no change is lost
 * while a range is owned.
 */
@Timeout(120)
class TabletOwnershipSimulationTest {
    private static final int ID = 12;
    private static final int RANGES = 8;
    private static final int RANGE_SHIFT = 61;
    private static final int SESSIONS = 4;
    private static final int KEYS = 24;
    private static final int FILLINGS = 1_000;
    private static final int MOVES = 200;
    private static final long MOVE_PAUSE_NANOS = 400_000;
    private static final long STEPS_MAX = 5_000_000;

    /** What became of the increments of a key while its range had one owner. */
    private static final class Term {
        private final Set<Long> sums = new HashSet<>();
        private long highest;
        private int increments;
    }

    private static long bytesMoved;

    private final Map<String, Term> terms = new HashMap<>();
    private final Set<String> versions = new HashSet<>();

    /** Odd while a range is owned for certain, even while it is not; changes before and after. */
    private final int[] generation = new int[RANGES];

    private final boolean[] changing = new boolean[RANGES];
    private final Map<Status, Integer> seen = new HashMap<>();
    private boolean over;
    private long request;
    private SplittableRandom random;
    private SimulatedRuntime runtime;
    private Store store;
    private KvStore.Table table;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void ranges_thatComeAndGo_areServedWhileOwnedAndOnlyThen(long seed) throws StoreRefused {
        random = new SplittableRandom(seed);
        Metrics metrics = new Metrics();
        StoreOptions options =
                StoreFixture.SMALL.withHugePages(HugePages.OFF).withTombstones(seed % 2 == 0);
        try (SimulatedRuntime simulated = new SimulatedRuntime(random.split(), 2);
                Store opened =
                        Store.open(
                                options,
                                simulated.clock(),
                                () -> 1,
                                random.split(),
                                metrics,
                                attempt -> simulated.yield())) {
            runtime = simulated;
            store = opened;
            table = store.adoptTable(ID, "moving");
            long empty = store.usage().logLive();
            for (int number = 0; number < SESSIONS; number++) {
                KvSession session = store.openSession();
                long lease = number;
                spawn(() -> work(session, lease));
            }
            for (Agent agent : store.agents()) {
                spawn(() -> drive(agent));
            }
            spawn(this::move);
            while (runtime.step()) {
                assertThat(runtime.steps()).as("seed " + seed).isLessThan(STEPS_MAX);
            }
            requireNothingLost(seed);
            bytesMoved += metrics.counter(CleanerMetrics.MOVED).get();
            assertThat(seen.keySet()).as("seed " + seed).contains(Status.OK, Status.NOT_OWNER);
            store.dropTablet(ID, 0, -1);
            while (!store.isVacant(ID, 0, -1)) {
                store.agents().forEach(Agent::doWork);
            }
            if (!options.tombstones()) {
                assertThat(store.usage().logLive()).as("seed " + seed).isEqualTo(empty);
            }
            assertThat(store.usage().objects()).as("seed " + seed).isZero();
        }
    }

    @AfterAll
    static void someSeed_hadTheCleanerMoveEntries() {
        assertThat(bytesMoved).isPositive();
    }

    private void spawn(Runnable body) {
        runtime.create(ThreadRuntime.NORMAL, body);
    }

    private static int rangeOf(long hash) {
        return (int) (hash >>> RANGE_SHIFT);
    }

    private void move() {
        for (int count = 0; count < MOVES; count++) {
            int range = random.nextInt(RANGES);
            long first = (long) range << RANGE_SHIFT;
            long last = first + (1L << RANGE_SHIFT) - 1;
            boolean owned = generation[range] % 2 == 1;
            changing[range] = true;
            try {
                if (owned) {
                    store.dropTablet(ID, first, last);
                } else {
                    store.takeTablet(ID, first, last, generation[range] + 1);
                }
                generation[range]++;
            } catch (StoreRefused e) {
                // What was dropped is not removed yet, or sessions are busy: another time.
                count--;
            }
            changing[range] = false;
            runtime.sleep(1 + random.nextLong(MOVE_PAUSE_NANOS));
        }
        over = true;
    }

    private void drive(Agent agent) {
        while (!over) {
            if (agent.doWork() == 0) {
                runtime.sleep(1 + random.nextLong(50_000));
            } else {
                runtime.yield();
            }
        }
    }

    private void work(KvSession session, long lease) {
        Key key = new Key();
        WriteOptions options = new WriteOptions();
        MemorySegment value = MemorySegment.ofArray(new byte[60_000]);
        while (!over) {
            session.enter();
            linger();
            switch (random.nextInt(4)) {
                case 0 -> {
                    key.wrap(("filling" + random.nextInt(FILLINGS)).getBytes(UTF_8));
                    int length = random.nextInt(60_000);
                    int before = stateOf(key);
                    judge(
                            session.write(table, key, value, 0, length, options.reset()),
                            key,
                            before);
                }
                case 1 -> scan(session);
                default -> {
                    key.wrap(("counter" + random.nextInt(KEYS)).getBytes(UTF_8));
                    increment(session, lease, key, options.reset());
                }
            }
            linger();
            session.exit();
            runtime.yield();
        }
        session.close();
    }

    /** The generation of the key's range; -1 while that is about to change. */
    private int stateOf(Key key) {
        int range = rangeOf(key.hash());
        return changing[range] ? -1 : generation[range];
    }

    /** Whether all of an operation fell into one generation, in which it was answered rightly. */
    private boolean judge(Status status, Key key, int before) {
        seen.merge(status, 1, Integer::sum);
        if (before < 0 || stateOf(key) != before) {
            return false;
        }
        if (before % 2 == 0) {
            assertThat(status).isEqualTo(Status.NOT_OWNER);
        } else {
            assertThat(status).isIn(Status.OK, Status.RETRY_LATER, Status.OUT_OF_MEMORY);
        }
        return true;
    }

    private void increment(KvSession session, long lease, Key key, WriteOptions options) {
        String name = key.hash() + " ";
        int before = stateOf(key);
        request++;
        session.once(lease, request, request - 50, 0);
        Status status = session.increment(table, key, 1, options);
        boolean within = judge(status, key, before);
        if (status == Status.OK) {
            assertThat(versions.add(name + session.version())).as("a version twice").isTrue();
        }
        int after = generation[rangeOf(key.hash())];
        for (int each = Math.max(0, before); each <= after; each++) {
            Term term = terms.computeIfAbsent(name + each, unused -> new Term());
            term.increments += status == Status.OK ? 1 : 0;
        }
        if (within && status == Status.OK) {
            Term term = terms.get(name + before);
            assertThat(term.sums.add(session.number())).as("a sum twice").isTrue();
            term.highest = Math.max(term.highest, session.number());
        }
    }

    private void requireNothingLost(long seed) {
        long counted = 0;
        for (Term term : terms.values()) {
            assertThat(term.highest)
                    .as("a counter that began anew, seed " + seed)
                    .isLessThanOrEqualTo(term.increments);
            counted += term.highest;
        }
        assertThat(counted).as("seed " + seed).isGreaterThan(200);
    }

    private void scan(KvSession session) {
        int[] before = generation.clone();
        boolean[] changed = changing.clone();
        long cursor = random.nextLong();
        Set<Integer> ranges = new HashSet<>();
        session.scan(table, cursor, 50, object -> ranges.add(rangeOf(object.keyHash())));
        for (int range : ranges) {
            boolean stable =
                    !changed[range] && !changing[range] && before[range] == generation[range];
            assertThat(stable && before[range] % 2 == 0).as("shown, not owned").isFalse();
        }
    }

    private void linger() {
        for (int turns = random.nextInt(4); turns > 0; turns--) {
            runtime.yield();
        }
    }
}
