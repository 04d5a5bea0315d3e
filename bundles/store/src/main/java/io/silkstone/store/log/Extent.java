package io.silkstone.store.log;

import io.silkstone.store.memory.Backoff;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One contiguous run of memory of a segment. Room in it is claimed by one atomic addition, as in
 * Aeron's term buffers; who replaces the extent pads what is left of it.
 */
final class Extent {
    /** Added to the tail at the end: further than any claim gets. */
    private static final long CLOSED = 1L << 40;

    private static final VarHandle TAIL;

    static {
        try {
            TAIL =
                    MethodHandles.lookup()
                            .findVarHandle(Extent.class, "tail", long.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Segment segment;
    final long address;

    /** For removals only: taken from the memory that writes must leave. */
    final boolean reserved;

    /** Shrinks once, at the end. */
    private volatile int capacity;

    /** Bytes claimed; beyond the capacity once the extent is full. */
    @SuppressWarnings("unused") // by TAIL
    private long tail;

    /** Where the last entry ends, once a claim has crossed the end; -1 before. */
    private volatile long end = -1;

    Extent(Segment segment, long address, int capacity, boolean reserved) {
        this.segment = segment;
        this.address = address;
        this.capacity = capacity;
        this.reserved = reserved;
    }

    int capacity() {
        return capacity;
    }

    /** Where room for {@code bytes} begins; 0 when there is not so much. */
    long claim(int bytes) {
        if ((long) TAIL.getOpaque(this) + bytes > capacity) {
            return 0;
        }
        long offset = (long) TAIL.getAndAdd(this, (long) bytes);
        if (offset + bytes <= capacity) {
            return address + offset;
        }
        crossed(offset);
        return 0;
    }

    boolean fits(int bytes) {
        return (long) TAIL.getOpaque(this) + bytes <= capacity;
    }

    /**
     * Refuses all further claims, pads the last {@code unit} in use and shrinks to it.
     *
     * @return bytes that it does not need any more, at its end
     */
    int close(int unit, Backoff backoff) {
        crossed((long) TAIL.getAndAdd(this, CLOSED));
        for (int attempt = 0; end < 0; attempt++) {
            backoff.idle(attempt);
        }
        int used = (int) end;
        int rest = shrinkTo(used + unit - 1 & -unit);
        if (used < capacity) {
            Entry.commitPadding(address + used, capacity - used);
            segment.addDead(capacity - used);
        }
        return rest;
    }

    /** As {@link #close}, for an extent that only the caller claims from; needs no padding. */
    int trim(int unit) {
        return shrinkTo((int) used() + unit - 1 & -unit);
    }

    /** Bytes that hold entries, some of which may not be whole yet. */
    long used() {
        return Math.min((long) TAIL.getAcquire(this), capacity);
    }

    private int shrinkTo(int bytes) {
        int rest = capacity - bytes;
        capacity = bytes;
        return rest;
    }

    /** Of all claims that find no room, the first says where the last entry ended. */
    private void crossed(long offset) {
        if (offset <= capacity) {
            end = offset;
        }
    }
}
