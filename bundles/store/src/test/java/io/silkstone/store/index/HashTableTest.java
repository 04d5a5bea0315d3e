package io.silkstone.store.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.store.memory.Backoff;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class HashTableTest {
    private static final int CHUNK_LINES = 1024;
    private static final int CROWDED = 23;

    private static Key[] keys(int count) {
        Key[] keys = new Key[count];
        for (int number = 0; number < count; number++) {
            keys[number] = new Key().wrap(("key:" + number).getBytes(StandardCharsets.UTF_8));
        }
        return keys;
    }

    private static boolean put(HashTable table, Key key, long entry) {
        long line = table.lock(key.hash());
        long slot = table.locate(line, key);
        if (slot != 0) {
            table.replace(slot, entry);
        } else {
            slot = table.claim(line);
            if (slot != 0) {
                table.fill(slot, key.hash(), entry);
            }
        }
        table.unlock(line);
        table.grow();
        return slot != 0;
    }

    private static long remove(HashTable table, Key key) {
        long line = table.lock(key.hash());
        long slot = table.locate(line, key);
        long entry = slot == 0 ? 0 : table.entryAt(slot);
        if (slot != 0) {
            table.remove(slot);
        }
        table.unlock(line);
        return entry;
    }

    @Test
    void open_withoutMemory_isRefused() {
        assertThat(HashTable.open(new HeapLines(keys(0), CHUNK_LINES, 0), Backoff.YIELDING))
                .isNull();
    }

    @Test
    void reserve_ofAllMemory_isThereForItsInsertsAndForNoOthers() {
        Key[] keys = keys(100);
        HashTable table =
                HashTable.open(new HeapLines(keys, 8, 2), Backoff.YIELDING, 1, Integer.MAX_VALUE);
        for (int number = 0; number < 7; number++) {
            assertThat(put(table, keys[number], HeapLines.entry(number, 1))).isTrue();
        }
        HashTable.Spares spares = new HashTable.Spares();
        int nodes = 8 * 64 / OverflowNodes.NODE_BYTES;
        assertThat(table.reserve(nodes + 1, spares)).isFalse();
        assertThat(table.reserve(0, spares)).isTrue();
        assertThat(table.reserve(nodes, spares)).isTrue();
        assertThat(put(table, keys[7], HeapLines.entry(7, 1))).isFalse();
        for (int number = 7; number < 7 + nodes; number++) {
            long line = table.lock(keys[number].hash());
            long slot = table.claim(line, spares);
            assertThat(slot).isNotZero();
            table.fill(slot, keys[number].hash(), HeapLines.entry(number, 1));
            table.unlock(line);
        }
        table.release(spares);
        int count = 7 + nodes;
        while (put(table, keys[count], HeapLines.entry(count, 1))) {
            count++;
        }
        assertThat(count).as("all nodes are in use").isEqualTo(7 + 3 * nodes + 1);
        for (int number = 0; number < count; number++) {
            assertThat(table.find(keys[number])).isEqualTo(HeapLines.entry(number, 1));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomOperations_asJavasMap(long seed) {
        Key[] keys = keys(3_000);
        HeapLines memory = new HeapLines(keys, 8, 400);
        HashTable table = HashTable.open(memory, Backoff.YIELDING, 1, CROWDED);
        Map<Integer, Long> model = new HashMap<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 1; step <= 60_000; step++) {
            int number = random.nextInt(step < 30_000 ? 3_000 : 300);
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    long entry = HeapLines.entry(number, step);
                    assertThat(put(table, keys[number], entry)).isTrue();
                    model.put(number, entry);
                }
                case 3, 4 -> {
                    Long before = model.remove(number);
                    assertThat(remove(table, keys[number])).isEqualTo(before == null ? 0 : before);
                }
                case 5 -> {
                    long before = model.getOrDefault(number, HeapLines.entry(number, step));
                    long entry = HeapLines.entry(number, step);
                    boolean had = model.replace(number, entry) != null;
                    assertThat(table.replaceIf(keys[number].hash(), before, entry)).isEqualTo(had);
                }
                case 6 -> {
                    long before = model.getOrDefault(number, HeapLines.entry(number, step));
                    boolean had = model.remove(number) != null;
                    assertThat(table.removeIf(keys[number].hash(), before)).isEqualTo(had);
                }
                default ->
                        assertThat(table.find(keys[number]))
                                .isEqualTo(model.getOrDefault(number, 0L));
            }
            assertThat(table.count()).isEqualTo(model.size());
        }
        model.forEach((number, entry) -> assertThat(table.find(keys[number])).isEqualTo(entry));
        assertThat(everyEntry(table)).containsExactlyInAnyOrderElementsOf(model.values());
        table.close();
        assertThat(memory.chunksTaken()).isZero();
    }

    @Test
    void find_tagZeroInEmptyLine_findsNothing() {
        Key[] keys = keys(200_000);
        HashTable table = HashTable.open(new HeapLines(keys, CHUNK_LINES, 4), Backoff.YIELDING);
        int tagless = 0;
        for (Key key : keys) {
            if ((key.hash() >>> 34 & 0xffff) == 0) {
                tagless++;
                assertThat(table.find(key)).isZero();
            }
        }
        assertThat(tagless).isPositive();
    }

    @Test
    void grow_manyObjects_staysWithinThirteenBytesEach() {
        int count = 400_000;
        Key[] keys = keys(count);
        HashTable table = HashTable.open(new HeapLines(keys, CHUNK_LINES, 200), Backoff.YIELDING);
        for (int number = 0; number < count; number++) {
            put(table, keys[number], HeapLines.entry(number, 1));
            if (number > 100_000 && number % 10_000 == 0) {
                int slack = 2 * CHUNK_LINES * 64;
                assertThat(table.bytes()).isLessThanOrEqualTo(13L * (number + 1) + slack);
            }
        }
        assertThat(table.count()).isEqualTo(count);
        assertThat(table.lines()).isBetween(count * 4L / CROWDED, count * 4L / CROWDED + 1);
        for (int number = 0; number < count; number++) {
            assertThat(table.find(keys[number])).isEqualTo(HeapLines.entry(number, 1));
        }
    }

    @Test
    void grow_oneInsert_splitsAtMostOneLine() {
        Key[] keys = keys(20_000);
        HashTable table = HashTable.open(new HeapLines(keys, CHUNK_LINES, 40), Backoff.YIELDING);
        for (int number = 0; number < keys.length; number++) {
            long before = table.lines();
            put(table, keys[number], HeapLines.entry(number, 1));
            assertThat(table.lines()).isLessThanOrEqualTo(before + 1);
        }
    }

    @Test
    void growFor_objectsToCome_isAsLongAsTheyWouldMakeIt() {
        int count = 5_000;
        HashTable grown =
                HashTable.open(new HeapLines(keys(0), CHUNK_LINES, 100), Backoff.YIELDING);
        while (grown.growFor(count, 64)) {
            assertThat(grown.count()).isZero();
        }
        Key[] keys = keys(count);
        HashTable filled = HashTable.open(new HeapLines(keys, CHUNK_LINES, 100), Backoff.YIELDING);
        for (int number = 0; number < count; number++) {
            put(filled, keys[number], HeapLines.entry(number, 1));
        }
        assertThat(grown.lines()).isBetween(filled.lines() - 1, filled.lines() + 1);
        assertThat(grown.growFor(count, 64)).isFalse();
    }

    @Test
    void growFor_memoryRefused_endsWithoutAll() {
        HashTable table =
                HashTable.open(new HeapLines(keys(0), 8, 2), Backoff.YIELDING, 1, CROWDED);
        while (table.growFor(1_000, 4)) {
            assertThat(table.lines()).isLessThanOrEqualTo(16);
        }
        assertThat(table.lines()).isEqualTo(16);
    }

    @Test
    void claim_memoryRefused_servesWithLongerChainsUntilFull() {
        Key[] keys = keys(5_000);
        HeapLines memory = new HeapLines(keys, 16, 400);
        HashTable table = HashTable.open(memory, Backoff.YIELDING);
        memory.limit(20);
        int full = 0;
        while (put(table, keys[full], HeapLines.entry(full, 1))) {
            full++;
        }
        assertThat(full).isGreaterThan(16 * 19 * 5);
        assertThat(table.find(keys[full])).isZero();
        for (int number = 0; number < full; number++) {
            assertThat(table.find(keys[number])).isEqualTo(HeapLines.entry(number, 1));
            assertThat(put(table, keys[number], HeapLines.entry(number, 2))).isTrue();
        }
        memory.limit(400);
        for (int number = full; number < keys.length; number++) {
            assertThat(put(table, keys[number], HeapLines.entry(number, 2))).isTrue();
        }
        for (int number = 0; number < keys.length; number++) {
            assertThat(table.find(keys[number])).isEqualTo(HeapLines.entry(number, 2));
        }
        assertThat(table.lines()).isGreaterThanOrEqualTo(keys.length * 4L / CROWDED - 1);
    }

    @Test
    void scan_whileTableGrows_visitsWhatWasThereThroughout() {
        Key[] keys = keys(50_000);
        for (int seed = 0; seed < 8; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            HashTable table =
                    HashTable.open(new HeapLines(keys, CHUNK_LINES, 40), Backoff.YIELDING);
            int before = 10 + random.nextInt(3_000);
            for (int number = 0; number < before; number++) {
                put(table, keys[number], HeapLines.entry(number, 1));
            }
            Set<Integer> visited = new HashSet<>();
            int next = before;
            int calls = 0;
            long cursor = 0;
            do {
                cursor = table.scan(cursor, entry -> visited.add(HeapLines.keyOf(entry)));
                calls++;
                for (int writes = random.nextInt(60); writes > 0 && next < 50_000; writes--) {
                    put(table, keys[next], HeapLines.entry(next, 1));
                    next++;
                }
            } while (cursor != 0);
            for (int number = 0; number < before; number++) {
                if (!visited.contains(number)) {
                    throw new AssertionError("seed " + seed + " missed key " + number);
                }
            }
            assertThat(calls).isLessThanOrEqualTo((int) table.lines());
        }
    }

    @Test
    void scan_anyCursor_endsAndStaysInBounds() {
        Key[] keys = keys(1_000);
        HashTable table = HashTable.open(new HeapLines(keys, CHUNK_LINES, 4), Backoff.YIELDING);
        for (int number = 0; number < keys.length; number++) {
            put(table, keys[number], HeapLines.entry(number, 1));
        }
        SplittableRandom random = new SplittableRandom(7);
        for (int trial = 0; trial < 1_000; trial++) {
            long cursor = random.nextLong();
            int calls = 0;
            do {
                cursor = table.scan(cursor, entry -> {});
                calls++;
            } while (cursor != 0);
            assertThat(calls).isLessThanOrEqualTo((int) table.lines());
        }
    }

    @Test
    void random_manyDraws_aboutEvenAcrossSplitAndUnsplitLines() {
        Key[] keys = keys(1_000);
        HashTable table = HashTable.open(new HeapLines(keys, CHUNK_LINES, 4), Backoff.YIELDING);
        SplittableRandom random = new SplittableRandom(11);
        assertThat(table.random(random)).isZero();
        for (int number = 0; number < keys.length; number++) {
            put(table, keys[number], HeapLines.entry(number, 1));
        }
        int[] drawn = new int[keys.length];
        for (int draw = 0; draw < 200_000; draw++) {
            drawn[HeapLines.keyOf(table.random(random))]++;
        }
        // 200 expected each, standard deviation 14.
        for (int count : drawn) {
            assertThat(count).isBetween(100, 320);
        }
    }

    @Test
    void random_oneObjectInManyLines_isFound() {
        Key[] keys = keys(20_000);
        HashTable table = HashTable.open(new HeapLines(keys, CHUNK_LINES, 20), Backoff.YIELDING);
        for (int number = 0; number < keys.length; number++) {
            put(table, keys[number], HeapLines.entry(number, 1));
        }
        for (int number = 1; number < keys.length; number++) {
            remove(table, keys[number]);
        }
        SplittableRandom random = new SplittableRandom(5);
        for (int draw = 0; draw < 20; draw++) {
            assertThat(table.random(random)).isEqualTo(HeapLines.entry(0, 1));
        }
    }

    @Test
    void concurrent_readersDuringSplits_alwaysFindWhatIsThere() throws InterruptedException {
        int stable = 2_000;
        Key[] keys = keys(120_000);
        HashTable table = HashTable.open(new HeapLines(keys, 64, 2_000), Backoff.YIELDING);
        for (int number = 0; number < stable; number++) {
            put(table, keys[number], HeapLines.entry(number, 1));
        }
        AtomicReference<String> failure = new AtomicReference<>();
        AtomicInteger writing = new AtomicInteger(2);
        List<Thread> threads = new ArrayList<>();
        for (int writer = 0; writer < 2; writer++) {
            int first = stable + writer;
            threads.add(
                    Thread.ofPlatform()
                            .unstarted(
                                    () -> {
                                        write(table, keys, first, failure);
                                        writing.decrementAndGet();
                                    }));
        }
        for (int reader = 0; reader < 2; reader++) {
            SplittableRandom random = new SplittableRandom(reader);
            threads.add(
                    Thread.ofPlatform()
                            .unstarted(
                                    () -> {
                                        while (writing.get() > 0) {
                                            read(table, keys, stable, random, failure);
                                        }
                                    }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        assertThat(everyEntry(table)).hasSize((int) table.count());
    }

    private static void write(
            HashTable table, Key[] keys, int first, AtomicReference<String> failure) {
        for (int number = first; number < keys.length; number += 2) {
            put(table, keys[number], HeapLines.entry(number, 1));
            put(table, keys[number], HeapLines.entry(number, 2));
            if (table.find(keys[number]) != HeapLines.entry(number, 2)) {
                failure.set("own write of key " + number + " is not there");
            }
            if (number % 3 == 0 && remove(table, keys[number]) == 0) {
                failure.set("own key " + number + " cannot be removed");
            }
        }
    }

    private static void read(
            HashTable table,
            Key[] keys,
            int stable,
            SplittableRandom random,
            AtomicReference<String> failure) {
        for (int round = 0; round < 1_000; round++) {
            int number = random.nextInt(stable);
            if (table.find(keys[number]) != HeapLines.entry(number, 1)) {
                failure.set("key " + number + " was lost for a moment");
            }
        }
    }

    private static List<Long> everyEntry(HashTable table) {
        List<Long> entries = new ArrayList<>();
        long cursor = 0;
        do {
            cursor = table.scan(cursor, entries::add);
        } while (cursor != 0);
        return entries;
    }
}
