package io.silkstone.store.index;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The number of objects, alone on its cache line: writers change it while readers of the table read
 * the fields beside it. Threads: any.
 */
final class ObjectCount {
    private static final int CELLS = 24;
    private static final int CELL = CELLS / 2;

    private final AtomicLongArray cells = new AtomicLongArray(CELLS);

    long get() {
        return cells.getOpaque(CELL);
    }

    void add(long delta) {
        cells.getAndAdd(CELL, delta);
    }
}
