package io.silkstone.store.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One contiguous run of memory of a segment. Room in it is claimed by one atomic addition, as in
 * Aeron's term buffers; whoever's claim crosses the end fills the rest with padding.
 */
final class Extent {
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

    /** Shrinks once, when a survivor is sealed, before anybody else sees the segment. */
    private int capacity;

    /** Bytes claimed; beyond the capacity once the extent is full. */
    @SuppressWarnings("unused") // by TAIL
    private long tail;

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
        pad(offset);
        return 0;
    }

    boolean fits(int bytes) {
        return (long) TAIL.getOpaque(this) + bytes <= capacity;
    }

    /** Refuses all further claims and pads what is left. */
    void close() {
        pad((long) TAIL.getAndAdd(this, (long) capacity));
    }

    /** Ends where the last claim did, at a multiple of {@code unit}. */
    void shrink(int unit) {
        capacity = (int) used() + unit - 1 & -unit;
    }

    /** Bytes that hold entries, some of which may not be whole yet. */
    long used() {
        return Math.min((long) TAIL.getAcquire(this), capacity);
    }

    private void pad(long offset) {
        if (offset < capacity) {
            int length = (int) (capacity - offset);
            Entry.commitPadding(address + offset, length);
            segment.addDead(length);
        }
    }
}
