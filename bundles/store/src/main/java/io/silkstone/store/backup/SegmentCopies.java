package io.silkstone.store.backup;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Copies of the segments of one log, outside the memory that it lies in: {@link SegmentFiles} of
 * the node's own, or replicas on other servers. What is written survives what the copies survive
 * once a sync has returned after it.
 *
 * <p>Threads: one at a time, but {@link #bytes}, {@link #path} and {@link #areWanted} may be asked
 * by any.
 */
public interface SegmentCopies extends AutoCloseable {
    /** Where the copies are, for messages. */
    String path();

    /** Whether there are to be any at this time; while not, all that is asked of them is done. */
    boolean areWanted();

    /** Bytes of all copies. */
    long bytes();

    /**
     * Takes note of what has changed for the copies without their doing. At the beginning of each
     * round.
     *
     * @return whether that is why there are {@link #failed} ones
     */
    boolean look();

    /**
     * How often {@link #look} has found that what was safe is of no use any more: from then on it
     * is another log's, or copies were not wanted for a time. All copies that there were have
     * failed then, and of a segment that is in memory no more there is none and will be none.
     */
    long beginnings();

    /**
     * Ids of the segments whose copies are not what they should be, and which have to be begun
     * again from memory, ascending.
     */
    long[] failed();

    /**
     * Begins the copy of a segment. If there is one already, this one is to take its place: it has
     * to get all of the segment, and notes that are still wanted, before the next sync.
     *
     * @throws IOException when that cannot be; then the copy counts as failed
     */
    void begin(long segment) throws IOException;

    /**
     * Adds bytes of a segment, which are copied.
     *
     * @param offset where in the segment they begin: where those of the call before ended, or 0
     * @throws IOException when that cannot be, or the copy has failed
     */
    void append(long segment, int offset, MemorySegment bytes) throws IOException;

    /**
     * Keeps something that is said of the log as a whole with the copy of this segment.
     *
     * @param number grows from note to note of a log, from 1 on
     * @throws IOException when that cannot be, or the copy has failed
     */
    void note(long segment, long number, byte[] note) throws IOException;

    /**
     * Little more comes for this segment, if anything.
     *
     * @throws IOException when the copy has failed
     */
    void end(long segment) throws IOException;

    /**
     * Returns when everything written so far, in all copies but {@link #failed} ones, is safe; also
     * that copies were begun, have taken the place of others, or are dropped.
     *
     * @throws IOException when that is not so. What was safe stays so; of the rest nothing is
     *     known; a copy is among the failed ones when calling again is not enough
     */
    void sync() throws IOException;

    /** As {@link #sync()}, but for the copy of one segment alone, which may cost less. */
    void sync(long segment) throws IOException;

    /**
     * The segment is in memory no more: its copy stays until it is dropped, and is not begun again.
     */
    void departed(long segment);

    /**
     * The copy of this segment, if there is one, is not needed any more. It may be there again
     * after a crash until {@link #sync} has returned.
     *
     * @throws IOException when that cannot be; then it can be dropped again
     */
    void drop(long segment) throws IOException;

    @Override
    void close() throws IOException;
}
