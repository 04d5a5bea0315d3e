package io.silkstone.store.index;

import io.silkstone.api.store.Key;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;

/** Lines in the node's pool, a chunk to a seglet, that refer to entries of the log. */
public final class PoolLines extends LineMemory {
    private static final int CACHE_LINE = 64;

    private final SegletPool pool;
    private final long lastWord;

    /** Takes its chunks from {@code pool}. */
    public PoolLines(SegletPool pool) {
        this.pool = pool;
        lastWord = pool.base() + pool.capacity() - Long.BYTES;
    }

    @Override
    public int chunkBytes() {
        return SegletPool.SEGLET_BYTES;
    }

    @Override
    public long allocateChunk() {
        return pool.allocate(0, Claimant.TABLE);
    }

    @Override
    public void freeChunk(long chunk) {
        pool.free(chunk, 0);
    }

    @Override
    public long get(long address) {
        return Memory.getLongOpaque(address);
    }

    @Override
    public long getAcquire(long address) {
        return Memory.getLongAcquire(address);
    }

    @Override
    public void set(long address, long word) {
        Memory.putLongRelease(address, word);
    }

    @Override
    public void setRelease(long address, long word) {
        Memory.putLongRelease(address, word);
    }

    @Override
    public boolean compareAndSet(long address, long expected, long word) {
        return Memory.compareAndSetLong(address, expected, word);
    }

    @Override
    public long touch(long address) {
        return Memory.getLong(address)
                + Memory.getLong(Math.min(address + CACHE_LINE, lastWord))
                + Memory.getLong(Math.min(address + 2 * CACHE_LINE, lastWord));
    }

    @Override
    public long keyHash(long entry) {
        return Entry.keyHash(entry);
    }

    @Override
    public boolean holds(long entry, long keyHash, Key key) {
        return Entry.keyHash(entry) == keyHash
                && Entry.keyLength(entry) == key.length()
                && Memory.equal(Entry.keyAddress(entry), key.memory(), key.offset(), key.length());
    }
}
