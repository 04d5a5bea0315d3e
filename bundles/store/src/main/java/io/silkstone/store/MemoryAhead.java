package io.silkstone.store;

import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.SegletPool;

/**
 * Keeps memory ready ahead of use: backed by pages, cleared, and taken back from what was retired.
 * Writers then never wait for the kernel's first touch, which gave prototypes their bad p99.9.
 */
final class MemoryAhead implements Agent {
    private final SegletPool pool;
    private final Log log;
    private final Epochs epochs;
    private volatile long aheadBytes;

    MemoryAhead(SegletPool pool, Log log, Epochs epochs, long aheadBytes) {
        this.pool = pool;
        this.log = log;
        this.epochs = epochs;
        this.aheadBytes = aheadBytes;
    }

    /** How many bytes ahead of use are to have pages. */
    void prefault(long bytes) {
        aheadBytes = bytes;
    }

    @Override
    public String name() {
        return "memory-ahead";
    }

    @Override
    public int doWork() {
        // One at a time: together they would keep the core for long.
        int work = epochs.reclaim();
        if (work == 0) {
            work = log.prepare();
        }
        return work == 0 ? pool.populateAhead(aheadBytes) : work;
    }
}
