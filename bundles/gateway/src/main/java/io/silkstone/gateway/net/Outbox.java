package io.silkstone.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.gateway.resp.Memory;

/**
 * Replies of one core that are sent together, when everything that was ready has been served. A
 * client that keeps many connections then finds many replies at once instead of being woken by each
 * (decision 0040). Belongs to the core's thread.
 */
final class Outbox {
    private static final int BYTES = 1 << 16;

    /** Longer ones are not worth a copy. */
    private static final int REPLIES_BYTES_MAX = 1 << 14;

    private static final int RECEIVERS_MAX = 256;

    private final ByteBuf memory = ByteBufAllocator.DEFAULT.directBuffer(BYTES + Memory.SLACK);
    private final long first = Memory.address(memory);
    private final Receiver[] receivers = new Receiver[RECEIVERS_MAX];
    private final int[] ends = new int[RECEIVERS_MAX];
    private int count;
    private int length;
    private boolean flushing;

    /** Whom replies are for. */
    interface Receiver {
        /**
         * Sends what lies from {@code begin} to {@code end} behind {@code address}, or drops it
         * when nobody is there any more. Must not fail, because others wait for theirs.
         */
        void send(long address, int begin, int end);
    }

    /**
     * Keeps a copy of {@code bytes} from {@code address} on until the next {@link #flush}.
     *
     * @return false when the caller has to send them itself; then nothing of the receiver is kept
     */
    boolean add(Receiver receiver, long address, int bytes) {
        if (flushing) {
            return false;
        }
        boolean fits = bytes <= REPLIES_BYTES_MAX;
        if (!fits || count == RECEIVERS_MAX || length + bytes > BYTES) {
            flush();
        }
        if (!fits) {
            return false;
        }
        Memory.copy(address, first + length, bytes);
        length += bytes;
        if (count == 0 || receivers[count - 1] != receiver) {
            receivers[count] = receiver;
            count++;
        }
        ends[count - 1] = length;
        return true;
    }

    /** Sends everything. */
    void flush() {
        if (flushing) {
            return;
        }
        flushing = true;
        int begin = 0;
        for (int index = 0; index < count; index++) {
            Receiver receiver = receivers[index];
            receivers[index] = null;
            receiver.send(first, begin, ends[index]);
            begin = ends[index];
        }
        count = 0;
        length = 0;
        flushing = false;
    }

    /** Gives the memory back. What is kept must have been flushed. */
    void release() {
        memory.release();
    }
}
