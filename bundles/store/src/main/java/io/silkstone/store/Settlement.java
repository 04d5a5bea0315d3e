package io.silkstone.store;

import io.silkstone.api.store.Status;
import io.silkstone.base.NanoClock;
import io.silkstone.store.durable.Alarms;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Backoff;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Supplier;

/**
 * What of a store is settled. A mark is a position of the log, and it is settled when everything
 * before it is; so whoever is told of an entry waits for the end of that entry, and thereby for all
 * that was appended earlier.
 *
 * <p>Who finds nothing under a key is told of a removal, of which the hash table keeps no trace. So
 * the last removal is remembered, for some hundred parts of the hashes, lest each that finds
 * nothing wait for each removal. Without copies of the log all is settled at once, and nothing of
 * this costs more than a branch. Threads: any.
 */
final class Settlement {
    private static final Logger LOG = System.getLogger(Settlement.class.getName());
    private static final int STRIPES = 1 << 10;
    private static final int MARK_ATTEMPTS_MAX = 1_000;
    private static final long WAIT_NANOS_MAX = 10_000_000_000L;

    /** Also ends a wait where time stands still, as in a simulation of one thread. */
    private static final int WAIT_ATTEMPTS_MAX = 1 << 22;

    private final Log log;
    private final LogKeeper keeper;
    private final Checksum checksum;
    private final NanoClock clock;
    private final Backoff backoff;
    private final AtomicBoolean noting = new AtomicBoolean();

    /** A note before which nothing is settled. */
    private volatile long fence;

    private final AtomicLongArray removals;

    /** Of {@code log}, which {@code keeper} copies; null for nobody. */
    Settlement(Log log, LogKeeper keeper, Checksum checksum, NanoClock clock, Backoff backoff) {
        this.log = log;
        this.keeper = keeper;
        this.checksum = checksum;
        this.clock = clock;
        this.backoff = backoff;
        removals = new AtomicLongArray(keeper == null ? 0 : STRIPES);
    }

    /** Whether anything has to wait at this time. */
    boolean isNeeded() {
        return keeper != null && keeper.isNeeded();
    }

    /** The mark of {@code entry}. Inside an epoch. */
    long markOf(long entry) {
        return log.positionOf(entry) + Entry.ALIGNMENT;
    }

    /** The mark of all that has been appended by now. */
    long markOfAll() {
        return log.headPosition();
    }

    /** The object of {@code hash} was removed by what was appended at {@code entry}. */
    void removed(long hash, long entry) {
        if (isNeeded()) {
            long mark = markOf(entry);
            removals.accumulateAndGet(stripeOf(hash), mark, Math::max);
        }
    }

    /** All objects of some table were removed: whoever finds none waits for {@code mark}. */
    void cleared(long mark) {
        for (int stripe = 0; stripe < removals.length(); stripe++) {
            removals.accumulateAndGet(stripe, mark, Math::max);
        }
    }

    /**
     * Has the log say that these are its tables from now on. Inside an epoch.
     *
     * @param tables asked for when nobody else notes any, lest an older note come later
     * @return the mark of that; 0 when nobody copies the log
     */
    long noteTables(Supplier<StoreNote> tables) {
        if (keeper == null) {
            return 0;
        }
        for (int attempt = 0; !noting.compareAndSet(false, true); attempt++) {
            backoff.idle(attempt);
        }
        try {
            return mark(keeper.note(tables.get().encode()));
        } finally {
            noting.set(false);
        }
    }

    private long mark(long note) {
        // Whatever comes behind this entry is settled after the note.
        long entry = claimMark();
        if (entry == 0) {
            // Memory is full to the last: everybody waits for the note itself, for once.
            fence = note;
            return log.headPosition();
        }
        log.mark(entry, checksum);
        return markOf(entry);
    }

    private long claimMark() {
        long entry = log.claimMark();
        for (int attempt = 0; entry == 0 && attempt < MARK_ATTEMPTS_MAX; attempt++) {
            entry = log.claimMark();
        }
        return entry;
    }

    /**
     * Begins several changes that are one step for others: nothing that is appended from here on is
     * copied, by anybody, until the entry is whole, see {@link EntryWriter#mark}. So it must not
     * take long. Inside an epoch.
     *
     * @return the entry; 0 when nobody copies the log, or memory is full to the last
     */
    long beginStep() {
        return isNeeded() ? claimMark() : 0;
    }

    /** The mark of whoever finds no object of {@code hash}. */
    long markOfMissing(long hash) {
        return removals.get(stripeOf(hash));
    }

    private static int stripeOf(long hash) {
        return (int) hash & STRIPES - 1;
    }

    /** Whether {@code mark} is settled. */
    boolean isSettled(long mark) {
        return !isNeeded() || keeper.settled() >= mark && keeper.settledNotes() >= fence;
    }

    /** Whether what is changed now cannot be settled soon. */
    boolean isFailing() {
        return isNeeded() && keeper.isFailing();
    }

    /** Somebody waits for {@code mark}. */
    void want(long mark) {
        keeper.want(mark);
    }

    /** To be set for marks. */
    Alarms.Alarm openAlarm() {
        return keeper.alarms().open();
    }

    /** See {@link io.silkstone.api.store.KvSession#settle}. */
    Status await(long mark) {
        long deadline = clock.nanoTime() + WAIT_NANOS_MAX;
        for (int attempt = 0; !isSettled(mark); attempt++) {
            if (clock.nanoTime() - deadline > 0 || attempt == WAIT_ATTEMPTS_MAX) {
                return Status.UNKNOWN;
            }
            want(mark);
            backoff.idle(attempt);
        }
        return Status.OK;
    }

    /** What was written by now goes to the disk; nothing is settled afterwards. */
    void close() {
        if (keeper == null) {
            return;
        }
        try {
            keeper.close();
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the last changes may not be in " + keeper.path() + ": " + e);
        }
    }
}
