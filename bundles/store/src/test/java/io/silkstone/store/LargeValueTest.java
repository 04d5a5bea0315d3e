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
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class LargeValueTest {
    private static final int KEYS_MAX = 100_000;

    /** What values are cut out of: where, tells whose they are. */
    private final byte[] pattern = new byte[24 << 20];

    private final MemorySegment patternMemory = MemorySegment.ofArray(pattern);
    private final int[] lengths = new int[KEYS_MAX];
    private final int[] seeds = new int[KEYS_MAX];
    private final Key key = new Key();
    private final WriteOptions options = new WriteOptions();
    private StoreFixture fixture;

    LargeValueTest() {
        new SplittableRandom(11).nextBytes(pattern);
        Arrays.fill(lengths, -1);
    }

    private void open(int memoryMiB, int segmentMiB) {
        fixture =
                new StoreFixture(
                        StoreOptions.DEFAULTS
                                .withMemoryBytes((long) memoryMiB << 20)
                                .withSegmentBytes(segmentMiB << 20)
                                .withMemoryPrefaultBytes(0));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static long offset(int number, int seed) {
        return (number * 7919L + seed * 104_729L) % (12 << 20);
    }

    private Status put(KvSession by, Key key, int number, int seed, int length) {
        by.enter();
        key.wrap(("key:" + number).getBytes(UTF_8));
        Status status =
                by.write(
                        fixture.table,
                        key,
                        patternMemory,
                        offset(number, seed),
                        length,
                        new WriteOptions());
        by.exit();
        return status;
    }

    private Status put(int number, int seed, int length) {
        Status status = put(fixture.session, key, number, seed, length);
        if (status == Status.OK) {
            lengths[number] = length;
            seeds[number] = seed;
        }
        return status;
    }

    private void remove(int number) {
        KvSession session = fixture.session;
        session.enter();
        key.wrap(("key:" + number).getBytes(UTF_8));
        assertThat(session.remove(fixture.table, key, options.reset())).isEqualTo(Status.OK);
        session.exit();
        lengths[number] = -1;
    }

    private void verify(int number) {
        KvSession session = fixture.session;
        session.enter();
        key.wrap(("key:" + number).getBytes(UTF_8));
        Status status = session.read(fixture.table, key);
        boolean right = status == (lengths[number] < 0 ? Status.NOT_FOUND : Status.OK);
        if (right && status == Status.OK) {
            long value = session.object().valueOffset();
            long from = offset(number, seeds[number]);
            int length = lengths[number];
            right =
                    session.object().valueLength() == length
                            && MemorySegment.mismatch(
                                            session.object().memory(),
                                            value,
                                            value + length,
                                            patternMemory,
                                            from,
                                            from + length)
                                    < 0;
        }
        session.exit();
        if (!right) {
            throw new AssertionError("object " + number + " is not what was written: " + status);
        }
    }

    private long live() {
        KvStore.Usage usage = fixture.store.usage();
        return usage.logLive() + usage.hashTables();
    }

    private long usable() {
        return fixture.store.pool().capacity()
                - fixture.store.pool().reserve(Claimant.WRITE)
                - 2L * fixture.store.log().segmentBytes();
    }

    private int max() {
        return fixture.store.valueBytesMax();
    }

    /** All orders of magnitude alike. */
    private int ofAnyOrder(SplittableRandom random) {
        return (int) Math.pow(max(), random.nextDouble());
    }

    private int ofAnyLength(SplittableRandom random) {
        return random.nextInt(max() + 1);
    }

    private long metric(CleanerMetrics metric) {
        return fixture.metrics.counter(metric).get();
    }

    /**
     * Overwrites objects of all lengths at random, with so many percent of memory alive, and checks
     * every byte; then removes them all and fills memory once more.
     */
    private void overwriteAtRandom(
            long seed, int percent, int rounds, ToIntFunction<SplittableRandom> sizes) {
        SplittableRandom random = new SplittableRandom(seed);
        long wanted = usable() * percent / 100;
        int keys = fill(wanted, random, sizes);
        for (int round = 1; round <= rounds; round++) {
            int number = random.nextInt(keys);
            int length = sizes.applyAsInt(random);
            int before = lengths[number];
            if (live() + length - Math.max(0, before) <= wanted) {
                assertThat(put(number, round, length)).as("round %d", round).isEqualTo(Status.OK);
            } else if (before >= 0) {
                remove(number);
            }
            verify(random.nextInt(keys));
        }
        for (int number = 0; number < keys; number++) {
            verify(number);
        }
        for (int number = 0; number < keys; number++) {
            if (lengths[number] >= 0) {
                remove(number);
            }
        }
        assertThat(fixture.table.objects()).isZero();
        assertThat(fill(wanted, new SplittableRandom(seed), sizes)).isEqualTo(keys);
        assertThat(fixture.metric(StoreMetrics.OUT_OF_MEMORY)).isZero();
    }

    private int fill(long wanted, SplittableRandom random, ToIntFunction<SplittableRandom> sizes) {
        int keys = 0;
        while (live() < wanted - max()) {
            assertThat(put(keys, 0, sizes.applyAsInt(random))).isEqualTo(Status.OK);
            keys++;
        }
        return keys;
    }

    @ParameterizedTest
    @CsvSource({"1,128,2,50", "2,128,2,80", "3,128,2,90", "4,128,8,50", "5,128,8,80", "6,128,8,90"})
    void overwrite_withSizesOfAllOrders_isNeverRefused(
            long seed, int memoryMiB, int segmentMiB, int percent) {
        open(memoryMiB, segmentMiB);
        overwriteAtRandom(seed, percent, 1_000, this::ofAnyOrder);
    }

    @ParameterizedTest
    @CsvSource({"1,128,2,50", "2,128,2,80", "3,128,8,50", "4,128,8,70"})
    void overwrite_withLargeValuesOnly_isNeverRefused(
            long seed, int memoryMiB, int segmentMiB, int percent) {
        open(memoryMiB, segmentMiB);
        overwriteAtRandom(seed, percent, 300, this::ofAnyLength);
    }

    @Test
    void write_ofSmallValuesBetweenLarge_fillsTheGaps() {
        open(128, 4);
        int more = max() * 6 / 10;
        int keys = 0;
        while (put(keys, 0, more) == Status.OK) {
            keys++;
        }
        long withoutSmall = live();
        assertThat(withoutSmall).isLessThan(usable() * 7 / 10);
        // To begin with, small entries need a segment of their own.
        for (int number = 0; number < 2; number++) {
            keys--;
            remove(keys);
        }
        int all = keys;
        while (all < KEYS_MAX && put(all, 1, 2_000) == Status.OK) {
            all++;
        }
        assertThat(live()).isGreaterThan(usable() * 95 / 100);
        assertThat(metric(CleanerMetrics.REPACKINGS)).isPositive();
        assertThat(fixture.metric(StoreMetrics.OUT_OF_MEMORY)).isEqualTo(2);
        for (int number = 0; number < all; number++) {
            verify(number);
        }
    }

    @Test
    void write_whenAlmostHalfOfMemoryIsAlive_mergesWhatLargeValuesLeaveBehind() {
        open(128, 4);
        int keys = 0;
        int less = max() * 45 / 100;
        while (put(keys, 0, less) == Status.OK) {
            keys++;
        }
        for (int number = 0; number < keys; number += 2) {
            remove(number);
        }
        // No segment is free, and each holds one live object: pairs must be formed.
        int added = 0;
        while (put(keys + added, 1, max()) == Status.OK) {
            added++;
        }
        assertThat(added).isGreaterThanOrEqualTo(keys / 4 - 1);
        for (int number = 0; number < keys + added; number++) {
            verify(number);
        }
    }

    @Test
    void write_byManyThreadsLargeAndSmall_noneLacksMemoryAndNothingIsLost()
            throws InterruptedException {
        open(128, 4);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int writer = 0; writer < 4; writer++) {
            int mine = writer;
            boolean large = writer % 2 == 0;
            Runnable body = () -> overwriteOwn(mine, large);
            Thread thread = new Thread(body);
            thread.setUncaughtExceptionHandler((dead, thrown) -> failure.set(thrown));
            threads.add(thread);
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        for (int number = 0; number < KEYS_MAX; number++) {
            verify(number);
        }
        // Writers of small entries must not eat the room that was made for a large one.
        assertThat(fixture.metric(StoreMetrics.OUT_OF_MEMORY)).isZero();
    }

    private void overwriteOwn(int writer, boolean large) {
        int first = writer * (KEYS_MAX / 4);
        int keys = large ? 4 : 10_000;
        int rounds = large ? 60 : 30_000;
        SplittableRandom random = new SplittableRandom(writer);
        Key own = new Key();
        try (KvSession session = fixture.store.openSession()) {
            for (int round = 1; round <= rounds; round++) {
                int number = first + random.nextInt(keys);
                int length = large ? max() - random.nextInt(1000) : random.nextInt(1000);
                Status status = put(session, own, number, round, length);
                if (status != Status.OK) {
                    throw new AssertionError(length + " bytes in round " + round + ": " + status);
                }
                lengths[number] = length;
                seeds[number] = round;
            }
        }
    }

    @Test
    void valueBytesMax_followsTheSegment() {
        open(128, 8);
        assertThat(max()).isBetween((8 << 20) - (128 << 10), (8 << 20) - KvStore.KEY_BYTES_MAX);
        assertThat(put(1, 1, max())).isEqualTo(Status.OK);
        assertThat(put(1, 2, max() + 1)).isEqualTo(Status.TOO_LARGE);
        verify(1);
    }
}
