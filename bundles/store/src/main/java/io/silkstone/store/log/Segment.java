package io.silkstone.store.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A piece of the log that is cleaned as a whole: usually one extent of memory, several where memory
 * was fragmented. The counts say what cleaning it would gain.
 *
 * <p>{@link Log} makes and ends segments; any thread may read one.
 */
public final class Segment {
    private static final VarHandle DEAD = handle("deadBytes");
    private static final VarHandle TOMBSTONES = handle("tombstoneBytes");

    private final long id;
    private final long born;
    private volatile Extent[] extents = {};
    private volatile boolean closed;
    private volatile boolean gone;

    @SuppressWarnings("unused") // by DEAD
    private long deadBytes;

    @SuppressWarnings("unused") // by TOMBSTONES
    private long tombstoneBytes;

    Segment(long id, long born) {
        this.id = id;
        this.born = born;
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
     * the time of what was moved into it. The difference to {@link Log#appendedBytes} is its age.
     */
    public long born() {
        return born;
    }

    /** Whether no entry will be added. Entries may still be in the making for a moment. */
    public boolean isClosed() {
        return closed;
    }

    /** Whether it has left the log. */
    public boolean isGone() {
        return gone;
    }

    /** Memory it occupies. */
    public long capacity() {
        long sum = 0;
        for (Extent extent : extents) {
            sum += extent.capacity();
        }
        return sum;
    }

    /** Bytes of entries, padding included. */
    public long usedBytes() {
        long sum = 0;
        for (Extent extent : extents) {
            sum += extent.used();
        }
        return sum;
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

    /** How many runs of memory it has; entries lie within one. */
    public int extents() {
        return extents.length;
    }

    /** Where the entries of a run begin. */
    public long extentAddress(int index) {
        return extents[index].address;
    }

    /**
     * Where the entries of a run end now. Before that a header word of 0 means that an entry is in
     * the making: come back later.
     */
    public long extentEnd(int index) {
        Extent extent = extents[index];
        return extent.address + extent.used();
    }

    /** Counts entries that died. */
    void addDead(long bytes) {
        DEAD.getAndAdd(this, bytes);
    }

    /** Counts a tombstone that was added. */
    void addTombstone(long bytes) {
        TOMBSTONES.getAndAdd(this, bytes);
    }

    void add(Extent extent) {
        Extent[] longer = Arrays.copyOf(extents, extents.length + 1);
        longer[extents.length] = extent;
        extents = longer;
    }

    Extent extent(int index) {
        return extents[index];
    }

    Extent lastExtent() {
        return extents[extents.length - 1];
    }

    void close() {
        closed = true;
    }

    void leave() {
        gone = true;
    }
}
