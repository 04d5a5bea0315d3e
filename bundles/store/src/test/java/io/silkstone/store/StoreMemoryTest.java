package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class StoreMemoryTest {
    private static final long MEMORY_BYTES = 48 << 20;
    private static final StoreOptions SMALL =
            StoreOptions.DEFAULTS.withMemoryBytes(MEMORY_BYTES).withMemoryPrefaultBytes(0);

    private StoreFixture fixture;
    private KvSession session;
    private final MemorySegment value = MemorySegment.ofArray(new byte[1 << 20]);
    private final WriteOptions options = new WriteOptions();
    private final Key key = new Key();

    @BeforeEach
    void open() {
        fixture = new StoreFixture(SMALL);
        session = fixture.session;
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Instead of the store at hand, uses one that writes tombstones or does not. */
    private void use(boolean tombstones) {
        fixture.close();
        fixture = new StoreFixture(SMALL.withTombstones(tombstones));
        session = fixture.session;
    }

    private Status put(int number, int length) {
        return put(session, key, number, length);
    }

    private Status put(KvSession by, Key key, int number, int length) {
        by.enter();
        key.wrap(("key:" + number).getBytes(UTF_8));
        Status status = by.write(fixture.table, key, value, 0, length, new WriteOptions());
        by.exit();
        return status;
    }

    private Status delete(int number) {
        session.enter();
        key.wrap(("key:" + number).getBytes(UTF_8));
        Status status = session.remove(fixture.table, key, options.reset());
        session.exit();
        return status;
    }

    private int fill(int length) {
        int count = 0;
        while (put(count, length) == Status.OK) {
            count++;
        }
        return count;
    }

    private long live() {
        KvStore.Usage usage = fixture.store.usage();
        return usage.logLive() + usage.hashTables();
    }

    /** Without the segments that are kept for removals and the cleaner, and those half full. */
    private long usable() {
        return MEMORY_BYTES
                - fixture.store.pool().reserve(Claimant.WRITE)
                - 2L * fixture.store.log().segmentBytes();
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 100, 1000, 10_000, 100_000, 1_000_000})
    void write_withoutEnd_isRefusedOnlyWhenMemoryIsFullOfLiveObjects(int length) {
        int count = fill(length);
        assertThat(put(count, length)).isEqualTo(Status.OUT_OF_MEMORY);
        assertThat(live()).isGreaterThan(usable() * (length < 1_000_000 ? 95 : 50) / 100);
        assertThat(fixture.metric(StoreMetrics.OUT_OF_MEMORY)).isEqualTo(2);
        assertThat(fixture.table.objects()).isEqualTo(count);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void remove_whenMemoryIsFull_succeedsAndMakesRoom(boolean tombstones) {
        use(tombstones);
        int count = fill(100);
        long usedBytes = fixture.store.usage().logUsed();
        for (int number : shuffled(count)) {
            assertThat(delete(number)).isEqualTo(Status.OK);
        }
        assertThat(fixture.table.objects()).isZero();
        if (!tombstones) {
            assertThat(fixture.store.usage().logUsed()).isLessThanOrEqualTo(usedBytes);
            assertThat(fixture.store.usage().logLive()).isZero();
        }
        assertThat(fill(100)).isGreaterThan(count * 8 / 10);
    }

    private static int[] shuffled(int count) {
        int[] numbers = IntStream.range(0, count).toArray();
        SplittableRandom random = new SplittableRandom(5);
        for (int last = count - 1; last > 0; last--) {
            int other = random.nextInt(last + 1);
            int number = numbers[last];
            numbers[last] = numbers[other];
            numbers[other] = number;
        }
        return numbers;
    }

    @Test
    void write_overAndOverWhenMemoryIsNearlyFull_neverLacksIt() {
        int count = 0;
        while (live() < usable() * 90 / 100) {
            assertThat(put(count, 100)).isEqualTo(Status.OK);
            count++;
        }
        SplittableRandom random = new SplittableRandom(4);
        for (int round = 0; round < 2 * count; round++) {
            assertThat(put(random.nextInt(count), 100)).isEqualTo(Status.OK);
        }
        assertThat(fixture.table.objects()).isEqualTo(count);
    }

    @Test
    void write_ofChangingSizesWhenMemoryIsNearlyFull_neverLacksIt() {
        SplittableRandom random = new SplittableRandom(6);
        int count = 0;
        while (live() < usable() * 80 / 100) {
            assertThat(put(count, length(random))).isEqualTo(Status.OK);
            count++;
        }
        for (int round = 0; round < 2 * count; round++) {
            int number = random.nextInt(count);
            if (live() < usable() * 85 / 100) {
                assertThat(put(number, length(random))).isEqualTo(Status.OK);
            } else {
                delete(number);
            }
        }
    }

    private static int length(SplittableRandom random) {
        int scale = random.nextInt(20);
        return random.nextInt(1 << scale) + (random.nextInt(200) == 0 ? 500_000 : 0);
    }

    @Test
    void writeAndRemove_withoutEnd_leaveNoTombstonesBehind() {
        use(true);
        for (int number = 0; number < 100; number++) {
            put(-1 - number, 1000);
        }
        for (int round = 0; round < 400_000; round++) {
            assertThat(put(round, 0)).isEqualTo(Status.OK);
            assertThat(delete(round)).isEqualTo(Status.OK);
        }
        assertThat(fixture.table.objects()).isEqualTo(100);
    }

    @Test
    void clear_ofAFullStore_makesRoomAtOnce() {
        int count = fill(100);
        for (int round = 0; round < 3; round++) {
            assertThat(session.clear(fixture.table)).isEqualTo(Status.OK);
            assertThat(fill(100)).isBetween(count * 8 / 10, count * 12 / 10);
        }
    }

    @Test
    void agents_afterAClear_giveTheMemoryBack() {
        fill(100);
        long before = fixture.store.usage().allocated();
        AtomicLong wakeUps = new AtomicLong();
        fixture.store.onDemand(wakeUps::incrementAndGet);
        session.clear(fixture.table);
        assertThat(wakeUps).hasPositiveValue();
        fixture.drain();
        assertThat(fixture.store.usage().allocated()).isLessThan(before / 4);
    }

    @Test
    void agents_whileMemoryIsNearlyFull_cleanSoEarlyThatWritersNeverPay() {
        int count = 0;
        while (live() < usable() * 80 / 100) {
            put(count, 100);
            count++;
        }
        long paid = fixture.metric(CleanerMetrics.ASSISTED);
        long moved = fixture.metric(CleanerMetrics.MOVED);
        SplittableRandom random = new SplittableRandom(8);
        for (int round = 0; round < count; round++) {
            assertThat(put(random.nextInt(count), 100)).isEqualTo(Status.OK);
            if (round % 50 == 0) {
                fixture.drain();
            }
        }
        assertThat(fixture.metric(CleanerMetrics.ASSISTED)).isEqualTo(paid);
        assertThat(fixture.metric(CleanerMetrics.MOVED)).isGreaterThan(moved);
    }

    @Test
    void agents_whenNothingIsWorthCleaning_rest() {
        fill(100);
        fixture.drain();
        for (Agent agent : fixture.store.agents()) {
            assertThat(agent.doWork()).as(agent.name()).isZero();
        }
    }

    @Test
    void write_whenMemoryIsFullOfExpiredObjects_succeeds() {
        int count = 0;
        Status status = Status.OK;
        while (status == Status.OK) {
            status =
                    fixture.write(
                            "key:" + count,
                            new byte[100],
                            options.reset().expireAt(fixture.nowMillis + 10));
            count++;
        }
        assertThat(status).isEqualTo(Status.OUT_OF_MEMORY);
        fixture.nowMillis += 10;
        for (int number = 0; number < count * 8 / 10; number++) {
            assertThat(put(count + number, 100)).isEqualTo(Status.OK);
        }
    }

    @Test
    void write_byManyThreadsWhenMemoryIsFullOfExpiredObjects_succeeds() throws Exception {
        options.reset().expireAt(fixture.nowMillis + 10);
        int count = 0;
        while (fixture.write("key:" + count, new byte[100], options) == Status.OK) {
            count++;
        }
        fixture.nowMillis += 10;
        int each = count / 8;
        AtomicLong failures = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            int first = count + number * each;
            threads.add(
                    new Thread(
                            () -> {
                                Key own = new Key();
                                try (KvSession by = fixture.store.openSession()) {
                                    for (int object = first; object < first + each; object++) {
                                        if (put(by, own, object, 100) != Status.OK) {
                                            failures.incrementAndGet();
                                        }
                                    }
                                }
                            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).hasValue(0);
    }

    @Test
    void write_inALongBatchThatShowsNothing_isNotRefused() {
        session.enter();
        for (int number = 0; number < 300_000; number++) {
            key.wrap(("key:" + number % 1000).getBytes(UTF_8));
            Status status = session.write(fixture.table, key, value, 0, 1000, options.reset());
            assertThat(status).isEqualTo(Status.OK);
        }
        session.exit();
    }

    @Test
    void write_inALongBatchThatHasShownAnObject_isToBeTriedLater() {
        put(0, 100);
        session.enter();
        key.wrap("key:0".getBytes(UTF_8));
        assertThat(session.read(fixture.table, key)).isEqualTo(Status.OK);
        long shown = session.object().valueOffset();
        Status status = Status.OK;
        for (int number = 0; number < 300_000 && status == Status.OK; number++) {
            key.wrap(("key:" + number % 1000).getBytes(UTF_8));
            status = session.write(fixture.table, key, value, 0, 1000, options.reset());
        }
        assertThat(status).isEqualTo(Status.RETRY_LATER);
        assertThat(io.silkstone.store.memory.Memory.getLong(shown)).isZero();
        session.exit();
        assertThat(put(0, 1000)).isEqualTo(Status.OK);
    }

    @Test
    void write_byManyThreadsWhenMemoryIsNearlyFull_neverLacksItAndLosesNothing()
            throws InterruptedException {
        int count = 0;
        while (live() < usable() * 85 / 100) {
            put(count, 300);
            count++;
        }
        int keys = count;
        AtomicLong failures = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            int mine = number;
            threads.add(
                    new Thread(
                            () -> {
                                SplittableRandom random = new SplittableRandom(mine);
                                Key own = new Key();
                                try (KvSession by = fixture.store.openSession()) {
                                    for (int round = 0; round < keys; round++) {
                                        int target = random.nextInt(keys);
                                        if (put(by, own, target, 300) != Status.OK) {
                                            failures.incrementAndGet();
                                        }
                                    }
                                }
                            }));
        }
        Thread agents =
                new Thread(
                        () -> {
                            while (threads.stream().anyMatch(Thread::isAlive)) {
                                fixture.store.agents().forEach(Agent::doWork);
                                Thread.yield();
                            }
                        });
        threads.forEach(Thread::start);
        agents.start();
        for (Thread thread : threads) {
            thread.join();
        }
        agents.join();
        assertThat(failures).hasValue(0);
        assertThat(fixture.table.objects()).isEqualTo(keys);
        for (int number = 0; number < keys; number++) {
            session.enter();
            key.wrap(("key:" + number).getBytes(UTF_8));
            assertThat(session.read(fixture.table, key)).isEqualTo(Status.OK);
            assertThat(session.object().valueLength()).isEqualTo(300);
            session.exit();
        }
    }
}
