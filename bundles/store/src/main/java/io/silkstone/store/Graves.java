package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.index.PoolLines;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/**
 * Tombstones that were met while another log is read: an object that comes after the tombstone that
 * buries it, since segments are read in any order, is dropped. RAMCloud keeps them in the objects'
 * own hash table and takes them out afterwards; here they have one of their own, and memory outside
 * the pool, all of which is gone at the end. Threads: one at a time.
 */
final class Graves implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final SegletPool pool;
    private final Backoff backoff;
    private final Arena arena = Arena.ofShared();
    private final Map<Integer, HashTable> tables = new HashMap<>();
    private long free;
    private long freeEnd;

    /** None; lines of hash tables come from {@code pool}. */
    Graves(SegletPool pool, Backoff backoff) {
        this.pool = pool;
        this.backoff = backoff;
    }

    /** The version up to which objects of {@code key} are dead; 0 for none. */
    long versionOf(int table, Key key) {
        HashTable index = tables.get(table);
        long tombstone = index == null ? 0 : index.find(key);
        return tombstone == 0 ? 0 : Entry.version(tombstone);
    }

    /**
     * Remembers a copy of {@code tombstone}, which buries objects of {@code key}.
     *
     * @return false when there is no memory
     */
    boolean add(Key key, long tombstone) {
        HashTable index =
                tables.computeIfAbsent(
                        Entry.tableId(tombstone),
                        table -> HashTable.open(new PoolLines(pool), backoff));
        if (index == null) {
            return false;
        }
        long line = index.lock(key.hash());
        try {
            long place = index.locate(line, key);
            if (place != 0) {
                if (Entry.version(index.entryAt(place)) < Entry.version(tombstone)) {
                    index.replace(place, copyOf(tombstone));
                }
                return true;
            }
            long target = index.claim(line);
            if (target != 0) {
                index.fill(target, key.hash(), copyOf(tombstone));
            }
            return target != 0;
        } finally {
            index.unlock(line);
            index.grow();
        }
    }

    private long copyOf(long tombstone) {
        int length = Entry.length(Entry.header(tombstone));
        int stride = Entry.stride(length);
        if (freeEnd - free < stride) {
            int bytes = Math.max(stride, CHUNK_BYTES);
            free = arena.allocate(bytes, Entry.ALIGNMENT).address();
            freeEnd = free + bytes;
        }
        long copy = free;
        free += stride;
        Memory.copy(tombstone, copy, length);
        return copy;
    }

    @Override
    public void close() {
        tables.values().forEach(HashTable::close);
        arena.close();
    }
}
