package io.silkstone.store;

import io.silkstone.base.EpochClock;
import io.silkstone.store.index.EntryVisitor;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Epochs;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Removes objects that have expired, so that they do not count and their memory comes back although
 * nobody asks for them.
 *
 * <p>Redis keeps a second dictionary of all keys that can expire and draws samples from it. That
 * would cost each such object a dozen bytes more. Here each table knows a time before which nothing
 * in it expires; once that is over, the expirer passes through all its lines, at a pace that takes
 * it round in {@link #PASS_MILLIS}, removes what has expired and learns the next such time. A table
 * in which nothing expires costs nothing, and objects go within about a second.
 */
final class Expirer implements Agent {
    /** How long a pass through a table takes, however large it is, unless slices are too rare. */
    static final long PASS_MILLIS = 500;

    private static final int LINES_PER_SLICE = 256;

    private final Tables tables;
    private final Log log;
    private final Epochs epochs;
    private final EpochClock clock;
    private final int slot;
    private final EntryVisitor onEntry = this::visit;

    private final AtomicBoolean expiring = new AtomicBoolean();

    private TableData table;
    private HashTable index;
    private long cursor;
    private long linesDone;
    private long passBegan;
    private long now;

    Expirer(Tables tables, Log log, Epochs epochs, EpochClock clock) {
        this.tables = tables;
        this.log = log;
        this.epochs = epochs;
        this.clock = clock;
        slot = epochs.register();
    }

    @Override
    public String name() {
        return "expirer";
    }

    @Override
    public int doWork() {
        return slice(false);
    }

    /** For writers that lack memory: a slice of what is due, at no pace. Any thread. */
    int hasten() {
        return slice(true);
    }

    private int slice(boolean hasty) {
        if (!expiring.compareAndSet(false, true)) {
            return 0;
        }
        try {
            now = clock.millis();
            // A hash table that was put aside shrinks to nothing: a pace by its lines never ends.
            if (table != null && table.index() != index) {
                endPass();
            }
            if (table == null && !beginPass()) {
                return 0;
            }
            long due = (now - passBegan + 1) * index.lines() / PASS_MILLIS + 1 - linesDone;
            long lines = hasty ? LINES_PER_SLICE : Math.min(due, LINES_PER_SLICE);
            if (lines <= 0) {
                return 0;
            }
            pass(lines);
            return 1;
        } finally {
            expiring.set(false);
        }
    }

    private void pass(long lines) {
        epochs.enter(slot);
        try {
            boolean ended = table.index() != index;
            for (long line = 0; line < lines && !ended; line++) {
                cursor = index.scan(cursor, onEntry);
                ended = cursor == 0;
            }
            linesDone += lines;
            if (ended) {
                endPass();
            }
        } finally {
            epochs.exit(slot);
        }
    }

    private void endPass() {
        table = null;
        index = null;
    }

    private boolean beginPass() {
        for (TableData each : tables.all()) {
            if (each.expiryNext() > now) {
                continue;
            }
            // In this order: what is written to a hash table that comes later is not forgotten.
            each.resetExpiry();
            HashTable current = each.index();
            if (current != null) {
                table = each;
                index = current;
                cursor = 0;
                linesDone = 0;
                passBegan = now;
                return true;
            }
        }
        return false;
    }

    private void visit(long entry) {
        if (!Entry.expires(Entry.header(entry))) {
            return;
        }
        if (!Entry.isExpired(entry, now)) {
            table.expectExpiry(Entry.expiryMillis(entry));
        } else if (tables.removeExpired(index, Entry.keyHash(entry), entry)) {
            log.entryDied(entry);
        }
    }
}
