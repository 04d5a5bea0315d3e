package io.silkstone.coordinator;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where a tablet is cut when its owner goes down, as commands have it.
 *
 * @param table the table's number
 * @param hash with which the second part begins
 */
record Cut(int table, long hash) {
    private static final int BYTES = Integer.BYTES + Long.BYTES;

    /** As the commands' schema has it: all of them in a row. */
    static byte[] encoded(List<Cut> cuts) {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[cuts.size() * BYTES]);
        int at = 0;
        for (Cut cut : cuts) {
            buffer.putInt(at, cut.table, ByteOrder.LITTLE_ENDIAN);
            buffer.putLong(at + Integer.BYTES, cut.hash, ByteOrder.LITTLE_ENDIAN);
            at += BYTES;
        }
        return buffer.byteArray();
    }

    /** What {@link #encoded} made; the rest of one that is cut off is left out. */
    static List<Cut> decoded(byte[] bytes) {
        UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        List<Cut> cuts = new ArrayList<>();
        for (int at = 0; at + BYTES <= bytes.length; at += BYTES) {
            cuts.add(
                    new Cut(
                            buffer.getInt(at, ByteOrder.LITTLE_ENDIAN),
                            buffer.getLong(at + Integer.BYTES, ByteOrder.LITTLE_ENDIAN)));
        }
        return cuts;
    }
}
