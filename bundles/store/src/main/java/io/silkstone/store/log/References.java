package io.silkstone.store.log;

/**
 * Those who refer to entries of the log: what the cleaner must ask before it drops an object, and
 * tell when it has moved one. Called inside an epoch, by one cleaning thread at a time.
 */
public interface References {
    /**
     * Whether the object at {@code entry} is still wanted. Takes no lock; the answer may be out of
     * date at once, so use it only to choose or to save a copy.
     */
    boolean isLive(long entry);

    /**
     * Makes whoever refers to the object at {@code entry} refer to {@code copy} instead, unless
     * there is nobody, or the object has expired and is then removed.
     *
     * @return false when {@code copy} is not wanted either
     */
    boolean move(long entry, long copy);
}
