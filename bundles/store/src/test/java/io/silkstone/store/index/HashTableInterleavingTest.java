package io.silkstone.store.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Explores every interleaving with two preemptions of two operations, and demands that what they
 * return, and what the table holds then, is what one order or the other of them gives.
 */
@Timeout(120)
class HashTableInterleavingTest {
    private static final int KEYS_MAX = 24;
    private static final int NEVER = 1_000;
    private static final Key[] KEYS = keys();

    /** Odd keys move when line 0 is split. */
    private static Key[] keys() {
        Key[] keys = new Key[KEYS_MAX];
        int number = 0;
        for (int candidate = 0; number < KEYS_MAX; candidate++) {
            Key key = new Key().wrap(("k" + candidate).getBytes(StandardCharsets.UTF_8));
            if ((key.hash() & 1) == (number & 1)) {
                keys[number++] = key;
            }
        }
        return keys;
    }

    private interface Operation {
        long on(HashTable table);
    }

    private static Operation find(int number) {
        return table -> table.find(KEYS[number]);
    }

    private static Operation put(int number, int version) {
        return table -> {
            long entry = HeapLines.entry(number, version);
            long line = table.lock(KEYS[number].hash());
            long slot = table.locate(line, KEYS[number]);
            long before = 0;
            if (slot == 0) {
                table.fill(table.claim(line), KEYS[number].hash(), entry);
            } else {
                before = table.entryAt(slot);
                table.replace(slot, entry);
            }
            table.unlock(line);
            table.grow();
            return before;
        };
    }

    private static Operation move(int number, int from, int to) {
        return table -> {
            long entry = HeapLines.entry(number, to);
            long before = HeapLines.entry(number, from);
            return table.replaceIf(KEYS[number].hash(), before, entry) ? 1 : 0;
        };
    }

    private static Operation remove(int number, int version) {
        return table -> {
            long entry = HeapLines.entry(number, version);
            return table.removeIf(KEYS[number].hash(), entry) ? 1 : 0;
        };
    }

    private static Operation both(Operation first, Operation second) {
        return table -> first.on(table) * 1_000_003 + second.on(table);
    }

    /** A table of one line with {@code filled} objects, which splits above {@code limit}. */
    private record Setting(int filled, int limit) {
        HashTable open(HeapLines memory, Interleaving interleaving) {
            HashTable table = HashTable.open(memory, attempt -> interleaving.waits(), 1, 4 * limit);
            for (int number = 0; number < filled; number++) {
                put(number, 1).on(table);
            }
            return table;
        }

        private List<Object> inOrder(Operation first, Operation second, boolean swapped) {
            HashTable table = open(new HeapLines(KEYS, 1, 16), new Interleaving(0, 0));
            long second0 = swapped ? second.on(table) : 0;
            long first0 = first.on(table);
            return List.of(first0, swapped ? second0 : second.on(table), contents(table));
        }
    }

    private static Map<Integer, Long> contents(HashTable table) {
        Map<Integer, Long> contents = new TreeMap<>();
        for (int number = 0; number < KEYS_MAX; number++) {
            contents.put(number, table.find(KEYS[number]));
        }
        List<Long> scanned = new ArrayList<>();
        long cursor = 0;
        do {
            cursor = table.scan(cursor, scanned::add);
        } while (cursor != 0);
        contents.put(-1, (long) scanned.size());
        contents.put(-2, table.count());
        return contents;
    }

    private static void explore(Setting setting, Operation first, Operation second)
            throws InterruptedException {
        List<Object> oneOrder = setting.inOrder(first, second, false);
        List<Object> otherOrder = setting.inOrder(first, second, true);
        boolean more = true;
        for (int firstSteps = 0; more; firstSteps++) {
            more = false;
            boolean longer = true;
            for (int secondSteps = 0; longer; secondSteps++) {
                Interleaving interleaving = new Interleaving(firstSteps, secondSteps);
                HeapLines memory = new HeapLines(KEYS, 1, 16, interleaving::step);
                HashTable table = setting.open(memory, interleaving);
                long[] results = new long[2];
                interleaving.run(
                        () -> results[0] = first.on(table), () -> results[1] = second.on(table));
                assertThat(List.of(results[0], results[1], contents(table)))
                        .as("after %d and %d steps", firstSteps, secondSteps)
                        .isIn(oneOrder, otherOrder);
                more |= interleaving.firstWasCutShort();
                longer = interleaving.secondWasCutShort();
            }
        }
    }

    @Test
    void find_whileLineIsSplit_findsWhatIsThere() throws InterruptedException {
        for (int number = 0; number < 8; number++) {
            explore(new Setting(6, 6), find(number), put(6, 1));
        }
    }

    @Test
    void find_whileChainIsSplit_findsWhatIsThere() throws InterruptedException {
        for (int number = 7; number < 13; number++) {
            explore(new Setting(12, 12), find(number), put(12, 1));
        }
    }

    @Test
    void find_whileLinesAreSplitOneAfterAnother_findsWhatIsThere() throws InterruptedException {
        for (int number = 0; number < 4; number++) {
            explore(new Setting(4, 1), find(number), both(put(4, 1), put(5, 1)));
        }
    }

    @Test
    void find_whileReferenceGivesWayToLink_findsWhatIsThere() throws InterruptedException {
        for (int number = 9; number < 13; number++) {
            explore(new Setting(11, NEVER), find(number), put(11, 1));
        }
    }

    @Test
    void findTwice_whileReplacedAfterSplit_neverGoesBack() throws InterruptedException {
        for (int number = 0; number < 2; number++) {
            int replaced = number;
            explore(new Setting(6, 6), find(replaced), both(put(6, 1), put(replaced, 2)));
        }
    }

    @Test
    void put_whileLineIsSplit_isNotLost() throws InterruptedException {
        for (int number = 0; number < 10; number++) {
            explore(new Setting(6, 6), put(number, 2), put(6, 1));
        }
    }

    @Test
    void put_thatLengthensTheNewLineOfASplit_isNotLost() throws InterruptedException {
        explore(new Setting(14, 14), put(14, 1), put(15, 1));
    }

    @Test
    void put_whileChainIsLengthened_isNotLost() throws InterruptedException {
        explore(new Setting(10, NEVER), put(10, 1), put(11, 1));
        explore(new Setting(7, NEVER), put(7, 1), put(8, 1));
    }

    @Test
    void move_whileReplacedRemovedOrSplit_happensOnceOrNotAtAll() throws InterruptedException {
        for (int number = 0; number < 2; number++) {
            explore(new Setting(6, 6), move(number, 1, 3), put(number, 2));
            explore(new Setting(6, 6), move(number, 1, 3), remove(number, 1));
            explore(new Setting(6, 6), move(number, 1, 3), put(6, 1));
        }
    }

    @Test
    void twoSplits_atOnce_growByOneLineEach() throws InterruptedException {
        explore(new Setting(1, 1), put(1, 1), put(2, 1));
    }
}
