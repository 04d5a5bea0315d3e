package io.silkstone.store;

import io.silkstone.store.index.EntryVisitor;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Epochs;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Empties the hash tables that {@code clear} and {@code drop} put aside. Both only exchange one
 * hash table for another, so that they take no time; afterwards this agent marks each entry dead,
 * so that the cleaner sees what it may reclaim, and frees the hash table. Then it removes what
 * tablets have left that were dropped, see {@link TabletSweep}.
 *
 * <p>Driven by one agent thread, and by writers that lack memory; who comes second does nothing.
 */
final class Sweeper implements Agent {
    private static final int LINES_PER_SLICE = 128;

    private final Tables tables;
    private final Log log;
    private final Epochs epochs;
    private final TabletSweep tablets;
    private final Runnable onSwept;
    private final int slot;
    private final AtomicBoolean sweeping = new AtomicBoolean();
    private final EntryVisitor onEntry = this::sweep;

    private HashTable current;
    private long cursor;

    /**
     * With nothing to sweep yet.
     *
     * @param onSwept called when a hash table has been emptied
     */
    Sweeper(Tables tables, Log log, Epochs epochs, TabletSweep tablets, Runnable onSwept) {
        this.tablets = tablets;
        this.onSwept = onSwept;
        this.tables = tables;
        this.log = log;
        this.epochs = epochs;
        slot = epochs.register();
    }

    @Override
    public String name() {
        return "sweeper";
    }

    @Override
    public int doWork() {
        if (!isPending() || !sweeping.compareAndSet(false, true)) {
            return 0;
        }
        try {
            for (TableData table : tables.all()) {
                HashTable[] discarded = table.discarded();
                if (discarded.length > 0) {
                    sweep(table, discarded[0]);
                    return 1;
                }
            }
            epochs.enter(slot);
            try {
                return tablets.slice() ? 1 : 0;
            } finally {
                epochs.exit(slot);
            }
        } finally {
            sweeping.set(false);
        }
    }

    /** Whether there is something left to sweep. */
    boolean isPending() {
        for (TableData table : tables.all()) {
            if (table.discarded().length > 0) {
                return true;
            }
        }
        return tablets.isPending();
    }

    private void sweep(TableData table, HashTable index) {
        if (current != index) {
            current = index;
            cursor = 0;
        }
        epochs.enter(slot);
        try {
            for (int line = 0; line < LINES_PER_SLICE; line++) {
                cursor = index.scan(cursor, onEntry);
                if (cursor == 0) {
                    break;
                }
            }
        } finally {
            epochs.exit(slot);
        }
        if (cursor == 0) {
            current = null;
            table.forget(index);
            epochs.retire(index::close);
            tables.swept(table);
            onSwept.run();
        }
    }

    private void sweep(long entry) {
        if (current.removeIf(Entry.keyHash(entry), entry)) {
            log.entryDied(entry);
        }
    }
}
