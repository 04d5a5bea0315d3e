package io.silkstone.store.index;

import io.silkstone.api.store.Key;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Lines in an array of the heap, every access of which a model checker sees. An entry is a number:
 * 8 * (number of its key + {@link #KEYS_MAX} * its version).
 */
final class HeapLines extends LineMemory {
    static final int KEYS_MAX = 1 << 20;

    private static final int LINE_BYTES = 64;

    private final AtomicLongArray words;
    private final AtomicIntegerArray taken;
    private final AtomicInteger chunksTaken = new AtomicInteger();
    private final Key[] keys;
    private final int chunkBytes;
    private final Runnable beforeAccess;
    private volatile int chunksMax;

    HeapLines(Key[] keys, int chunkLines, int chunks) {
        this(keys, chunkLines, chunks, () -> {});
    }

    /** Calls {@code beforeAccess} before each access to a word. */
    HeapLines(Key[] keys, int chunkLines, int chunks, Runnable beforeAccess) {
        this.beforeAccess = beforeAccess;
        this.keys = keys;
        chunkBytes = chunkLines * LINE_BYTES;
        words = new AtomicLongArray((chunks + 1) * chunkBytes / Long.BYTES);
        taken = new AtomicIntegerArray(chunks + 1);
        chunksMax = chunks;
    }

    /** From now on there is memory for this many chunks. */
    void limit(int chunks) {
        chunksMax = chunks;
    }

    int chunksTaken() {
        return chunksTaken.get();
    }

    /** The entry of version {@code version} of key {@code number}. */
    static long entry(int number, int version) {
        return 8 * (number + (long) KEYS_MAX * version);
    }

    static int keyOf(long entry) {
        return (int) (entry / 8 % KEYS_MAX);
    }

    static int versionOf(long entry) {
        return (int) (entry / 8 / KEYS_MAX);
    }

    @Override
    public int chunkBytes() {
        return chunkBytes;
    }

    @Override
    public long allocateChunk() {
        if (chunksTaken.incrementAndGet() > chunksMax) {
            chunksTaken.decrementAndGet();
            return 0;
        }
        for (int chunk = 1; ; chunk++) {
            if (taken.compareAndSet(chunk, 0, 1)) {
                return (long) chunk * chunkBytes;
            }
        }
    }

    @Override
    public void freeChunk(long chunk) {
        if (!taken.compareAndSet((int) (chunk / chunkBytes), 1, 0)) {
            throw new AssertionError("freed twice");
        }
        chunksTaken.decrementAndGet();
    }

    @Override
    public long get(long address) {
        beforeAccess.run();
        return words.getOpaque((int) (address / Long.BYTES));
    }

    @Override
    public long getAcquire(long address) {
        beforeAccess.run();
        return words.getAcquire((int) (address / Long.BYTES));
    }

    @Override
    public void set(long address, long word) {
        beforeAccess.run();
        words.setOpaque((int) (address / Long.BYTES), word);
    }

    @Override
    public void setRelease(long address, long word) {
        beforeAccess.run();
        words.setRelease((int) (address / Long.BYTES), word);
    }

    @Override
    public boolean compareAndSet(long address, long expected, long word) {
        beforeAccess.run();
        return words.compareAndSet((int) (address / Long.BYTES), expected, word);
    }

    @Override
    public long touch(long address) {
        return 0;
    }

    @Override
    public long keyHash(long entry) {
        return keys[keyOf(entry)].hash();
    }

    @Override
    public boolean holds(long entry, long keyHash, Key key) {
        return keys[keyOf(entry)] == key;
    }
}
