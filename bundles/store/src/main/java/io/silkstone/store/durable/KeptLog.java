package io.silkstone.store.durable;

import io.silkstone.store.backup.SegmentFiles;
import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What a log has left in files when its process ended, however that was. Its newest note says which
 * copies of segments count; {@link #forEach} shows them.
 */
public final class KeptLog {
    private static final LogNote NO_NOTE =
            new LogNote(0, 0, 0, new long[0], new int[0], new byte[0]);

    /** Of a log that begins. */
    public static final KeptLog NONE = new KeptLog(null, new long[0], NO_NOTE, 0);

    private final SegmentFiles files;
    private final long[] segments;
    private final LogNote note;
    private final long noteNumber;

    /** Shows what is in one segment. */
    public interface Visitor {
        /**
         * Entries one after the other, as they lay in the log, but for dead flags, which mean
         * nothing any more. The last one is whole.
         */
        void visit(MemorySegment entries) throws IOException;
    }

    private KeptLog(SegmentFiles files, long[] segments, LogNote note, long noteNumber) {
        this.files = files;
        this.segments = segments;
        this.note = note;
        this.noteNumber = noteNumber;
    }

    /**
     * Looks for what is in {@code files}.
     *
     * @throws IOException when something is missing or damaged that was safe; the message is for
     *     operators
     */
    public static KeptLog of(SegmentFiles files) throws IOException {
        long[] segments = files.segments();
        LogNote newest = null;
        long number = 0;
        boolean hasEntries = false;
        // Notes are in segments that writers append to: nearly always the newest in the newest.
        for (int index = segments.length - 1; index >= 0; index--) {
            if (newest != null && segments[index] < newest.oldest()) {
                break;
            }
            Kept kept = files.read(segments[index]);
            hasEntries |= kept.contents().byteSize() > 0;
            if (kept.note() != null && kept.noteNumber() > number) {
                newest = decode(files, segments[index], kept.note());
                number = kept.noteNumber();
            }
        }
        if (newest == null && hasEntries) {
            throw new IOException(
                    "nothing in "
                            + files.path()
                            + " says what of the log counts: files are missing");
        }
        if (newest == null) {
            // A log that was begun, and died before anything in it was settled.
            return new KeptLog(files, segments, NO_NOTE, 0);
        }
        requireAll(files, newest, segments);
        return new KeptLog(files, segments, newest, number);
    }

    private static LogNote decode(SegmentFiles files, long segment, byte[] note)
            throws IOException {
        try {
            return LogNote.decode(note);
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "the newest note in "
                            + files.path()
                            + ", with segment "
                            + segment
                            + ", "
                            + e.getMessage(),
                    e);
        }
    }

    private static void requireAll(SegmentFiles files, LogNote note, long[] segments)
            throws IOException {
        for (long id : note.segments()) {
            if (Arrays.binarySearch(segments, id) < 0 && !note.allows(id, -1)) {
                throw new IOException(
                        "the copy of segment " + id + " is missing from " + files.path());
            }
        }
    }

    /** Whether nothing was kept: this is a beginning. */
    public boolean isEmpty() {
        return noteNumber == 0;
    }

    /** What the store said of its tables; empty when nothing was kept. */
    public byte[] storeNote() {
        return note.store();
    }

    /** See {@link io.silkstone.store.log.Versions#safe}; 0 when nothing was kept. */
    public long safeVersion() {
        return note.safeVersion();
    }

    /** No segment had a higher id. */
    public long newest() {
        long last = segments.length == 0 ? 0 : segments[segments.length - 1];
        return Math.max(note.newest(), last);
    }

    /** Ids, ascending, of all that is in files, whether it counts or not. */
    long[] segments() {
        return segments;
    }

    /** Ids, ascending, of what counts. */
    long[] counted() {
        return Arrays.stream(segments).filter(note::counts).toArray();
    }

    /** The number of the newest note; 0 for none. */
    long noteNumber() {
        return noteNumber;
    }

    /**
     * Shows all segments that count, the newest first, so that most of what is met later has been
     * overwritten. When it returns, what it has shown is safe on the disk: the process before may
     * not have come to that, and what it had removed must not be back some day.
     *
     * @throws IOException when one cannot be read, or is damaged; the message is for operators
     */
    public void forEach(Visitor visitor) throws IOException {
        for (int index = segments.length - 1; index >= 0 && !isEmpty(); index--) {
            if (note.counts(segments[index])) {
                MemorySegment contents = files.read(segments[index]).contents();
                if (!note.allows(segments[index], (int) contents.byteSize())) {
                    throw new IOException(
                            "the copy of segment "
                                    + segments[index]
                                    + " in "
                                    + files.path()
                                    + " is an old one");
                }
                visitor.visit(contents);
            }
        }
        files.confirm();
    }
}
