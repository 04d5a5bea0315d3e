package io.silkstone.store.cleaner;

import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;

/**
 * The segments that entries are moved to, one after the other. One stays open from pass to pass, so
 * that all others are full. Not thread-safe.
 */
final class Survivors {
    private final Log log;
    private Segment current;

    Survivors(Log log) {
        this.log = log;
    }

    /**
     * How many bytes {@link #append} may take at once, at least {@code bytes}; begins another
     * survivor, of age {@code born}, when the one at hand has not so many left.
     *
     * @return 0 when there is no memory
     */
    int room(int bytes, long born) {
        if (current != null) {
            int left = roomLeft();
            if (left >= bytes) {
                return left;
            }
            log.seal(current);
        }
        current = log.openSurvivor(born);
        return current == null ? 0 : roomLeft();
    }

    /** Takes {@code bytes} that {@link #room} has found. */
    long append(int bytes) {
        return log.append(current, bytes);
    }

    private int roomLeft() {
        return current.capacity() - (int) current.usedBytes();
    }
}
