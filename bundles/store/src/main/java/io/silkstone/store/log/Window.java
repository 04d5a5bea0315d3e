package io.silkstone.store.log;

import io.silkstone.store.memory.Backoff;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The part of a segment that entries are being added to: memory that is clear already. Room in it
 * is claimed by one atomic addition, as in Aeron's term buffers. The first claim that crosses the
 * end closes the window; the next one begins where the last entry ended.
 */
final class Window {
    /** Added to the tail at the end: further than any claim gets. */
    private static final long CLOSED = 1L << 40;

    private static final VarHandle TAIL;

    static {
        try {
            TAIL =
                    MethodHandles.lookup()
                            .findVarHandle(Window.class, "tail", long.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Segment segment;

    /** For removals only: in memory that writes must leave. */
    final boolean reserved;

    private final long address;
    private final int length;

    /** Bytes claimed; beyond the length once the window is closed. */
    @SuppressWarnings("unused") // by TAIL
    private long tail;

    /** Where the last entry ends, once the window is closed; -1 before. */
    private volatile long end = -1;

    Window(Segment segment, long address, int length, boolean reserved) {
        this.segment = segment;
        this.address = address;
        this.length = length;
        this.reserved = reserved;
    }

    /** Where room for {@code bytes} begins; 0 when there is not so much. */
    long claim(int bytes) {
        if ((long) TAIL.getOpaque(this) + bytes > length) {
            return 0;
        }
        long offset = (long) TAIL.getAndAdd(this, (long) bytes);
        if (offset + bytes <= length) {
            return address + offset;
        }
        crossed(offset);
        return 0;
    }

    boolean fits(int bytes) {
        return (long) TAIL.getOpaque(this) + bytes <= length;
    }

    /** Refuses all further claims; waits for those that are under way. */
    void close(Backoff backoff) {
        crossed((long) TAIL.getAndAdd(this, CLOSED));
        for (int attempt = 0; end < 0; attempt++) {
            backoff.idle(attempt);
        }
    }

    /** Where the entries end now, some of which may not be whole yet. */
    long end() {
        long known = end;
        if (known >= 0) {
            return address + known;
        }
        return address + Math.min((long) TAIL.getAcquire(this), length);
    }

    /** Of all claims that find no room, the first says where the last entry ended. */
    private void crossed(long offset) {
        if (offset <= length) {
            end = offset;
        }
    }
}
