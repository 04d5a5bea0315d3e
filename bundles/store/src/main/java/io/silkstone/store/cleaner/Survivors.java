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
     * Room for {@code bytes}, in the survivor at hand or else in a new one of age {@code born}.
     *
     * @return its address; 0 when there is no memory
     */
    long append(int bytes, long born) {
        if (current != null) {
            long address = log.append(current, bytes);
            if (address != 0) {
                return address;
            }
            log.seal(current);
        }
        current = log.openSurvivor(born);
        return current == null ? 0 : log.append(current, bytes);
    }
}
