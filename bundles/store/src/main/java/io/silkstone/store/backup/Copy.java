package io.silkstone.store.backup;

import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The copy of one segment: what of it is written, and what of that is safe. Once the disk has
 * failed a write or a sync of it, it is not believed any more. Threads: one at a time.
 *
 * <p><b>Zeros ahead.</b> To make a file longer for good, a file system writes to its journal as
 * well. So a sync of little, which will not be the last, has zeros written behind it too: what
 * comes next is written over them, and the length stays. Where much comes between two syncs that
 * would be wasted, and with no syncs at all there are no zeros.
 */
final class Copy {
    /** Zeros that are written at once, at least. */
    static final int AHEAD_BYTES = 1 << 16;

    /** For so many syncs like the last one there are to be zeros. */
    private static final int SYNCS_AHEAD = 8;

    /** A sync of more than that does without. */
    private static final int LITTLE_BYTES = 1 << 16;

    /** What file systems deal in. */
    private static final int PAGE_BYTES = 1 << 12;

    private static final ByteBuffer ZEROS =
            ByteBuffer.allocateDirect(SYNCS_AHEAD * LITTLE_BYTES + PAGE_BYTES);

    final long segment;
    final long salt;

    /** Whether it was there already, so that nothing is added to it. */
    final boolean isFound;

    /** Of another server's segment, which of its copies this is; 0 for one of this server's own. */
    final long incarnation;

    /** What it is called now. */
    String name;

    /** Bytes of the file whose place it is to take, if any. */
    long replacedBytes;

    /** Whether the disk may not know its name after a crash. */
    boolean isNameUnsafe;

    /** Whether its file is to be closed whenever it is safe. */
    boolean isEnding;

    boolean hasFailed;

    /** Where the next frame goes. */
    int length;

    /** Where the zeros end that were written ahead, if any were. */
    int zerosEnd;

    /** Where in the segment the next bytes come from. */
    int contents;

    /** So much of the file is safe. */
    int safe;

    /** Of one that was found and read: where that ends which is worth keeping. */
    int end;

    private final Disk disk;
    private Disk.Writer writer;

    /** Whether something was written that may not survive. */
    private boolean isUnsafe;

    /** One that is there, with so many bytes. */
    Copy(Disk disk, long segment, int length) {
        this.disk = disk;
        this.segment = segment;
        this.length = length;
        salt = 0;
        incarnation = 0;
        isFound = true;
        name = SegmentFile.name(segment);
    }

    /** One that is not begun yet. */
    Copy(Disk disk, long segment, long salt, long incarnation, String name) {
        this.disk = disk;
        this.segment = segment;
        this.salt = salt;
        this.incarnation = incarnation;
        this.name = name;
        isFound = false;
        isNameUnsafe = true;
    }

    /** Bytes on disk that are due to it. */
    long bytes() {
        return Math.max(length, zerosEnd) + replacedBytes;
    }

    /** Whether it waits for another file's name. */
    boolean isUnfinished() {
        return SegmentFile.isUnfinished(name);
    }

    /** Whether its file is to be closed now. */
    boolean hasEnded() {
        return !hasFailed && isEnding && writer != null;
    }

    /** Whether a sync has to do something for it. */
    boolean isWaiting() {
        return !hasFailed && (isUnsafe || isUnfinished() || hasEnded());
    }

    /** Writes the header over whatever is in the file. */
    void begin(ByteBuffer header) throws IOException {
        try {
            writer = disk.open(name);
            writer.truncate(0);
            writer.write(0, header);
            length = SegmentFile.HEADER_BYTES;
            isUnsafe = true;
        } catch (IOException e) {
            fail();
            throw e;
        }
    }

    /** Writes a frame behind the last one. */
    void write(ByteBuffer frame) throws IOException {
        int bytes = frame.remaining();
        try {
            if (writer == null) {
                writer = disk.open(name);
            }
            writer.write(length, frame);
            length += bytes;
            isUnsafe = true;
        } catch (IOException e) {
            fail();
            throw e;
        }
    }

    /** Makes its content safe, unless it has failed. */
    void sync() throws IOException {
        if (!isUnsafe || hasFailed) {
            return;
        }
        try {
            writeZerosAhead();
            writer.sync();
            safe = length;
            isUnsafe = false;
        } catch (IOException e) {
            fail();
            throw e;
        }
    }

    private void writeZerosAhead() throws IOException {
        int group = length - safe;
        if (length > zerosEnd && group <= LITTLE_BYTES && !isEnding) {
            int ahead = Math.max(AHEAD_BYTES, SYNCS_AHEAD * group);
            int end = length + ahead + PAGE_BYTES - 1 & -PAGE_BYTES;
            writer.write(length, ZEROS.duplicate().limit(end - length));
            zerosEnd = end;
        }
    }

    /** Writes a last frame that says only what is true without it: it may get lost. */
    void end(ByteBuffer mark) throws IOException {
        write(mark);
        cutZeros();
        isUnsafe = false;
        close();
    }

    /** They may be there again after a crash, and mean nothing then either. */
    private void cutZeros() throws IOException {
        if (zerosEnd <= length) {
            return;
        }
        try {
            writer.truncate(length);
            zerosEnd = length;
        } catch (IOException e) {
            fail();
            throw e;
        }
    }

    /** The disk has failed it: it is as it is until another one is begun. */
    void fail() {
        hasFailed = true;
        closeQuietly();
    }

    void close() throws IOException {
        Disk.Writer open = writer;
        writer = null;
        if (open != null) {
            open.close();
        }
    }

    /** A file that could not be closed has lost nothing that was safe. */
    void closeQuietly() {
        try {
            close();
        } catch (IOException e) {
            hasFailed = true;
        }
    }
}
