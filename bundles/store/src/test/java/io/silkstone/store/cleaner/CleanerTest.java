package io.silkstone.store.cleaner;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class CleanerTest {
    private static final int MEMORY = 16 << 20;
    private static final int RESERVE = 2;
    private static final int SEGMENT = 256 << 10;

    private record Value(int seed, int bytes, long expiryMillis) {}

    private static void settle(Objects objects) {
        for (int slice = 0; slice < 100_000 && objects.cleaner.doWork() > 0; slice++) {
            objects.epochs.reclaim();
        }
        objects.epochs.reclaim();
    }

    private static void assertMemoryIsConserved(Objects objects) {
        objects.epochs.reclaim();
        assertThat(objects.epochs.isPending()).isFalse();
        assertThat(objects.pool.capacity() - objects.pool.freeBytes())
                .isEqualTo(objects.accountedBytes());
        for (int slot = 0; slot < objects.log.slots(); slot++) {
            Segment segment = objects.log.segment(slot);
            if (segment != null) {
                assertThat(segment.liveBytes()).isEqualTo(Objects.countLiveBytes(segment));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,90,200", "2,95,200", "3,93,3000", "4,90,20000", "5,92,100"})
    void randomOperations_memoryNearlyFull_nothingLostNothingRisen(
            long seed, int percent, int valueBytesMax) {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            SplittableRandom random = new SplittableRandom(seed);
            Map<Integer, Value> model = new HashMap<>();
            long usable = MEMORY - objects.pool.reserve(Claimant.WRITE);
            long wanted = usable * percent / 100;
            int average = 30 + 12 + valueBytesMax / 2;
            int keys = (int) (wanted / average);
            int refused = 0;
            int steps = 4 * keys;
            long live = 0;
            for (int step = 0; step < steps; step++) {
                objects.now.addAndGet(1);
                int number = random.nextInt(keys);
                if (step % 16 == 0) {
                    live = objects.log.liveBytes() + objects.index.bytes();
                }
                if (live > wanted || random.nextInt(10) == 0) {
                    if (client.remove(number)) {
                        model.remove(number);
                    }
                } else {
                    int bytes = random.nextInt(valueBytesMax);
                    boolean expires = random.nextInt(8) == 0;
                    long expiry = expires ? objects.now.get() + random.nextInt(2 * keys) + 1 : 0;
                    if (client.put(number, step & 0xff, bytes, expiry)) {
                        model.put(number, new Value(step & 0xff, bytes, expiry));
                    } else {
                        refused++;
                    }
                }
                if (step % 7 == 0) {
                    objects.cleaner.doWork();
                }
                int other = random.nextInt(keys);
                requireAsModel(client, other, model, objects);
            }
            assertThat(refused).isZero();
            for (int number = 0; number < keys; number++) {
                requireAsModel(client, number, model, objects);
            }
            settle(objects);
            assertMemoryIsConserved(objects);
            assertThat(objects.metric(CleanerMetrics.COMBINED)).isPositive();
        }
    }

    /** Without AssertJ, which would take most of the time of so many checks. */
    private static void requireAsModel(
            Objects.Client client, int number, Map<Integer, Value> model, Objects objects) {
        int length = client.read(number, seedOf(model, number));
        if (length != lengthOf(model, number, objects)) {
            throw new AssertionError("object " + number + " is " + model.get(number));
        }
    }

    private static int seedOf(Map<Integer, Value> model, int number) {
        return model.containsKey(number) ? model.get(number).seed : -1;
    }

    private static int lengthOf(Map<Integer, Value> model, int number, Objects objects) {
        Value value = model.get(number);
        boolean there =
                value != null
                        && (value.expiryMillis == 0 || value.expiryMillis > objects.now.get());
        return there ? value.bytes : -1;
    }

    @Test
    void everythingRemoved_tombstonesGoToo() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            int keys = 75_000;
            for (int number = 0; number < keys; number++) {
                assertThat(client.put(number, 1, 80, 0)).isTrue();
            }
            for (int number = 0; number < keys; number++) {
                assertThat(client.remove(number)).isTrue();
            }
            // Writing on makes the log roll, and the cleaner meet the tombstones.
            for (int step = 0; step < 400_000; step++) {
                assertThat(client.put(step % 100, step & 0xff, 80, 0)).isTrue();
                if (step % 16 == 0) {
                    objects.cleaner.doWork();
                }
            }
            long tombstones = 0;
            for (int slot = 0; slot < objects.log.slots(); slot++) {
                Segment segment = objects.log.segment(slot);
                tombstones += segment == null ? 0 : segment.tombstoneBytes();
            }
            assertThat(tombstones).isLessThan(keys * 56L / 4);
            assertThat(objects.index.count()).isEqualTo(100);
        }
    }

    @Test
    void removedWithoutFurtherWrites_segmentsWithoutLiveEntriesAreGivenBack() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            for (int number = 0; number < 50_000; number++) {
                client.put(number % 10, 1, 200, 0);
            }
            for (int call = 0; call < 10_000; call++) {
                objects.cleaner.doWork();
            }
            assertThat(objects.log.segmentsBytes()).isLessThan(4L * SEGMENT);
            assertMemoryIsConserved(objects);
        }
    }

    @Test
    void expired_inSegmentsThatAreCleaned_areUnhookedAndCountedOnce() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            int keys = 50_000;
            for (int number = 0; number < keys; number++) {
                long expiry = number % 2 == 0 ? 5_000 : 0;
                assertThat(client.put(number, 1, 150, expiry)).isTrue();
            }
            objects.now.set(5_000);
            for (int step = 0; step < 3 * keys; step++) {
                int number = step % keys | 1;
                assertThat(client.put(number, step & 0xff, 150, 0)).isTrue();
                objects.cleaner.doWork();
            }
            assertThat(objects.expired.get()).isBetween(keys / 4L, keys / 2L);
            assertThat(objects.index.count()).isEqualTo(keys - objects.expired.get());
        }
    }

    @Test
    void pass_stoppedAnywhere_hasCountedWhatItFoundDead() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            for (int number = 0; objects.pool.available(Claimant.WRITE) > SEGMENT; number++) {
                assertThat(client.put(number, 1, 100, number % 2 == 0 ? 5_000 : 0)).isTrue();
                if (number % 10 == 1) {
                    client.remove(number);
                }
            }
            objects.now.set(5_000);
            for (int slice = 0; slice < 200; slice++) {
                objects.cleaner.doWork();
                for (int slot = 0; slot < objects.log.slots(); slot++) {
                    Segment segment = objects.log.segment(slot);
                    if (segment != null && segment.isClosed() && slice % 20 == 0) {
                        assertThat(segment.liveBytes())
                                .isEqualTo(objects.countWantedBytes(segment));
                    }
                }
            }
            assertThat(objects.expired).hasPositiveValue();
        }
    }

    @Test
    void removed_whileItIsCopied_leavesNoCopyBehind() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            Objects.Client remover = objects.client();
            int keys = 0;
            while (objects.pool.available(Claimant.WRITE) > SEGMENT) {
                client.put(keys++, 1, 100, 0);
            }
            for (int number = 1; number < keys; number += 3) {
                client.remove(number);
            }
            List<Integer> removed = new ArrayList<>();
            objects.onGathered =
                    number -> {
                        if (removed.size() < 20) {
                            assertThat(remover.remove(number)).isTrue();
                            removed.add(number);
                        }
                    };
            settle(objects);
            assertThat(removed).hasSize(20);
            assertMemoryIsConserved(objects);
            for (int number : removed) {
                assertThat(objects.countCopies(number)).isZero();
            }
        }
    }

    /** Who writes on while another cleans too slowly, or stands still, ends without memory. */
    @Test
    void assist_whileAnotherCleans_waitsForItWhenMuchIsOwedAndNotForEver() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            int keys = 0;
            while (objects.pool.available(Claimant.WRITE) > 0) {
                client.put(keys++, 1, 100, 0);
            }
            for (int number = 1; number < keys; number += 3) {
                client.remove(number);
            }
            AtomicInteger waits = new AtomicInteger();
            List<Integer> waitsAfter = new ArrayList<>();
            objects.onWait = attempt -> waits.incrementAndGet();
            objects.onGathered =
                    number -> {
                        if (waitsAfter.isEmpty()) {
                            objects.cleaner.assist(100);
                            waitsAfter.add(waits.get());
                            objects.cleaner.assist(64 << 20);
                            waitsAfter.add(waits.get());
                        }
                    };
            settle(objects);
            assertThat(waitsAfter.get(0)).isZero();
            assertThat(waitsAfter.get(1)).isBetween(1_000, 10_000);
        }
    }

    @Test
    void full_ofLiveObjects_isSaidAndRemovalMakesRoom() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            int written = 0;
            while (client.put(written, 1, 100, 0)) {
                written++;
            }
            long usable = MEMORY - objects.pool.reserve(Claimant.WRITE);
            assertThat(objects.log.liveBytes() + objects.index.bytes())
                    .isGreaterThan(usable * 95 / 100);
            for (int number = 0; number < written; number++) {
                assertThat(client.read(number, 1)).isEqualTo(100);
            }
            for (int number = 0; number < written / 5; number++) {
                assertThat(client.remove(number)).isTrue();
            }
            for (int number = 0; number < written / 10; number++) {
                assertThat(client.put(number, 2, 100, 0)).isTrue();
            }
            assertThat(objects.metric(CleanerMetrics.COMPACTIONS)).isPositive();
        }
    }

    /** What a segment full of tombstones buries is then half a per cent of each other segment. */
    @Test
    void full_andRemovedInRandomOrder_neverRefusesARemoval() {
        try (Objects objects = new Objects(MEMORY, SEGMENT / 4, RESERVE)) {
            Objects.Client client = objects.client();
            int written = 0;
            while (client.put(written, 1, 20, 0)) {
                written++;
            }
            SplittableRandom random = new SplittableRandom(3);
            int refused = 0;
            for (int count = 0; count < written / 16; count++) {
                refused += client.remove(random.nextInt(written)) ? 0 : 1;
            }
            assertThat(refused).isZero();
            assertThat(objects.index.count()).isLessThan(written * 95L / 100);
        }
    }

    @Test
    void fragmentedByMixedSizes_largeObjectsFindRoom() {
        try (Objects objects = new Objects(2 * MEMORY, 4 * SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            SplittableRandom random = new SplittableRandom(3);
            int[] lengths = new int[2_000];
            for (int step = 0; step < 20_000; step++) {
                int number = random.nextInt(lengths.length);
                boolean large = number % 100 == 0;
                int bytes = large ? 200_000 + random.nextInt(300_000) : random.nextInt(5_000);
                boolean done = client.put(number, step & 0xff, bytes, 0);
                assertThat(done).as("step %d", step).isTrue();
                lengths[number] = bytes;
                objects.cleaner.doWork();
                assertThat(client.read(number, step & 0xff)).isEqualTo(bytes);
            }
            settle(objects);
            assertMemoryIsConserved(objects);
        }
    }

    @Test
    void batchUnderWay_memoryItMayReadStaysUntilItEnds() {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            Objects.Client client = objects.client();
            for (int number = 0; number < 62_000; number++) {
                client.put(number, 1, 150, 0);
            }
            int reader = objects.epochs.register();
            objects.epochs.enter(reader);
            long before = objects.pool.freeBytes();
            for (int number = 0; number < 62_000; number += 2) {
                client.remove(number);
            }
            for (int slice = 0; slice < 2_000; slice++) {
                objects.cleaner.doWork();
            }
            assertThat(objects.metric(CleanerMetrics.RETIRED)).isPositive();
            assertThat(objects.pool.freeBytes()).isLessThanOrEqualTo(before);
            objects.epochs.exit(reader);
            settle(objects);
            assertThat(objects.pool.freeBytes()).isGreaterThan(before);
            assertMemoryIsConserved(objects);
        }
    }

    @Test
    void concurrent_writersReadersAndCleaner_seeOnlyWhatWasWritten() throws Exception {
        try (Objects objects = new Objects(MEMORY, SEGMENT, RESERVE)) {
            int keysEach = 25_000;
            AtomicInteger working = new AtomicInteger(2);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int writer = 0; writer < 2; writer++) {
                int first = writer * keysEach;
                threads.add(thread(failure, () -> overwrite(objects, first, keysEach, working)));
            }
            Objects.Client readerClient = objects.client();
            SplittableRandom random = new SplittableRandom(9);
            threads.add(
                    thread(
                            failure,
                            () -> {
                                while (working.get() > 0) {
                                    readerClient.read(random.nextInt(2 * keysEach), -1);
                                }
                            }));
            threads.add(
                    thread(
                            failure,
                            () -> {
                                while (working.get() > 0) {
                                    if (objects.cleaner.doWork() == 0) {
                                        Thread.yield();
                                    }
                                }
                            }));
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
            settle(objects);
            assertMemoryIsConserved(objects);
            assertThat(objects.metric(CleanerMetrics.RETIRED)).isGreaterThan(MEMORY);
        }
    }

    private static Thread thread(AtomicReference<Throwable> failure, Runnable body) {
        return Thread.ofPlatform()
                .unstarted(
                        () -> {
                            try {
                                body.run();
                            } catch (Throwable thrown) {
                                failure.compareAndSet(null, thrown);
                            }
                        });
    }

    private static void overwrite(Objects objects, int first, int keys, AtomicInteger working) {
        try {
            Objects.Client client = objects.client();
            SplittableRandom random = new SplittableRandom(first);
            int[] seeds = new int[keys];
            for (int number = 0; number < keys; number++) {
                assertThat(client.put(first + number, 0, 200, 0)).isTrue();
            }
            for (int step = 1; step < 50_000; step++) {
                int number = random.nextInt(keys);
                if (client.read(first + number, seeds[number]) != 200
                        || !client.put(first + number, step & 0xff, 200, 0)) {
                    throw new AssertionError("object " + number + " was lost or refused");
                }
                seeds[number] = step & 0xff;
            }
        } finally {
            working.decrementAndGet();
        }
    }
}
