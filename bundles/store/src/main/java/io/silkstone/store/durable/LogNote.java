package io.silkstone.store.durable;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * What copies of a log's segments say of the log as a whole. The newest one says which copies count
 * (RAMCloud's log digest): those it names, and those of segments that were begun after it.
 *
 * <pre>
 *   u32  version of this layout, 2
 *   u32  number n of segments
 *   u64  safe version
 *   u64  id of the newest segment
 *   u64  id of the oldest segment with a note that may be newer than this one
 *   n times u64 id of a segment, ascending
 *   n times u32 how many bytes of it were in its copy for certain, and 1 more; 0 for no copy. In
 *        layout 1 a u8: 1 if there was a copy for certain, else 0
 *        the store's own note, to the end
 * </pre>
 *
 * @param safeVersion see {@link io.silkstone.store.log.Versions}
 * @param newest id of the newest segment; of higher ones the note knows nothing
 * @param oldest id of the oldest segment beside whose entries a newer note may be
 * @param segments ids of all segments with something wanted, ascending
 * @param least how many bytes of each were in its copy for certain, and 1 more, so that a copy with
 *     less is not the one that was meant; 0 if there may be no copy
 * @param store what the store says of its tables
 */
public record LogNote(
        long safeVersion, long newest, long oldest, long[] segments, int[] least, byte[] store) {
    private static final int LAYOUT = 2;
    private static final int LAYOUT_OF_FLAGS = 1;
    private static final int SEGMENT_BYTES = Long.BYTES + Integer.BYTES;
    private static final int HEADER_BYTES = 2 * Integer.BYTES + 3 * Long.BYTES;

    /** The note of the segments that {@code least} has, see there. */
    static LogNote of(
            long safeVersion,
            long newest,
            long oldest,
            TreeMap<Long, Integer> least,
            byte[] store) {
        long[] ids = least.keySet().stream().mapToLong(Long::longValue).toArray();
        int[] bytes = least.values().stream().mapToInt(Integer::intValue).toArray();
        return new LogNote(safeVersion, newest, oldest, ids, bytes, store);
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
        for (int certain : least) {
            bytes.putInt(certain);
        }
        return bytes.put(store).array();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException when it is of another layout; the message is for operators
     */
    public static LogNote decode(byte[] note) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(note).order(ByteOrder.LITTLE_ENDIAN);
            int layout = bytes.getInt();
            if (layout != LAYOUT && layout != LAYOUT_OF_FLAGS) {
                throw new IllegalArgumentException(
                        "is of layout "
                                + layout
                                + ", and this version reads layouts up to "
                                + LAYOUT);
            }
            long[] segments = new long[bytes.getInt()];
            long safeVersion = bytes.getLong();
            long newest = bytes.getLong();
            long oldest = bytes.getLong();
            for (int index = 0; index < segments.length; index++) {
                segments[index] = bytes.getLong();
            }
            int[] least = new int[segments.length];
            for (int index = 0; index < segments.length; index++) {
                least[index] = layout == LAYOUT ? bytes.getInt() : bytes.get();
            }
            byte[] store = new byte[bytes.remaining()];
            bytes.get(store);
            return new LogNote(safeVersion, newest, oldest, segments, least, store);
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new IllegalArgumentException("ends too early", e);
        }
    }

    /**
     * Whether a copy of segment {@code id} with so many bytes may be the one that was there; or if
     * there is none, -1, whether there may be none.
     */
    public boolean allows(long id, int bytes) {
        int index = Arrays.binarySearch(segments, id);
        return index < 0 || bytes + 1 >= least[index];
    }

    /** Whether the copy of segment {@code id} counts. */
    public boolean counts(long id) {
        return id > newest || Arrays.binarySearch(segments, id) >= 0;
    }
}
