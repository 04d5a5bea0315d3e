package io.silkstone.store;

import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
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
 * it round in {@link #PASS_NANOS}, removes what has expired and learns the next such time. A table
 * in which nothing expires costs nothing, and objects go within about a second.
 *
 * <p>What has expired is the wall clock's to say; the pace is not, for that clock may be set back.
 */
final class Expirer implements Agent {
    /** How long a pass through a table takes, however large it is, unless slices are too rare. */
    static final long PASS_NANOS = 500_000_000;

    private static final int LINES_PER_SLICE = 256;

    private final Tables tables;
    private final Log log;
    private final Epochs epochs;
    private final EpochClock clock;
    private final NanoClock pace;
    private final int slot;
    private final EntryVisitor onEntry = this::visit;

    private final AtomicBoolean expiring = new AtomicBoolean();

    /** Whether a pass has begun and not ended. */
    private volatile boolean passing;

    // What follows is guarded by expiring.

    private TableData table;
    private HashTable index;

    /** The id of the table that was passed through last. */
    private int lastServed;

    private long cursor;
    private long linesDone;
    private long passBegan;
    private long now;

    Expirer(Tables tables, Log log, Epochs epochs, EpochClock clock, NanoClock pace) {
        this.tables = tables;
        this.log = log;
        this.epochs = epochs;
        this.clock = clock;
        this.pace = pace;
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

    /** Whether a pass is under way or due, so that memory may still come back. Any thread. */
    boolean isPending() {
        if (expiring.get() || passing) {
            return true;
        }
        long time = clock.millis();
        for (TableData each : tables.all()) {
            if (each.expiryNext() <= time && each.index() != null) {
                return true;
            }
        }
        return false;
    }

    private int slice(boolean hasty) {
        if (!expiring.compareAndSet(false, true)) {
            return 0;
        }
        try {
            now = clock.millis();
            epochs.enter(slot);
            try {
                return pass(hasty);
            } finally {
                epochs.exit(slot);
            }
        } finally {
            expiring.set(false);
        }
    }

    private int pass(boolean hasty) {
        if (table != null && table.index() != index) {
            // The table was cleared or dropped, and with it what this pass was after.
            endPass();
        }
        if (table == null && !beginPass()) {
            return 0;
        }
        long lines = hasty ? LINES_PER_SLICE : Math.min(linesDue(), LINES_PER_SLICE);
        boolean ended = false;
        for (long line = 0; line < lines && !ended; line++) {
            cursor = index.scan(cursor, onEntry);
            ended = cursor == 0;
            linesDone++;
        }
        if (ended) {
            endPass();
        }
        return lines > 0 ? 1 : 0;
    }

    /** How many lines it is behind its pace. */
    private long linesDue() {
        double elapsed = (double) (pace.nanoTime() - passBegan) / PASS_NANOS;
        return (long) (elapsed * index.lines()) + 1 - linesDone;
    }

    private void endPass() {
        table = null;
        index = null;
        passing = false;
    }

    /**
     * Tables take turns, or else one in which objects expire all the time would be all there is.
     */
    private boolean beginPass() {
        TableData next = null;
        for (TableData each : tables.all()) {
            boolean due = each.expiryNext() <= now && each.index() != null;
            boolean isNext = next == null || each.id() > lastServed && next.id() <= lastServed;
            if (due && isNext) {
                next = each;
            }
        }
        if (next == null) {
            return false;
        }
        // In this order: what is written to a hash table that comes later is not forgotten.
        next.resetExpiry();
        index = next.index();
        if (index == null) {
            return false;
        }
        table = next;
        lastServed = next.id();
        cursor = 0;
        linesDone = 0;
        passBegan = pace.nanoTime();
        passing = true;
        return true;
    }

    private void visit(long entry) {
        if (!Entry.expires(Entry.header(entry))) {
            return;
        }
        boolean removed =
                Tables.mayExpire(table, Entry.keyHash(entry), entry, now)
                        && tables.removeExpired(index, Entry.keyHash(entry), entry);
        if (removed) {
            log.entryDied(entry);
        } else {
            // It is too early, or the cleaner has moved the object just now: it will be met again.
            table.expectExpiry(Entry.expiryMillis(entry));
        }
    }
}
