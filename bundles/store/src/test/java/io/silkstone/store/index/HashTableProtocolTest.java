package io.silkstone.store.index;

import io.silkstone.api.store.Key;
import java.nio.charset.StandardCharsets;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/**
 * Model-checks the protocol of lines: every interleaving of a few operations, splits and overflow
 * included, must be explained by some order of the operations.
 */
@Param(name = "key", gen = IntGen.class, conf = "0:3")
public class HashTableProtocolTest {
    /** Keys whose hashes collide in the lowest bits, so that a line of this test fills up. */
    private static final Key[] KEYS = keys();

    private final HashTable table =
            HashTable.open(new HeapLines(KEYS, 2, 8), attempt -> Thread.onSpinWait(), 1, 4);
    private int versions;

    private static Key[] keys() {
        Key[] keys = new Key[4];
        for (int number = 0; number < 4; number++) {
            keys[number] = new Key().wrap(("k" + number).getBytes(StandardCharsets.UTF_8));
        }
        return keys;
    }

    @Operation
    public int find(@Param(name = "key") int key) {
        long entry = table.find(KEYS[key]);
        return entry == 0 ? 0 : HeapLines.versionOf(entry);
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
    public int remove(@Param(name = "key") int key) {
        long line = table.lock(KEYS[key].hash());
        long slot = table.locate(line, KEYS[key]);
        long entry = slot == 0 ? 0 : table.entryAt(slot);
        if (slot != 0) {
            table.remove(slot);
        }
        table.unlock(line);
        return entry == 0 ? 0 : HeapLines.versionOf(entry);
    }

    @Test
    void findPutRemove_anyInterleaving_isLinearizable() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1)
                .iterations(20)
                .invocationsPerIteration(500)
                .check(getClass());
    }
}
