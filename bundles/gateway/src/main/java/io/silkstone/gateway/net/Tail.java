package io.silkstone.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.gateway.resp.Memory;

/**
 * Bytes of a connection that could not be served yet: the beginning of a request whose end has not
 * come, or requests behind one that takes its time. Holds memory only while there are any.
 */
final class Tail {
    private static final int BYTES_AT_FIRST = 4096;
    private static final int BYTES_MAX = Integer.MAX_VALUE - 2 * Memory.SLACK;

    private ByteBuf buffer;
    private long address;
    private int capacity;
    private int length;

    int length() {
        return length;
    }

    boolean isEmpty() {
        return length == 0;
    }

    /** Where the first byte is; changes with {@link #append} and {@link #keepFrom}. */
    long address() {
        return address;
    }

    /** Adds bytes; makes room for {@code wanted} in all, since so many are known to come. */
    void append(long from, int bytes, int wanted) {
        int needed = Math.max(Math.addExact(length, bytes), wanted);
        if (needed > capacity) {
            grow(needed);
        }
        Memory.copy(from, address + length, bytes);
        length += bytes;
    }

    private void grow(int needed) {
        ByteBuf old = buffer;
        long from = address;
        // Twice as much as before, so that growing step by step costs linear time.
        capacity =
                Math.max(
                        Math.max(needed, BYTES_AT_FIRST), (int) Math.min(capacity * 2L, BYTES_MAX));
        buffer = ByteBufAllocator.DEFAULT.directBuffer(capacity + Memory.SLACK);
        address = Memory.address(buffer);
        if (old != null) {
            Memory.copy(from, address, length);
            old.release();
        }
    }

    /** Drops all bytes before {@code from}. */
    void keepFrom(long from) {
        int kept = (int) (address + length - from);
        if (kept == 0) {
            release();
        } else if (from != address) {
            Memory.move(from, address, kept);
            length = kept;
        }
    }

    /** Drops everything. */
    void release() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
            capacity = 0;
            length = 0;
        }
    }
}
