package io.silkstone.log.aeroncluster;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The state with which a log begins, in parts that fit into frames: each begins with its number and
 * with how many there are. No bytes at all are one part, and mean a state machine with nothing in
 * it. Threads: the log's.
 */
final class FoundingState {
    private static final int PART_BYTES = 32 << 10;
    private static final int HEADER_BYTES = 8;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long proposer;
    private int next;

    /** The parts of {@code state}, in order. */
    static List<byte[]> parts(byte[] state) {
        int count = Math.max(1, (state.length + PART_BYTES - 1) / PART_BYTES);
        List<byte[]> parts = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            int from = number * PART_BYTES;
            byte[] part =
                    Arrays.copyOfRange(state, from, Math.min(state.length, from + PART_BYTES));
            parts.add(
                    ByteBuffer.allocate(HEADER_BYTES + part.length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putInt(number)
                            .putInt(count)
                            .put(part)
                            .array());
        }
        return parts;
    }

    /**
     * Takes a part. Whoever begins anew starts at its first; what does not follow on is left out.
     *
     * @return the whole state with its last part, null before
     */
    byte[] take(long from, byte[] part) {
        if (part.length < HEADER_BYTES) {
            return null;
        }
        ByteBuffer read = ByteBuffer.wrap(part).order(ByteOrder.LITTLE_ENDIAN);
        int number = read.getInt();
        int count = read.getInt();
        if (number == 0) {
            bytes.reset();
            proposer = from;
            next = 0;
        }
        if (from != proposer || number != next) {
            return null;
        }
        bytes.write(part, HEADER_BYTES, part.length - HEADER_BYTES);
        next++;
        return next == count ? bytes.toByteArray() : null;
    }
}
