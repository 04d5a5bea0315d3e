package io.silkstone.store.backup;

import io.silkstone.base.Checks;
import io.silkstone.base.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Copies of the segments of one log, each a file in one directory of a disk.
 *
 * <p><b>What survives.</b> What was appended by one call is there after a crash altogether or not
 * at all. It survives the end of the process when the call has returned, and the end of the machine
 * when a {@link #sync} has returned after it. {@link #read} tells what was being written when the
 * machine ended, of which nobody was told, from what was safe and is lost.
 *
 * <p><b>Another copy of the same segment</b> takes the place of the one before in one step, in the
 * next {@link #sync}, when its content is safe. Until then a crash, also of the process alone,
 * leaves the one before.
 *
 * <p><b>When the disk fails</b> a write or a sync, nothing is known of what was written since the
 * last one, and if it says later that all is well, that means nothing: Linux forgets the pages that
 * it could not write. So the copies concerned are not believed any more. They are {@link #failed},
 * refuse whatever is to be added, and are left out of {@link #sync}, until the caller, who has the
 * segment in memory, begins them again, or drops them.
 *
 * <p>After the end of a process some of what it wrote may be nowhere but in the machine's memory.
 * {@link #confirm} makes that safe, before anybody is told of it.
 *
 * <p>Files of other names are left alone. Threads: one at a time, but {@link #bytes} and {@link
 * #path} may be asked by any.
 */
public final class SegmentFiles implements SegmentCopies {
    /** Longest file. */
    static final int FILE_BYTES_MAX = 1 << 28;

    private static final int STAGING_BYTES_MIN = 1 << 16;
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    /**
     * What a copy has.
     *
     * @param contents the segment from its beginning on, on the Java heap
     * @param noteNumber the number of the newest note; 0 when there is none
     * @param note the newest note; null when there is none
     * @param isTorn whether more was being written when the process or the machine ended
     * @param incarnation which of the copies of another server's segment it is; 0 for one of this
     *     server's own, and for one of which no step is there
     * @param hasEnded whether the last {@link #step} is there
     */
    public record Kept(
            MemorySegment contents,
            long noteNumber,
            byte[] note,
            boolean isTorn,
            long incarnation,
            boolean hasEnded) {}

    private final Disk disk;
    private final RandomGenerator random;
    private final TreeMap<Long, Copy> copies = new TreeMap<>();

    /** Those among them that {@link #sync} has to do something for. */
    private final Set<Copy> waiting = new LinkedHashSet<>();

    /** Files of copies that never came to be. */
    private final List<String> unfinished = new ArrayList<>();

    private final Frame frame = new Frame();
    private ByteBuffer staging = NOTHING;
    private MemorySegment stagingMemory = MemorySegment.ofBuffer(NOTHING);
    private boolean areNamesUnsafe;
    private volatile long bytes;

    private SegmentFiles(Disk disk, RandomGenerator random) {
        this.disk = disk;
        this.random = random;
    }

    /**
     * Opens what is in the directory, and leaves it as it is until something is written. Then files
     * of copies that never came to be are removed by the next {@link #sync}.
     *
     * @param disk closed with this; if this method fails, by the caller
     * @param random for numbers that tell one file from another
     */
    public static SegmentFiles open(Disk disk, RandomGenerator random) throws IOException {
        SegmentFiles files = new SegmentFiles(disk, random);
        for (String name : disk.names()) {
            long segment = SegmentFile.segment(name);
            if (SegmentFile.isUnfinished(name)) {
                files.unfinished.add(name);
            } else if (segment >= 0 && files.isBegun(segment)) {
                Copy copy = new Copy(disk, segment, (int) disk.length(name));
                files.copies.put(segment, copy);
                files.count(copy.bytes());
            } else if (segment >= 0) {
                files.unfinished.add(name);
            }
        }
        return files;
    }

    /** Whether there is a copy, whole or damaged, and not just a file that was to be one. */
    private boolean isBegun(long segment) throws IOException {
        String name = SegmentFile.name(segment);
        byte[] header = disk.read(name, 0, SegmentFile.HEADER_BYTES);
        if (SegmentFile.hasHeader(SegmentFile.of(header))) {
            return true;
        }
        try {
            return SegmentFile.scan(disk.read(name), segment, path()).begun();
        } catch (DamagedReplica e) {
            return true;
        }
    }

    /** Where the files are, for messages. */
    @Override
    public String path() {
        return disk.path();
    }

    @Override
    public boolean areWanted() {
        return true;
    }

    @Override
    public void departed(long segment) {
        // Its file is what it is.
    }

    @Override
    public boolean look() {
        return false;
    }

    @Override
    public long beginnings() {
        return 0;
    }

    /** Ids of the segments that have a copy here, or a damaged or failed one, ascending. */
    public long[] segments() {
        return copies.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    /** Whether there is a copy of this segment, or a damaged or failed one. */
    public boolean has(long segment) {
        return copies.containsKey(segment);
    }

    /** Ids of the segments whose copies the disk has failed, ascending. */
    @Override
    public long[] failed() {
        return copies.values().stream()
                .filter(copy -> copy.hasFailed)
                .mapToLong(copy -> copy.segment)
                .toArray();
    }

    /** Bytes on disk of all copies. */
    @Override
    public long bytes() {
        return bytes;
    }

    private void count(long more) {
        bytes += more;
    }

    /**
     * Begins the copy of a segment. If there is one already, this one is to take its place: it has
     * to get all of the segment, and notes that are still wanted, before the next {@link #sync}.
     *
     * @throws IOException when the disk fails; then the copy counts as failed
     */
    @Override
    public void begin(long segment) throws IOException {
        begin(segment, 0);
    }

    /**
     * Begins the copy of a segment of another server, as the other; it grows by {@link #step}.
     *
     * @param incarnation which of the copies of that segment it is, from 1 on
     */
    public void begin(long segment, long incarnation) throws IOException {
        Checks.require(segment >= 0, "segment %d cannot have a copy", segment);
        Copy before = copies.get(segment);
        String name = SegmentFile.name(segment);
        long replaced = 0;
        if (before != null) {
            before.closeQuietly();
            waiting.remove(before);
            name = SegmentFile.unfinishedName(segment);
            replaced = before.isUnfinished() ? before.replacedBytes : before.length;
            count(-before.bytes());
        }
        unfinished.remove(name);
        Copy copy = new Copy(disk, segment, random.nextLong(), incarnation, name);
        copy.replacedBytes = replaced;
        copies.put(segment, copy);
        waiting.add(copy);
        reserve(SegmentFile.HEADER_BYTES);
        SegmentFile.putHeader(staging, segment, copy.salt, incarnation != 0);
        areNamesUnsafe = true;
        try {
            copy.begin(staging.limit(SegmentFile.HEADER_BYTES));
        } finally {
            count(copy.bytes());
        }
    }

    /**
     * Adds bytes of a segment, which are copied.
     *
     * @param offset where in the segment they begin: where those of the call before ended, or 0
     * @throws IOException when the disk fails, or has failed the copy before
     */
    @Override
    public void append(long segment, int offset, MemorySegment bytes) throws IOException {
        Copy copy = growing(segment);
        Checks.require(
                offset == copy.contents,
                "the copy of segment %d ends at %d, what is added begins at %d",
                segment,
                copy.contents,
                offset);
        write(copy, frame(copy, Frame.DATA, offset, bytes));
        copy.contents += (int) bytes.byteSize();
    }

    /**
     * Keeps something that is said of the log as a whole with the copy of this segment.
     *
     * @param number grows from note to note of a log, from 1 on
     * @throws IOException when the disk fails, or has failed the copy before
     */
    @Override
    public void note(long segment, long number, byte[] note) throws IOException {
        Copy copy = growing(segment);
        write(copy, frame(copy, Frame.NOTE, number, MemorySegment.ofArray(note)));
    }

    /**
     * Little more comes for this segment, if anything: from now on each {@link #sync} closes its
     * file, and notes in it that all is safe. What comes nevertheless opens it again.
     *
     * @throws IOException when the disk has failed the copy before
     */
    @Override
    public void end(long segment) throws IOException {
        Copy copy = growing(segment);
        copy.isEnding = true;
        waiting.add(copy);
    }

    /**
     * Adds to the copy of another server's segment what is there after a crash altogether or not at
     * all.
     *
     * @param offset where in the segment {@code bytes} begin: where those of the step before ended
     * @param noteNumber of {@code note}; 0 for none
     * @param note what is said of the log as a whole
     * @param ends whether nothing more comes: the copy is complete, and {@link #end} is done, too
     * @throws IOException when the disk fails, or has failed the copy before, or the file would be
     *     too long
     */
    public void step(
            long segment,
            int offset,
            MemorySegment bytes,
            long noteNumber,
            MemorySegment note,
            boolean ends)
            throws IOException {
        Copy copy = growing(segment);
        Checks.require(
                copy.incarnation != 0 && offset == copy.contents,
                "the copy of segment %d has no step at %d",
                segment,
                offset);
        long payload = Frame.STEP_BYTES + note.byteSize() + bytes.byteSize();
        if (!fits(copy, payload)) {
            throw new IOException(path() + "/" + copy.name + " would become too long");
        }
        int length = lay(copy, Frame.STEP, offset, payload);
        frame.incarnation(copy.incarnation)
                .noteNumber(noteNumber)
                .noteLength((int) note.byteSize())
                .ends(ends);
        int begin = Frame.HEADER_BYTES + Frame.STEP_BYTES;
        MemorySegment.copy(note, 0, stagingMemory, begin, note.byteSize());
        long contents = begin + note.byteSize();
        MemorySegment.copy(bytes, 0, stagingMemory, contents, bytes.byteSize());
        frame.seal(copy.length);
        write(copy, staging.limit(Frame.bytes(length)));
        copy.contents += (int) bytes.byteSize();
        if (ends) {
            end(segment);
        }
    }

    private Copy growing(long segment) throws IOException {
        Copy copy = copies.get(segment);
        Checks.require(
                copy != null && !copy.isFound, "no copy of segment %d has been begun", segment);
        if (copy.hasFailed) {
            throw failure(copy);
        }
        return copy;
    }

    private IOException failure(Copy copy) {
        return new IOException(
                "the disk has failed " + path() + "/" + copy.name + ", it has to be begun again");
    }

    private void write(Copy copy, ByteBuffer written) throws IOException {
        long before = copy.bytes();
        waiting.add(copy);
        copy.write(written);
        count(copy.bytes() - before);
    }

    /** The next frame of a copy, ready to be written. */
    private ByteBuffer frame(Copy copy, int kind, long number, MemorySegment payload) {
        int length = lay(copy, kind, number, payload.byteSize());
        MemorySegment.copy(payload, 0, stagingMemory, Frame.HEADER_BYTES, length);
        frame.seal(copy.length);
        return staging.limit(Frame.bytes(length));
    }

    /** Lays out all of a frame but its payload, which is so long. */
    private int lay(Copy copy, int kind, long number, long payload) {
        Checks.require(
                fits(copy, payload),
                "the copy of segment %d would have more than %d bytes",
                copy.segment,
                FILE_BYTES_MAX);
        int length = (int) payload;
        reserve(Frame.bytes(length));
        frame.wrap(staging, 0).salt(copy.salt).kind(kind).number(number).safe(copy.safe);
        frame.length(length);
        return length;
    }

    private static boolean fits(Copy copy, long payload) {
        return copy.length + Frame.HEADER_BYTES + payload + Frame.ALIGNMENT <= FILE_BYTES_MAX;
    }

    /** Has {@link #staging} hold so many bytes from its beginning. */
    private void reserve(int needed) {
        if (staging.capacity() < needed) {
            int enough = Math.max(STAGING_BYTES_MIN, Integer.highestOneBit(needed - 1) << 1);
            staging = ByteBuffer.allocateDirect(enough).order(ByteOrder.LITTLE_ENDIAN);
            stagingMemory = MemorySegment.ofBuffer(staging);
        }
        staging.clear();
    }

    /**
     * Returns when everything written so far, in all copies but {@link #failed} ones, survives
     * whatever happens; also that copies were begun, have taken the place of others, or are
     * dropped.
     *
     * @throws IOException when the disk fails. What was safe stays so; of the rest nothing is
     *     known; a copy is among the failed ones when calling again is not enough
     */
    @Override
    public void sync() throws IOException {
        IOException failure = null;
        for (Copy copy : waiting) {
            try {
                syncContent(copy);
            } catch (IOException e) {
                failure = first(failure, e);
            }
        }
        try {
            syncNames();
        } catch (IOException e) {
            failure = first(failure, e);
        }
        for (Copy copy : waiting) {
            try {
                if (copy.hasEnded()) {
                    end(copy);
                }
            } catch (IOException e) {
                failure = first(failure, e);
            }
        }
        waiting.removeIf(copy -> !copy.isWaiting());
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * As {@link #sync()}, but for the copy of one segment alone, which costs less. A file that has
     * ended stays open.
     *
     * @throws IOException when the disk fails, as there, or has failed the copy before
     */
    @Override
    public void sync(long segment) throws IOException {
        Copy copy = growing(segment);
        syncContent(copy);
        if (copy.isNameUnsafe) {
            syncNames();
        }
    }

    /**
     * Closes the file of the copy of this segment if all of it is safe; what comes nevertheless
     * opens it again.
     */
    public void rest(long segment) {
        Copy copy = copies.get(segment);
        if (copy != null && !waiting.contains(copy)) {
            copy.closeQuietly();
        }
    }

    private void end(Copy copy) throws IOException {
        long before = copy.bytes();
        copy.end(frame(copy, Frame.MARK, 0, MemorySegment.NULL));
        count(copy.bytes() - before);
    }

    private static IOException first(IOException before, IOException next) {
        if (before != null) {
            before.addSuppressed(next);
        }
        return before == null ? next : before;
    }

    private void syncContent(Copy copy) throws IOException {
        long before = copy.bytes();
        try {
            copy.sync();
            if (copy.isUnfinished() && !copy.hasFailed) {
                rename(copy);
            }
        } finally {
            count(copy.bytes() - before);
        }
    }

    private void rename(Copy copy) throws IOException {
        String name = SegmentFile.name(copy.segment);
        try {
            disk.rename(copy.name, name);
        } catch (IOException e) {
            copy.fail();
            throw e;
        }
        copy.name = name;
        copy.replacedBytes = 0;
    }

    private void syncNames() throws IOException {
        while (!unfinished.isEmpty()) {
            areNamesUnsafe = true;
            delete(unfinished.getLast());
            unfinished.removeLast();
        }
        if (!areNamesUnsafe) {
            return;
        }
        try {
            disk.sync();
        } catch (IOException e) {
            copies.values().stream().filter(copy -> copy.isNameUnsafe).forEach(Copy::fail);
            throw e;
        }
        areNamesUnsafe = false;
        for (Copy copy : copies.values()) {
            copy.isNameUnsafe &= copy.hasFailed;
        }
    }

    /** Removes a file, which may be gone already if that failed before. */
    private void delete(String name) throws IOException {
        try {
            disk.delete(name);
        } catch (NoSuchFileException gone) {
            areNamesUnsafe = true;
        }
    }

    /**
     * The copy of this segment, if there is one, is not needed any more. After a crash it may be
     * there again until {@link #sync} has returned.
     *
     * @throws IOException when the disk fails; then it may or may not be there, counts as failed,
     *     and can be dropped again
     */
    @Override
    public void drop(long segment) throws IOException {
        Copy copy = copies.get(segment);
        if (copy == null) {
            return;
        }
        areNamesUnsafe = true;
        copy.closeQuietly();
        try {
            delete(SegmentFile.name(segment));
            if (copy.isUnfinished()) {
                delete(copy.name);
            }
        } catch (IOException e) {
            copy.fail();
            throw e;
        }
        copies.remove(segment);
        waiting.remove(copy);
        count(-copy.bytes());
    }

    /**
     * Nothing more comes for the copy of this segment, which may have failed: from now on it is
     * what the disk shows of it, as if it had been found when this was opened. One that was to take
     * another's place and has not is given up for that one.
     *
     * @throws IOException when the disk fails; then it counts as failed, and can be left again
     */
    public void leave(long segment) throws IOException {
        Copy copy = copies.get(segment);
        Checks.require(copy != null, "segment %d has no copy", segment);
        copy.fail();
        waiting.remove(copy);
        String name = SegmentFile.name(segment);
        boolean isThere = disk.names().contains(name) && isBegun(segment);
        Copy left = isThere ? new Copy(disk, segment, (int) disk.length(name)) : null;
        if (copy.isUnfinished()) {
            unfinished.add(copy.name);
        }
        if (left == null) {
            unfinished.add(name);
            copies.remove(segment);
        } else {
            copies.put(segment, left);
        }
        count((left == null ? 0 : left.bytes()) - copy.bytes());
    }

    /**
     * What is kept of a segment; of one that was begun anew and has not taken its place, of the new
     * copy. Changes nothing.
     *
     * @throws DamagedReplica when something is lost that was safe once
     * @throws IOException when the copy has failed, or cannot be read, or is of another format; the
     *     message is for operators
     */
    public Kept read(long segment) throws IOException {
        Copy copy = copies.get(segment);
        Checks.require(copy != null, "segment %d has no copy", segment);
        if (copy.hasFailed) {
            throw failure(copy);
        }
        SegmentFile.Scan scan = SegmentFile.scan(disk.read(copy.name), segment, path());
        if (copy.isFound) {
            copy.end = scan.end();
            copy.safe = Math.max(copy.safe, scan.safe());
        }
        return scan.kept();
    }

    /**
     * Makes safe what {@link #read} has shown of copies that were there when this was opened. The
     * process before may have ended before it synchronised their last frames, or even when that had
     * failed: then they are seen, and a sync says that all is well, and they are on no disk. So
     * they are written once more.
     *
     * @throws IOException when the disk fails: calling again tries again
     */
    public void confirm() throws IOException {
        for (Copy copy : copies.values()) {
            if (copy.isFound && copy.safe < copy.end) {
                confirm(copy);
            }
        }
        disk.sync();
    }

    /** As {@link #confirm()}, but for the copy of one segment alone. */
    public void confirm(long segment) throws IOException {
        Copy copy = copies.get(segment);
        if (copy != null && copy.isFound && copy.safe < copy.end) {
            confirm(copy);
            disk.sync();
        }
    }

    private void confirm(Copy copy) throws IOException {
        byte[] tail = disk.read(copy.name, copy.safe, copy.end - copy.safe);
        SegmentFile.Scan again = SegmentFile.scan(disk.read(copy.name), copy.segment, path());
        if (again.end() < copy.end || tail.length < copy.end - copy.safe) {
            throw new DamagedReplica(
                    path(), copy.name, again.end(), "more was there when it was read before");
        }
        try (Disk.Writer writer = disk.open(copy.name)) {
            writer.write(copy.safe, ByteBuffer.wrap(tail));
            writer.sync();
        }
        copy.safe = copy.end;
    }

    @Override
    public void close() throws IOException {
        copies.values().forEach(Copy::closeQuietly);
        disk.close();
    }
}
