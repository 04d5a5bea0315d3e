package io.silkstone.store.index;

import io.silkstone.api.store.Key;
import java.nio.charset.StandardCharsets;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/**
 * Model-checks look-ups, writes and removals with a split at almost every insert: whatever the
 * interleaving, some order of the operations explains what they returned. Longer chains are beyond
 * Lincheck, which takes their loops for live-locks; {@link HashTableInterleavingTest} explores
 * them.
 */
@Param(name = "key", gen = IntGen.class, conf = "0:3")
public class HashTableProtocolTest {
    private static final int LINES = 1;
    private static final int ONE_PER_LINE = 4;
    private static final Key[] KEYS = keys();

    private final HashTable table =
            HashTable.open(
                    new HeapLines(KEYS, 2, 8), attempt -> Thread.onSpinWait(), LINES, ONE_PER_LINE);

    private static Key[] keys() {
        Key[] keys = new Key[4];
        for (int number = 0; number < keys.length; number++) {
            keys[number] = new Key().wrap(("k" + number).getBytes(StandardCharsets.UTF_8));
        }
        return keys;
    }

    @Operation
    public int find(@Param(name = "key") int key) {
        long entry = table.find(KEYS[key]);
        return entry == 0 ? -1 : HeapLines.versionOf(entry);
    }

    @Operation
    public void put(@Param(name = "key") int key, @Param(name = "key") int version) {
        long line = table.lock(KEYS[key].hash());
        long slot = table.locate(line, KEYS[key]);
        long entry = HeapLines.entry(key, version + 1);
        if (slot != 0) {
            table.replace(slot, entry);
        } else {
            table.fill(table.claim(line), KEYS[key].hash(), entry);
        }
        table.unlock(line);
        table.grow();
    }

    @Operation
    public boolean remove(@Param(name = "key") int key) {
        long line = table.lock(KEYS[key].hash());
        long slot = table.locate(line, KEYS[key]);
        if (slot != 0) {
            table.remove(slot);
        }
        table.unlock(line);
        return slot != 0;
    }

    @Test
    void findPutRemove_anyInterleaving_isLinearizable() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(2)
                .actorsAfter(1)
                .iterations(8)
                .invocationsPerIteration(100)
                .check(getClass());
    }
}
