package io.silkstone.store.backup;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A piece of a {@link SegmentFile} that is there altogether or not at all, little-endian, beginning
 * at a multiple of eight.
 *
 * <pre>
 *   0   u64  salt: the file's own random number
 *   8   u32  CRC32C of the frame's position in the file (u64), of the salt, and of all bytes from
 *            12 on, the zeros at the end included
 *  12   u32  length of the payload
 *  16   u64  of data and steps the offset in the segment, of a note its number, else 0
 *  24   u32  safe: so much of the file, from its beginning, the disk had said to be safe when this
 *            frame was written
 *  28   u32  kind: 1 data, 2 note, 3 mark, 4 step
 *  32        payload: bytes of the segment, or the note, or a step; a mark has none
 *            zeros up to a multiple of eight
 *
 *  a step, with which the copy of another server's segment grows
 *   0   u64  incarnation, the same in all steps of a file
 *   8   u64  number of the note; 0 for none
 *  16   u32  length of the note
 *  20   u32  1 if nothing more comes and the segment is complete, else 0
 *  24        the note, then bytes of the segment
 * </pre>
 *
 * <p>Salt and position tell a frame from all bytes that look like one: those of a file that had the
 * disk's blocks before, and those that a client stores. A mark says nothing but what is safe.
 *
 * <p>A flyweight: setters lay a frame out, and {@link #seal} ends that. Not thread-safe.
 */
final class Frame {
    static final int DATA = 1;
    static final int NOTE = 2;
    static final int MARK = 3;
    static final int STEP = 4;

    static final int HEADER_BYTES = 32;
    static final int ALIGNMENT = 8;

    /** Bytes of a step before its note. */
    static final int STEP_BYTES = 24;

    private static final int SALT_OFFSET = 0;
    private static final int CRC_OFFSET = 8;
    private static final int LENGTH_OFFSET = 12;
    private static final int NUMBER_OFFSET = 16;
    private static final int SAFE_OFFSET = 24;
    private static final int KIND_OFFSET = 28;
    private static final int INCARNATION_OFFSET = HEADER_BYTES;
    private static final int NOTE_NUMBER_OFFSET = HEADER_BYTES + 8;
    private static final int NOTE_LENGTH_OFFSET = HEADER_BYTES + 16;
    private static final int ENDS_OFFSET = HEADER_BYTES + 20;

    private final CRC32C crc = new CRC32C();
    private final ByteBuffer eightBytes =
            ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer buffer;
    private int at;

    /** Bytes of a frame with so much payload. */
    static int bytes(int payload) {
        return (HEADER_BYTES + payload + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Looks at what is {@code at} in {@code buffer}, which is little-endian. */
    Frame wrap(ByteBuffer buffer, int at) {
        this.buffer = buffer;
        this.at = at;
        return this;
    }

    long salt() {
        return buffer.getLong(at + SALT_OFFSET);
    }

    Frame salt(long salt) {
        buffer.putLong(at + SALT_OFFSET, salt);
        return this;
    }

    int length() {
        return buffer.getInt(at + LENGTH_OFFSET);
    }

    /** Also clears what follows the payload. */
    Frame length(int length) {
        buffer.putInt(at + LENGTH_OFFSET, length);
        if (length > 0) {
            buffer.putLong(at + bytes(length) - Long.BYTES, 0);
        }
        return this;
    }

    long number() {
        return buffer.getLong(at + NUMBER_OFFSET);
    }

    Frame number(long number) {
        buffer.putLong(at + NUMBER_OFFSET, number);
        return this;
    }

    int safe() {
        return buffer.getInt(at + SAFE_OFFSET);
    }

    Frame safe(int safe) {
        buffer.putInt(at + SAFE_OFFSET, safe);
        return this;
    }

    int kind() {
        return buffer.getInt(at + KIND_OFFSET);
    }

    Frame kind(int kind) {
        buffer.putInt(at + KIND_OFFSET, kind);
        return this;
    }

    /** Whether it is a step whose note has the length that it says. */
    boolean isStep() {
        return kind() == STEP
                && length() >= STEP_BYTES
                && noteLength() >= 0
                && noteLength() <= length() - STEP_BYTES;
    }

    long incarnation() {
        return buffer.getLong(at + INCARNATION_OFFSET);
    }

    Frame incarnation(long incarnation) {
        buffer.putLong(at + INCARNATION_OFFSET, incarnation);
        return this;
    }

    long noteNumber() {
        return buffer.getLong(at + NOTE_NUMBER_OFFSET);
    }

    Frame noteNumber(long number) {
        buffer.putLong(at + NOTE_NUMBER_OFFSET, number);
        return this;
    }

    int noteLength() {
        return buffer.getInt(at + NOTE_LENGTH_OFFSET);
    }

    Frame noteLength(int length) {
        buffer.putInt(at + NOTE_LENGTH_OFFSET, length);
        return this;
    }

    boolean ends() {
        return buffer.getInt(at + ENDS_OFFSET) != 0;
    }

    Frame ends(boolean ends) {
        buffer.putInt(at + ENDS_OFFSET, ends ? 1 : 0);
        return this;
    }

    /** The frame is laid out, payload and all, for this position of the file. */
    void seal(long position) {
        buffer.putInt(at + CRC_OFFSET, checksum(position));
    }

    /** Whether this is a frame of the file with that salt, as it was written at that position. */
    boolean isWhole(long salt, long position) {
        int left = buffer.capacity() - at;
        if (left < HEADER_BYTES || salt() != salt) {
            return false;
        }
        boolean fits = length() >= 0 && length() <= left - HEADER_BYTES && bytes(length()) <= left;
        return fits && buffer.getInt(at + CRC_OFFSET) == checksum(position);
    }

    private int checksum(long position) {
        int end = at + bytes(length());
        crc.reset();
        crc.update(eightBytes.putLong(0, position).clear());
        crc.update(buffer.limit(at + CRC_OFFSET).position(at));
        crc.update(buffer.limit(end).position(at + LENGTH_OFFSET));
        buffer.clear();
        return (int) crc.getValue();
    }
}
