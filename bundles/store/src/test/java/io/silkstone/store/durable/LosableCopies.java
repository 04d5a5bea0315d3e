package io.silkstone.store.durable;

import io.silkstone.store.backup.CopiesLost;
import io.silkstone.store.backup.SegmentCopies;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Copies that are all lost when a test says so, and then have to be begun anew. */
final class LosableCopies implements SegmentCopies {
    private final Set<Long> present = new TreeSet<>();
    private final Set<Long> failed = new TreeSet<>();

    /** Of segments that nobody can begin again. */
    private final Set<Long> departed = new TreeSet<>();

    private final List<LogNote> notes = new ArrayList<>();
    private long beginnings;

    /** As when a server is down that had some of each. */
    void lose() {
        failed.addAll(present);
        failed.removeAll(departed);
    }

    /** As when a server has been given up, and its log goes on as another server's. */
    void beginAsAnothers() {
        beginnings++;
        failed.addAll(present);
        present.clear();
    }

    /** All that were written. */
    List<LogNote> notes() {
        return notes;
    }

    /** Segments that have copies. */
    Set<Long> segments() {
        return Set.copyOf(present);
    }

    @Override
    public String path() {
        return "nowhere";
    }

    @Override
    public boolean areWanted() {
        return true;
    }

    @Override
    public long bytes() {
        return 0;
    }

    @Override
    public boolean look() {
        return !failed.isEmpty();
    }

    @Override
    public long beginnings() {
        return beginnings;
    }

    @Override
    public long[] failed() {
        return failed.stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public void begin(long segment) {
        present.add(segment);
        failed.remove(segment);
    }

    @Override
    public void append(long segment, int offset, MemorySegment bytes) throws CopiesLost {
        require(segment);
    }

    @Override
    public void note(long segment, long number, byte[] note) throws CopiesLost {
        require(segment);
        notes.add(LogNote.decode(note));
    }

    @Override
    public void end(long segment) throws CopiesLost {
        require(segment);
    }

    private void require(long segment) throws CopiesLost {
        if (failed.contains(segment)) {
            throw new CopiesLost("segment " + segment);
        }
    }

    @Override
    public void sync() throws CopiesLost {
        if (!departed.containsAll(failed)) {
            throw new CopiesLost("segments " + failed);
        }
    }

    @Override
    public void sync(long segment) throws CopiesLost {
        require(segment);
    }

    @Override
    public void departed(long segment) {
        departed.add(segment);
    }

    @Override
    public void drop(long segment) {
        present.remove(segment);
        failed.remove(segment);
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
