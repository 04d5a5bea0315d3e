package io.silkstone.store.log;

/**
 * Those who refer to entries of the log: what the cleaner must ask before it drops an object, and
 * tell when it has moved one. Called inside an epoch, by one cleaning thread at a time.
 */
public interface References {
    /**
     * Ends the object at {@code entry} if it has expired, or its table was cleared or dropped:
     * nobody refers to it afterwards.
     *
     * @return whether it did; if not, the object may still have died in another way
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
     * Makes whoever refers to the object at {@code entry} refer to {@code copy} instead, unless
     * there is nobody, or the object has expired and is then removed.
     *
     * @return false when {@code copy} is not wanted either
     */
    boolean move(long entry, long copy);
}
