package io.silkstone.gateway.net;

import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.PaidBuffer;

/**
 * Bytes of a connection that could not be served yet: the beginning of a request whose end has not
 * come, or requests behind one that takes its time. Holds memory only while there are any.
 */
final class Tail {
    /** Room for bytes that a client only announced: no more, so that promises cost nothing. */
    private static final int AHEAD_BYTES_MAX = 1 << 20;

    private final PaidBuffer buffer;

    Tail(MemoryBudget budget) {
        buffer = new PaidBuffer(budget);
    }

    int length() {
        return buffer.length();
    }

    boolean isEmpty() {
        return buffer.length() == 0;
    }

    /** Where the first byte is; changes with {@link #append} and {@link #keepFrom}. */
    long address() {
        return buffer.address();
    }

    /**
     * Adds bytes, where {@code wanted} in all are known to come.
     *
     * @return false when clients hold too much memory already
     */
    boolean append(long from, int bytes, int wanted) {
        long needed = (long) buffer.length() + bytes;
        long ahead = Math.min(wanted, needed + AHEAD_BYTES_MAX);
        if (!buffer.reserve(Math.max(needed, ahead)) && !buffer.reserve(needed)) {
            return false;
        }
        Memory.copy(from, buffer.address() + buffer.length(), bytes);
        buffer.length((int) needed);
        return true;
    }

    /** Drops all bytes before {@code from}. */
    void keepFrom(long from) {
        int kept = (int) (buffer.address() + buffer.length() - from);
        if (kept == 0) {
            release();
        } else if (from != buffer.address()) {
            Memory.move(from, buffer.address(), kept);
            buffer.length(kept);
        }
    }

    /** Drops everything. */
    void release() {
        buffer.release();
    }
}
