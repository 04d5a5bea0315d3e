package io.silkstone.transport.memory;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Memory for the messages of a network, used again and again in powers of two. What was released
 * first is used first, so that a handler that looks too long has time to be seen. Callers hold the
 * wire's lock.
 */
final class MessageMemory {
    private static final int SMALLEST_SHIFT = 8;
    private static final int LARGEST_SHIFT = 29;

    /** Up to this a message's memory is given back with all the rest, which is dear one by one. */
    private static final int SMALL_SHIFT = 16;

    /** What is kept of larger ones for later; more goes back to the system. */
    private static final long IDLE_BYTES_MAX = 32 << 20;

    private final Arena small = Arena.ofShared();
    private final Queue<Message>[] idle;
    private long idleBytes;
    private int inUse;

    MessageMemory() {
        @SuppressWarnings({"unchecked", "rawtypes"})
        Queue<Message>[] queues = new Queue[LARGEST_SHIFT + 1];
        idle = queues;
        for (int shift = SMALLEST_SHIFT; shift <= LARGEST_SHIFT; shift++) {
            idle[shift] = new ArrayDeque<>();
        }
    }

    /** Room for {@code length} bytes. */
    Message take(int length) {
        long bytes = Message.OFFSET + length + Message.FENCE_BYTES_MIN;
        int shift = Math.max(SMALLEST_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(bytes - 1));
        Message message = idle[shift].poll();
        if (message == null) {
            message = new Message(shift <= SMALL_SHIFT ? small : Arena.ofShared(), 1L << shift);
        } else {
            idleBytes -= shift <= SMALL_SHIFT ? 0 : message.memory.byteSize();
            message.requireWiped();
        }
        inUse++;
        return message;
    }

    void release(Message message) {
        inUse--;
        message.wipe();
        long bytes = message.memory.byteSize();
        int shift = Long.numberOfTrailingZeros(bytes);
        if (shift > SMALL_SHIFT) {
            if (idleBytes + bytes > IDLE_BYTES_MAX) {
                message.free();
                return;
            }
            idleBytes += bytes;
        }
        idle[shift].add(message);
    }

    /** Messages that were taken and not released. */
    int inUse() {
        return inUse;
    }

    /** Gives everything back to the system; the last call. */
    void free() {
        for (int shift = SMALL_SHIFT + 1; shift <= LARGEST_SHIFT; shift++) {
            idle[shift].forEach(Message::free);
            idle[shift].clear();
        }
        if (small.scope().isAlive()) {
            small.close();
        }
    }
}
