package io.silkstone.store.index;

import io.silkstone.api.store.Key;

/**
 * The words that a {@link HashTable} is made of, and the little that it needs to know of log
 * entries. Addresses are opaque 48-bit numbers, chunks are aligned to 64, entries to 8, and 0 is
 * none of them. Threads: any.
 *
 * <p>There is one implementation in a node, over off-heap memory; because it is the only subclass
 * loaded there, the compiler binds these calls statically. Tests have a second one over a heap
 * array whose every access the model checker sees, so that what is checked is the code that serves.
 */
public abstract class LineMemory {
    /** For implementations. */
    protected LineMemory() {}

    /** Size of a chunk in bytes, a power of two of at least 64; constant. */
    public abstract int chunkBytes();

    /** A fresh chunk of any content, or 0 when there is no memory to be had. */
    public abstract long allocateChunk();

    /** Gives back a chunk that no thread can reach any more. */
    public abstract void freeChunk(long chunk);

    /** The word at {@code address}, in one piece; orders nothing. */
    public abstract long get(long address);

    /** The word at {@code address}; later reads stay after it. */
    public abstract long getAcquire(long address);

    /** Sets the word at {@code address} in one piece; orders nothing. */
    public abstract void set(long address, long word);

    /** Sets the word at {@code address}; earlier reads and writes stay before it. */
    public abstract void setRelease(long address, long word);

    /** Sets the word at {@code address} if it is {@code expected}; a full fence when it did. */
    public abstract boolean compareAndSet(long address, long expected, long word);

    /**
     * Reads the beginning of an entry, or of what else is at this address, so that it is in the
     * cache soon.
     *
     * @return to be used somewhere, or else the compiler drops the reads
     */
    public abstract long touch(long address);

    /** Hash of the key of the entry at {@code entry}. */
    public abstract long keyHash(long entry);

    /** Whether the entry at {@code entry} has exactly this key, the hash of which is given too. */
    public abstract boolean holds(long entry, long keyHash, Key key);
}
