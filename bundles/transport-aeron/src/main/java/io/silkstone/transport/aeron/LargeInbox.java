package io.silkstone.transport.aeron;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Puts the parts of a long message together, which come in order. One thread, the one that polls.
 */
final class LargeInbox {
    private final int bytesMax;
    private MemorySegment message = MemorySegment.NULL;
    private int length;
    private int position;

    LargeInbox(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    /**
     * Takes a part of a message of {@code total} bytes.
     *
     * @return false when that cannot be one
     */
    boolean add(int total, long address, int bytes) {
        if (position == 0) {
            if (total <= 0 || total > bytesMax) {
                return false;
            }
            if (message.byteSize() < total) {
                message = Arena.ofAuto().allocate(bytesMax, Long.BYTES);
            }
            length = total;
        }
        if (total != length || bytes <= 0 || bytes > length - position) {
            return false;
        }
        MemorySegment.copy(AeronSession.ALL, address, message, position, bytes);
        position += bytes;
        return true;
    }

    /** Whether the message is there as a whole. */
    boolean isComplete() {
        return position == length;
    }

    /** Where it is. */
    long address() {
        return message.address();
    }

    /** Makes room for the next; gives the length of this one. */
    int clear() {
        int bytes = length;
        length = 0;
        position = 0;
        return bytes;
    }
}
