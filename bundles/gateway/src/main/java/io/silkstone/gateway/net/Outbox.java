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
    private static final System.Logger LOG = System.getLogger(Outbox.class.getName());
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
         * Sends what lies from {@code begin} to {@code end} behind {@code address}, behind what it
         * could not send before, or drops it when nobody is there any more.
         */
        void send(long address, int begin, int end);

        /** It threw, so that replies are missing: it must not get any others. */
        void cutOff();
    }

    /**
     * Keeps a copy of {@code bytes} from {@code address} on until the next {@link #flush}, if they
     * are few and there is room.
     *
     * @return false when the receiver has to send them itself, behind what it may have been unable
     *     to send just now; then nothing of it is kept
     */
    boolean add(Receiver receiver, long address, int bytes) {
        if (flushing) {
            return false;
        }
        if (bytes > REPLIES_BYTES_MAX || count == RECEIVERS_MAX || length + bytes > BYTES) {
            flush();
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
            send(receivers[index], begin, ends[index]);
            receivers[index] = null;
            begin = ends[index];
        }
        count = 0;
        length = 0;
        flushing = false;
    }

    /** Whatever happens to one, the others get theirs. */
    private void send(Receiver receiver, int begin, int end) {
        try {
            receiver.send(first, begin, end);
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "Replies could not be sent", e);
            receiver.cutOff();
        }
    }

    /** Gives the memory back. What is kept must have been flushed. */
    void release() {
        memory.release();
    }
}
