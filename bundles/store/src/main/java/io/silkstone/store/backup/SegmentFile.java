package io.silkstone.store.backup;

import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The format of a segment's copy, little-endian: a header and then {@link Frame}s one after the
 * other.
 *
 * <pre>
 *  segment-ID (16 hexadecimal digits); segment-ID.new while it is to take the place of one
 *   0   u64  magic: "SILKSEGM"
 *   8   u64  id of the segment
 *  16   u64  salt: a random number of the file's own
 *  24   u32  version of this format: 1, or 2 when there are steps in it
 *  28   u32  CRC32C of bytes 0 to 27
 *  32        frames
 *            zeros, if any: room for more frames, see {@link Copy}
 * </pre>
 *
 * <p><b>Torn or damaged.</b> A file is whole up to the first frame that is not. What follows was
 * either being written when the process or the machine ended, and then nobody was told of it; or it
 * was safe once, and the disk has lost it. Frames tell: each says how much was safe when it was
 * written, so a whole one behind the broken place that says that this place was safe is the proof.
 * The same goes for the header, without which the salt is known from the frames alone.
 */
final class SegmentFile {
    static final int HEADER_BYTES = 32;

    private static final long MAGIC = 0x4d47_4553_4b4c_4953L;
    private static final int VERSION = 1;
    private static final int VERSION_WITH_STEPS = 2;
    private static final int ID_OFFSET = 8;
    private static final int SALT_OFFSET = 16;
    private static final int VERSION_OFFSET = 24;
    private static final int CRC_OFFSET = 28;
    private static final String KIND = "segment-";
    private static final String UNFINISHED = ".new";
    private static final int ID_DIGITS = 16;

    /**
     * What is in a file.
     *
     * @param begun whether there is a header, or proof that there was one
     * @param end where the last whole frame ends that is not a mark
     * @param safe so much of it was safe when the last frame was written
     */
    record Scan(Kept kept, boolean begun, int end, int safe) {}

    private SegmentFile() {}

    /** The name of the copy of a segment. */
    static String name(long segment) {
        return String.format(Locale.ROOT, KIND + "%016x", segment);
    }

    /** Its name while another file has that one. */
    static String unfinishedName(long segment) {
        return name(segment) + UNFINISHED;
    }

    /** The segment whose copy is called {@code name}; -1 if it is the name of something else. */
    static long segment(String name) {
        String id = name.startsWith(KIND) ? name.substring(KIND.length()) : "";
        boolean isOne = id.matches("[0-7][0-9a-f]{" + (ID_DIGITS - 1) + "}");
        return isOne ? Long.parseLong(id, ID_DIGITS) : -1;
    }

    /** Whether a file of that name was to take the place of a copy. */
    static boolean isUnfinished(String name) {
        return name.endsWith(UNFINISHED)
                && segment(name.substring(0, name.length() - UNFINISHED.length())) >= 0;
    }

    /**
     * Lays out the header of a file.
     *
     * @param hasSteps whether there will be steps in it, which earlier versions do not know
     */
    static void putHeader(ByteBuffer buffer, long segment, long salt, boolean hasSteps) {
        buffer.putLong(0, MAGIC)
                .putLong(ID_OFFSET, segment)
                .putLong(SALT_OFFSET, salt)
                .putInt(VERSION_OFFSET, hasSteps ? VERSION_WITH_STEPS : VERSION)
                .putInt(CRC_OFFSET, headerCrc(buffer));
    }

    /** Whether {@code file} begins with a header as it was written. */
    static boolean hasHeader(ByteBuffer file) {
        return file.capacity() >= HEADER_BYTES
                && file.getLong(0) == MAGIC
                && file.getInt(CRC_OFFSET) == headerCrc(file);
    }

    private static int headerCrc(ByteBuffer buffer) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.limit(CRC_OFFSET).position(0));
        buffer.clear();
        return (int) crc.getValue();
    }

    /** The bytes of a file. */
    static ByteBuffer of(byte[] file) {
        return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads the copy of {@code segment}, whose bytes are overwritten by its contents.
     *
     * @param path where it lies, for messages
     * @throws DamagedReplica when something is lost that was safe once
     * @throws IOException when it is of another format; the message is for operators
     */
    static Scan scan(byte[] file, long segment, String path) throws IOException {
        ByteBuffer buffer = of(file);
        String name = name(segment);
        if (!hasHeader(buffer)) {
            return withoutHeader(buffer, name, path);
        }
        int version = buffer.getInt(VERSION_OFFSET);
        if (version < VERSION || version > VERSION_WITH_STEPS) {
            throw new IOException(
                    path
                            + "/"
                            + name
                            + " is of format "
                            + version
                            + ", and this version reads formats to "
                            + VERSION_WITH_STEPS);
        }
        if (buffer.getLong(ID_OFFSET) != segment) {
            String trouble = "it is the copy of segment " + buffer.getLong(ID_OFFSET);
            throw new DamagedReplica(path, name, ID_OFFSET, trouble);
        }
        return new Walk(file, name, path).scan(buffer.getLong(SALT_OFFSET));
    }

    /** From frame to frame; what was read is overwritten by the contents. */
    private static final class Walk {
        private final byte[] file;
        private final ByteBuffer buffer;
        private final String name;
        private final String path;
        private final Frame frame = new Frame();
        private int contents;
        private long noteNumber;
        private byte[] note;
        private long incarnation;
        private boolean ended;

        private Walk(byte[] file, String name, String path) {
            this.file = file;
            this.name = name;
            this.path = path;
            buffer = of(file);
        }

        private Scan scan(long salt) throws DamagedReplica {
            int safe = 0;
            int at = HEADER_BYTES;
            int end = HEADER_BYTES;
            while (frame.wrap(buffer, at).isWhole(salt, at)) {
                int next = at + Frame.bytes(frame.length());
                safe = Math.max(safe, frame.safe());
                end = frame.kind() == Frame.MARK ? end : next;
                take(at);
                at = next;
            }
            if (wasSafe(buffer, salt, at)) {
                String trouble = "what follows was written when that was safe";
                throw new DamagedReplica(path, name, at, trouble);
            }
            MemorySegment entries = MemorySegment.ofArray(file).asSlice(0, contents);
            boolean isTorn = !isZero(file, at);
            Kept kept = new Kept(entries, noteNumber, note, isTorn, incarnation, ended);
            return new Scan(kept, true, end, safe);
        }

        private void take(int at) throws DamagedReplica {
            int payload = at + Frame.HEADER_BYTES;
            int length = frame.length();
            if (frame.kind() == Frame.NOTE) {
                takeNote(frame.number(), payload, length);
            } else if (frame.kind() == Frame.DATA) {
                takeContents(at, payload, length);
            } else if (frame.isStep()) {
                incarnation = frame.incarnation();
                ended = frame.ends();
                int noteBytes = frame.noteLength();
                int begin = payload + Frame.STEP_BYTES;
                if (frame.noteNumber() > 0) {
                    takeNote(frame.noteNumber(), begin, noteBytes);
                }
                int bytes = length - Frame.STEP_BYTES - noteBytes;
                takeContents(at, begin + noteBytes, bytes);
            }
        }

        private void takeNote(long number, int begin, int length) {
            noteNumber = number;
            note = Arrays.copyOfRange(file, begin, begin + length);
        }

        private void takeContents(int at, int begin, int length) throws DamagedReplica {
            if (frame.number() != contents) {
                String trouble = "its contents do not follow those before";
                throw new DamagedReplica(path, name, at, trouble);
            }
            // Over what has been read, this frame's own header included.
            System.arraycopy(file, begin, file, contents, length);
            contents += length;
        }
    }

    /** Whether nothing was ever written from {@code begin} on. */
    private static boolean isZero(byte[] file, int begin) {
        int at = begin;
        while (at < file.length && file[at] == 0) {
            at++;
        }
        return at == file.length;
    }

    /** A copy that was begun and never safe, or the remains of one that was. */
    private static Scan withoutHeader(ByteBuffer file, String name, String path)
            throws DamagedReplica {
        boolean hasFrame = file.capacity() >= HEADER_BYTES + Frame.HEADER_BYTES;
        boolean wasSafe =
                hasFrame
                        && (wasSafe(file, file.getLong(SALT_OFFSET), 0)
                                || wasSafe(file, file.getLong(HEADER_BYTES), 0));
        if (wasSafe) {
            throw new DamagedReplica(path, name, 0, "what follows was written when that was safe");
        }
        MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
        return new Scan(new Kept(nothing, 0, null, true, 0, false), false, 0, 0);
    }

    /** Whether a whole frame behind {@code broken} says that this place was safe. */
    private static boolean wasSafe(ByteBuffer file, long salt, int broken) {
        Frame frame = new Frame();
        boolean was = false;
        int last = file.capacity() - Frame.HEADER_BYTES;
        for (int at = Math.max(broken, HEADER_BYTES); at <= last && !was; at += Frame.ALIGNMENT) {
            frame.wrap(file, at);
            was = frame.salt() == salt && frame.safe() > broken && frame.isWhole(salt, at);
        }
        return was;
    }
}
