package io.silkstone.gateway.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * Memory outside the heap that grows with what is put into it, and is paid for from a {@link
 * MemoryBudget}. Has {@link Memory#SLACK} behind its end. Holds nothing while it is empty. Not
 * thread-safe.
 */
public final class PaidBuffer {
    private static final int BYTES_AT_FIRST = 4096;
    private static final int BYTES_MAX = Integer.MAX_VALUE - 2 * Memory.SLACK;

    private final MemoryBudget budget;
    private ByteBuf buffer;
    private long address;
    private int capacity;
    private int length;

    /** An empty one. */
    public PaidBuffer(MemoryBudget budget) {
        this.budget = budget;
    }

    /** Where the first byte is; changes when it grows. */
    public long address() {
        return address;
    }

    /** Bytes that there is room for now. */
    public int capacity() {
        return capacity;
    }

    /** Bytes that are in use; they stay when it grows. */
    public int length() {
        return length;
    }

    /** Sets how many bytes are in use, at most {@link #capacity}. */
    public void length(int bytes) {
        length = bytes;
    }

    /**
     * Makes room for {@code wanted} bytes in all.
     *
     * @return false when the budget does not allow it, or the JVM; everything is as before then
     */
    public boolean reserve(long wanted) {
        if (wanted <= capacity) {
            return true;
        }
        if (wanted > BYTES_MAX) {
            return false;
        }
        // Twice as much as before, so that growing step by step costs linear time.
        int room = (int) Math.max(wanted, Math.clamp(capacity * 2L, BYTES_AT_FIRST, BYTES_MAX));
        if (!budget.take(room, capacity)) {
            room = (int) wanted;
            if (!budget.take(room, capacity)) {
                return false;
            }
        }
        ByteBuf larger;
        try {
            larger = ByteBufAllocator.DEFAULT.directBuffer(room + Memory.SLACK);
        } catch (OutOfMemoryError full) {
            budget.give(room);
            return false;
        }
        long target = Memory.address(larger);
        if (buffer != null) {
            Memory.copy(address, target, length);
            buffer.release();
            budget.give(capacity);
        }
        buffer = larger;
        address = target;
        capacity = room;
        return true;
    }

    /** Forgets what is in it and gives the memory back. */
    public void release() {
        if (buffer != null) {
            buffer.release();
            budget.give(capacity);
            buffer = null;
            address = 0;
            capacity = 0;
        }
        length = 0;
    }
}
