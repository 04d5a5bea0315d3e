package io.silkstone.store.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A piece of the log that is cleaned as a whole: one run of memory, of one length for all segments.
 * The counts say what cleaning it would gain.
 *
 * <p>{@link Log} makes and ends segments; any thread may read one.
 */
public final class Segment {
    private static final VarHandle DEAD = handle("deadBytes");
    private static final VarHandle TOMBSTONES = handle("tombstoneBytes");

    /** Makes every position lower than any that is waited for. */
    private static final long SURVIVOR = Long.MIN_VALUE / 2;

    private final long id;
    private final long born;
    private final long begin;
    private final int capacity;
    private final long positionBase;
    private volatile Window window;
    private volatile boolean closed;
    private volatile boolean gone;

    /** Up to where there is a copy, if copies are made. */
    private volatile long copiedEnd = Long.MAX_VALUE;

    /** Where what the cleaner adds ends, as far as others may look; 0 if it adds nothing. */
    private volatile long shownEnd;

    /** Bytes from the beginning that were clear before entries came; under the log's lock. */
    private int cleared;

    @SuppressWarnings("unused") // by DEAD
    private long deadBytes;

    @SuppressWarnings("unused") // by TOMBSTONES
    private long tombstoneBytes;

    /**
     * As yet without a window.
     *
     * @param survivor whether the cleaner moves entries to it, which are settled already
     */
    Segment(long id, long born, long begin, int capacity, boolean survivor) {
        this.id = id;
        this.born = born;
        this.begin = begin;
        this.capacity = capacity;
        positionBase = survivor ? SURVIVOR : born - begin;
        shownEnd = survivor ? begin : 0;
    }

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(Segment.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Identifies it for ever; grows from segment to segment. */
    public long id() {
        return id;
    }

    /**
     * When its entries were written, counted in bytes appended to the log by then; a survivor has
     * the time of what was first moved into it. The difference to {@link Log#appendedBytes} is its
     * age.
     */
    public long born() {
        return born;
    }

    /**
     * Whether no entry will be added, but by the cleaner to what is left at the end. Entries may
     * still be in the making for a moment.
     */
    public boolean isClosed() {
        return closed;
    }

    /**
     * Whether the cleaner may move its entries: it {@link #isClosed}, and if copies are made there
     * is one of all that is in it, and what writers added is settled. What was moved earlier would
     * have to be settled a second time before its writer hears of it; and what was moved twice
     * between two looks of the {@link Copies} would be where they never looked.
     */
    public boolean isCleanable() {
        return closed && copiedEnd >= end();
    }

    /** Whether only the cleaner ever added to it. */
    public boolean isSurvivor() {
        return positionBase == SURVIVOR;
    }

    /** Whether the cleaner moves entries to it, or has. */
    boolean hasMoved() {
        return shownEnd != 0;
    }

    /**
     * The place in the log of an entry of this segment: it grows from append to append. Of an entry
     * that the cleaner moved here it is negative.
     */
    public long positionOf(long entry) {
        return positionBase + entry;
    }

    /** Up to {@code end} there is a copy, and all that writers added is settled. */
    public void copied(long end) {
        copiedEnd = end;
    }

    /**
     * As {@link #end}, but before what the cleaner is still busy with: up to here all entries are
     * whole, or have a header word of 0.
     */
    public long shownEnd() {
        // In this order: the cleaner shows what is there before it adds to it.
        long end = end();
        long shown = shownEnd;
        return shown == 0 ? end : shown;
    }

    /** Where the first entry behind {@code from} begins that is not whole, or may not be seen. */
    public long wholeEnd(long from) {
        long end = shownEnd();
        long to = from;
        int header = to < end ? Entry.header(to) : 0;
        while (header != 0) {
            to += Entry.strideOf(header);
            header = to < end ? Entry.header(to) : 0;
        }
        return to;
    }

    /** From now on only the cleaner adds, and what it has added by now may be looked at. */
    void show() {
        shownEnd = end();
    }

    /** Whether it has left the log. */
    public boolean isGone() {
        return gone;
    }

    /** Memory it occupies. */
    public int capacity() {
        return capacity;
    }

    /** Where its entries begin. */
    public long begin() {
        return begin;
    }

    /**
     * Where its entries end now. Before that a header word of 0 means that an entry is in the
     * making: come back later.
     */
    public long end() {
        return window.end();
    }

    /** Bytes of entries. */
    public long usedBytes() {
        return end() - begin;
    }

    /** Bytes behind its entries. */
    public int leftBytes() {
        return capacity - (int) usedBytes();
    }

    /** Bytes of entries that are wanted, and of tombstones, which may be. */
    public long liveBytes() {
        return Math.max(0, usedBytes() - (long) DEAD.getOpaque(this));
    }

    /** Bytes of entries that nobody wants. */
    public long deadBytes() {
        return (long) DEAD.getOpaque(this);
    }

    /** Bytes of tombstones, wanted or not. */
    public long tombstoneBytes() {
        return (long) TOMBSTONES.getOpaque(this);
    }

    /** Counts entries that died. */
    void addDead(long bytes) {
        DEAD.getAndAdd(this, bytes);
    }

    /** Counts tombstones that were added, or with a minus sign those that are gone. */
    void addTombstone(long bytes) {
        TOMBSTONES.getAndAdd(this, bytes);
    }

    Window window() {
        return window;
    }

    void window(Window next) {
        window = next;
    }

    int cleared() {
        return cleared;
    }

    void cleared(int bytes) {
        cleared = bytes;
    }

    void close() {
        closed = true;
    }

    void leave() {
        gone = true;
    }
}
