package io.silkstone.transport.aeron;

import io.aeron.ConcurrentPublication;
import io.aeron.ReservedValueSupplier;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps one message that is longer than Aeron takes at once, and sends it in parts as the other
 * side makes room. Aeron's longest message is an eighth of a term, and a stream fills its three
 * terms with real memory: terms long enough for the longest message would cost every session
 * hundreds of megabytes for the sake of a rare one.
 *
 * <p>While a message is in here the session takes no other, so that none overtakes it.
 *
 * <p>Threads: {@link #take} and {@link #isBusy} any, {@link #flush} the one that polls.
 */
final class LargeOutbox {
    private static final int FREE = 0;
    private static final int FILLING = 1;
    private static final int READY = 2;

    private final AtomicInteger state = new AtomicInteger();
    private final UnsafeBuffer part = new UnsafeBuffer(0, 0);
    private final ReservedValueSupplier mark = (buffer, offset, frameLength) -> partMark();
    private MemorySegment message;
    private int length;
    private int position;

    /** Whether a message is on its way. */
    boolean isBusy() {
        return state.get() != FREE;
    }

    /** Takes a message over unless there is one. */
    boolean take(MemorySegment memory, long offset, int bytes, int bytesMax) {
        if (!state.compareAndSet(FREE, FILLING)) {
            return false;
        }
        if (message == null) {
            message = Arena.ofAuto().allocate(bytesMax, Long.BYTES);
        }
        MemorySegment.copy(memory, offset, message, 0, bytes);
        length = bytes;
        position = 0;
        state.set(READY);
        return true;
    }

    /** Sends what goes; how many parts that were. */
    int flush(ConcurrentPublication publication) {
        if (state.get() != READY) {
            return 0;
        }
        int parts = 0;
        while (position < length) {
            int bytes = Math.min(length - position, publication.maxPayloadLength());
            part.wrap(message.address() + position, bytes);
            if (publication.offer(part, 0, bytes, mark) < 0) {
                return parts;
            }
            position += bytes;
            parts++;
        }
        state.set(FREE);
        return parts;
    }

    private long partMark() {
        return ControlFrame.mark(ControlFrame.PART, length);
    }
}
