package io.silkstone.store.cleaner;

import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;

/** The segments that entries are moved to, one after the other. Not thread-safe. */
final class Survivors {
    private final Log log;
    private Segment current;
    private long bytes;

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
            seal();
        }
        current = log.openSurvivor(born);
        long address = log.append(current, bytes);
        if (address == 0) {
            seal();
        }
        return address;
    }

    /** Ends the survivor at hand, if any: what comes next is of another age or pass. */
    void seal() {
        if (current != null) {
            log.seal(current);
            bytes += current.capacity();
            current = null;
        }
    }

    /** Memory of those that were sealed since the last call. */
    long takeBytes() {
        long taken = bytes;
        bytes = 0;
        return taken;
    }
}
