package io.silkstone.store.log;

import io.silkstone.store.memory.Memory;

/**
 * Layout of a log entry, little-endian, beginning at a multiple of eight.
 *
 * <pre>
 *   0   u32  header word: bits 0-23 length in bytes before padding, 24-27 type,
 *            28 has an expiry, 31 dead
 *   4   u32  CRC32C of the header word without the dead flag and of bytes 8 to length
 *   8   u64  key hash
 *  16   u64  version
 *  24   u32  table id; top 4 bits: type tag of the object
 *  28   u16  key length
 *  30  [u64  expiry in milliseconds since 1970]  only with bit 28
 *       key
 *       value; of a tombstone: u64 id of the segment that holds the dead object
 * </pre>
 *
 * <p>A result has no key; {@link Result} tells what follows its header.
 *
 * <p>The header word is written last; 0 means that the entry is not whole yet. Entries never change
 * afterwards, but for the dead flag, which is set when nothing refers to the entry any more; it is
 * outside the checksum and never leaves the node. Walks over the log need no hash table thanks to
 * it. Padding, and only padding, may be shorter than {@link #HEADER_BYTES}.
 */
public final class Entry {
    /** An object. */
    public static final int OBJECT = 1;

    /** Says that a version of an object is gone. */
    public static final int TOMBSTONE = 2;

    /** Carries the safe version in its version field. */
    public static final int SAFE_VERSION = 3;

    /** Nothing: room that was claimed and not used. */
    public static final int PADDING = 4;

    /** First of a segment; carries its id in the version field. */
    public static final int SEGMENT_HEADER = 5;

    /** What became of a request that is done exactly once; see {@link Result}. */
    public static final int RESULT = 6;

    /** Bytes before expiry and key. */
    public static final int HEADER_BYTES = 30;

    /** Bytes of the expiry. */
    public static final int EXPIRY_BYTES = 8;

    /** Bytes of a tombstone's value. */
    public static final int TOMBSTONE_VALUE_BYTES = 8;

    /** Longest entry. */
    public static final int LENGTH_MAX = (1 << 24) - 1;

    /** Highest table id. */
    public static final int TABLE_ID_MAX = (1 << 28) - 1;

    /** Where entries begin. */
    public static final int ALIGNMENT = 8;

    /** Offset of the checksum. */
    public static final int CHECKSUM_OFFSET = 4;

    /** Offset of what follows the checksum. */
    public static final int KEY_HASH_OFFSET = 8;

    /** Offset of table id and type tag. */
    public static final int TABLE_OFFSET = 24;

    private static final int VERSION_OFFSET = 16;
    private static final int KEY_LENGTH_OFFSET = 28;
    private static final int TYPE_SHIFT = 24;
    private static final int TYPE_MASK = 15;
    private static final int EXPIRY_FLAG = 1 << 28;
    private static final int DEAD_FLAG = 1 << 31;
    private static final int TAG_SHIFT = 28;

    private Entry() {}

    /** The header word of a whole entry, in which everything else is then visible; 0 otherwise. */
    public static int header(long entry) {
        return Memory.getIntAcquire(entry);
    }

    /** A header word. */
    public static int headerOf(int type, int length, boolean expires) {
        assert length > 0 && length <= LENGTH_MAX;
        return length | type << TYPE_SHIFT | (expires ? EXPIRY_FLAG : 0);
    }

    /** Length in bytes before padding, from a header word. */
    public static int length(int header) {
        return header & LENGTH_MAX;
    }

    /** The type, from a header word. */
    public static int type(int header) {
        return header >>> TYPE_SHIFT & TYPE_MASK;
    }

    /** Whether there is an expiry, from a header word. */
    public static boolean expires(int header) {
        return (header & EXPIRY_FLAG) != 0;
    }

    /** Whether nothing refers to the entry, from a header word. */
    public static boolean isDead(int header) {
        return (header & DEAD_FLAG) != 0;
    }

    /** A header word as the checksum covers it. */
    public static int withoutDeadFlag(int header) {
        return header & ~DEAD_FLAG;
    }

    /** Bytes from one entry to the next. */
    public static int stride(int length) {
        return length + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /** Bytes from the entry with this header word to the next. */
    public static int strideOf(int header) {
        return stride(length(header));
    }

    /** Length of an object's entry. */
    public static int lengthOf(int keyLength, int valueLength, boolean expires) {
        return HEADER_BYTES + (expires ? EXPIRY_BYTES : 0) + keyLength + valueLength;
    }

    /** Length of a tombstone's entry. */
    public static int tombstoneLength(int keyLength) {
        return HEADER_BYTES + keyLength + TOMBSTONE_VALUE_BYTES;
    }

    /** Hash of the key. */
    public static long keyHash(long entry) {
        return Memory.getLong(entry + KEY_HASH_OFFSET);
    }

    /** The version. */
    public static long version(long entry) {
        return Memory.getLong(entry + VERSION_OFFSET);
    }

    /** The table. */
    public static int tableId(long entry) {
        return Memory.getInt(entry + TABLE_OFFSET) & TABLE_ID_MAX;
    }

    /** The object's type tag. */
    public static int tag(long entry) {
        return Memory.getInt(entry + TABLE_OFFSET) >>> TAG_SHIFT;
    }

    /** Length of the key. */
    public static int keyLength(long entry) {
        return Memory.getUnsignedShort(entry + KEY_LENGTH_OFFSET);
    }

    /** Time of expiry in milliseconds since 1970; 0 for never. */
    public static long expiryMillis(long entry) {
        return expires(header(entry)) ? Memory.getLong(entry + HEADER_BYTES) : 0;
    }

    /** Whether the entry has an expiry that is over at {@code nowMillis}. */
    public static boolean isExpired(long entry, long nowMillis) {
        return expires(header(entry)) && Memory.getLong(entry + HEADER_BYTES) <= nowMillis;
    }

    /** Where the key begins. */
    public static long keyAddress(long entry) {
        return entry + HEADER_BYTES + (expires(header(entry)) ? EXPIRY_BYTES : 0);
    }

    /** Where the value begins. */
    public static long valueAddress(long entry) {
        return keyAddress(entry) + keyLength(entry);
    }

    /** Length of the value. */
    public static int valueLength(long entry) {
        return (int) (entry + length(header(entry)) - valueAddress(entry));
    }

    /** The segment that held the dead object when a tombstone was written. */
    public static long tombstoneSegment(long entry) {
        return Memory.getLong(valueAddress(entry));
    }

    /** Writes the fields of fixed place except header word and checksum. */
    public static void putFields(
            long entry, long keyHash, long version, int tableId, int tag, int keyLength) {
        assert tableId >= 0 && tableId <= TABLE_ID_MAX;
        Memory.putLong(entry + KEY_HASH_OFFSET, keyHash);
        Memory.putLong(entry + VERSION_OFFSET, version);
        Memory.putInt(entry + TABLE_OFFSET, tableId | tag << TAG_SHIFT);
        Memory.putShort(entry + KEY_LENGTH_OFFSET, keyLength);
    }

    /** Writes the expiry of an entry that has one. */
    public static void putExpiry(long entry, long millis) {
        Memory.putLong(entry + HEADER_BYTES, millis);
    }

    /** Computes the checksum, then makes the entry whole. The last step of writing it. */
    public static void commit(long entry, int header, Checksum checksum) {
        // The header word stands in for the checksum, so that one pass covers both.
        Memory.putInt(entry + CHECKSUM_OFFSET, header);
        int sum = checksum.of(entry + CHECKSUM_OFFSET, length(header) - CHECKSUM_OFFSET);
        Memory.putInt(entry + CHECKSUM_OFFSET, sum);
        Memory.putIntRelease(entry, header);
    }

    /** Makes {@code length} bytes padding. */
    public static void commitPadding(long entry, int length) {
        Memory.putIntRelease(entry, headerOf(PADDING, length, false));
    }

    /** Whether a whole entry other than padding still has the checksum that it was written with. */
    public static boolean isIntact(long entry, Checksum checksum) {
        return isIntact(header(entry), entry, checksum);
    }

    /** As the other, of an entry that is whole but for its header word, which is to be this one. */
    public static boolean isIntact(int header, long entry, Checksum checksum) {
        int sum =
                checksum.of(
                        withoutDeadFlag(header),
                        entry + KEY_HASH_OFFSET,
                        length(header) - KEY_HASH_OFFSET);
        return sum == Memory.getInt(entry + CHECKSUM_OFFSET);
    }

    /**
     * As the other, of an entry that no other thread can see. Changes the checksum for a moment, so
     * that one pass covers the header word too.
     */
    public static boolean isIntactUnseen(int header, long entry, Checksum checksum) {
        int written = Memory.getInt(entry + CHECKSUM_OFFSET);
        Memory.putInt(entry + CHECKSUM_OFFSET, withoutDeadFlag(header));
        int sum = checksum.of(entry + CHECKSUM_OFFSET, length(header) - CHECKSUM_OFFSET);
        Memory.putInt(entry + CHECKSUM_OFFSET, written);
        return sum == written;
    }

    /**
     * Sets the dead flag.
     *
     * @return the header word before
     */
    static int markDead(long entry) {
        return Memory.getAndSetBits(entry, DEAD_FLAG);
    }

    /** Sets the dead flag of an entry that no other thread can find. */
    static void markMoved(long entry, int header) {
        Memory.putIntRelease(entry, header | DEAD_FLAG);
    }
}
