package io.silkstone.store.durable;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * What copies of a log's segments say of the log as a whole. The newest one says which copies count
 * (RAMCloud's log digest): those it names, and those of segments that were begun after it.
 *
 * <pre>
 *   u32  version of this layout, 1
 *   u32  number n of segments
 *   u64  safe version
 *   u64  id of the newest segment
 *   u64  id of the oldest segment with a note that may be newer than this one
 *   n times u64 id of a segment, ascending
 *   n times u8 1 if its copy was on the disk for certain, else 0
 *        the store's own note, to the end
 * </pre>
 *
 * @param safeVersion see {@link io.silkstone.store.log.Versions}
 * @param newest id of the newest segment; of higher ones the note knows nothing
 * @param oldest id of the oldest segment beside whose entries a newer note may be
 * @param segments ids of all segments with something wanted, ascending
 * @param safe of which of them the copies were on the disk for certain, so that one that is not
 *     there is missing
 * @param store what the store says of its tables
 */
record LogNote(
        long safeVersion, long newest, long oldest, long[] segments, boolean[] safe, byte[] store) {
    private static final int LAYOUT = 1;
    private static final int SEGMENT_BYTES = Long.BYTES + 1;
    private static final int HEADER_BYTES = 2 * Integer.BYTES + 3 * Long.BYTES;

    /** The note of {@code segments}, of which those of {@code safe} are on the disk. */
    static LogNote of(
            long safeVersion,
            long newest,
            long oldest,
            TreeSet<Long> segments,
            Set<Long> safe,
            byte[] store) {
        long[] ids = segments.stream().mapToLong(Long::longValue).toArray();
        boolean[] certain = new boolean[ids.length];
        for (int index = 0; index < ids.length; index++) {
            certain[index] = safe.contains(ids[index]);
        }
        return new LogNote(safeVersion, newest, oldest, ids, certain, store);
    }

    byte[] encode() {
        ByteBuffer bytes =
                ByteBuffer.allocate(HEADER_BYTES + segments.length * SEGMENT_BYTES + store.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(LAYOUT)
                        .putInt(segments.length)
                        .putLong(safeVersion)
                        .putLong(newest)
                        .putLong(oldest);
        for (long id : segments) {
            bytes.putLong(id);
        }
        for (boolean certain : safe) {
            bytes.put((byte) (certain ? 1 : 0));
        }
        return bytes.put(store).array();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException when it is of another layout; the message is for operators
     */
    static LogNote decode(byte[] note) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(note).order(ByteOrder.LITTLE_ENDIAN);
            int layout = bytes.getInt();
            if (layout != LAYOUT) {
                throw new IllegalArgumentException(
                        "is of layout " + layout + ", and this version reads layout " + LAYOUT);
            }
            long[] segments = new long[bytes.getInt()];
            long safeVersion = bytes.getLong();
            long newest = bytes.getLong();
            long oldest = bytes.getLong();
            for (int index = 0; index < segments.length; index++) {
                segments[index] = bytes.getLong();
            }
            boolean[] safe = new boolean[segments.length];
            for (int index = 0; index < segments.length; index++) {
                safe[index] = bytes.get() != 0;
            }
            byte[] store = new byte[bytes.remaining()];
            bytes.get(store);
            return new LogNote(safeVersion, newest, oldest, segments, safe, store);
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new IllegalArgumentException("ends too early", e);
        }
    }

    /** Whether the copy of segment {@code id} counts. */
    boolean counts(long id) {
        return id > newest || Arrays.binarySearch(segments, id) >= 0;
    }
}
