package io.silkstone.store.log;

/**
 * Those who refer to entries of the log: what the cleaner must ask before it drops an object, and
 * tell when it has moved one. Called inside an epoch, by one cleaning thread at a time.
 */
public interface References {
    /**
     * Drops the reference to the object at {@code entry} if it has expired, or its table was
     * cleared or dropped. The result of a request is never dropped here.
     *
     * @return whether this call did, so that the caller must count the entry as dead; if not,
     *     nobody may refer to it all the same
     */
    boolean discard(long entry);

    /**
     * Brings what refers to the first {@code count} of {@code entries} towards the processor, since
     * {@link #move} will follow. One loop for all, so that their cache misses overlap.
     *
     * @return to be used somewhere, or else the compiler drops the reads
     */
    long prefetch(long[] entries, int count);

    /**
     * Makes whoever finds the object or result at {@code entry} find it at {@code copy} instead.
     *
     * @return false when nobody finds it any more; its table may still refer to it if it was
     *     cleared meanwhile, see {@link #discard}
     */
    boolean move(long entry, long copy);

    /**
     * Whether a tombstone is wanted although what it buries has left the log: while what it buries
     * may come back out of the log of another server (RAMCloud's TombstoneProtector).
     */
    boolean keepsTombstone(long tombstone);
}
