package io.silkstone.store;

import io.silkstone.store.log.Log;
import io.silkstone.store.memory.SegletPool.Claimant;

/**
 * Room in the log for the changes of one session: what was claimed for the one under way before it
 * began anew, how long that one has waited, and what earlier ones have taken. Threads: the
 * session's.
 */
final class Room {
    private final Log log;

    /** What batches before this one have appended and not paid for. */
    private long appendedBytes;

    /** Claimed ahead; 0 for nothing. */
    private long ahead;

    private int aheadBytes;
    private long waitsSince;
    private int idleAttempts;

    Room(Log log) {
        this.log = log;
    }

    /**
     * Finds room in the log for the change under way, and claims it if it is large.
     *
     * @return false when the pool has no memory for that
     */
    boolean make(int bytes, Claimant claimant) {
        if (claimant != Claimant.WRITE || !log.isLarge(bytes)) {
            return log.makeRoom(bytes, claimant);
        }
        ahead = log.claimLarge(bytes);
        aheadBytes = bytes;
        return ahead != 0;
    }

    /** Room in the log, which may have been claimed by {@link #make} already; 0 for none. */
    long claim(int bytes) {
        if (ahead != 0 && log.segmentOf(ahead).id() < log.era()) {
            abandonAhead();
        }
        if (ahead == 0 || aheadBytes != bytes) {
            return log.claim(bytes);
        }
        long entry = ahead;
        ahead = 0;
        return entry;
    }

    /** As {@link #claim(int)}, for who may use memory that writes must leave, or may not. */
    long claim(int bytes, Claimant claimant) {
        return claimant == Claimant.REMOVE ? log.claimForRemoval(bytes) : claim(bytes);
    }

    /** Gives up what was claimed ahead, if the change did not use it. */
    void abandonAhead() {
        if (ahead != 0) {
            log.abandon(ahead, aheadBytes);
            ahead = 0;
        }
    }

    /** Counts what was appended to the log, to be paid for between two batches. */
    void appended(int bytes) {
        appendedBytes += bytes;
    }

    /** What is to be paid for; from here on it counts as paid. */
    long takeAppended() {
        long bytes = appendedBytes;
        appendedBytes = 0;
        return bytes;
    }

    /** The change under way begins to wait for memory. */
    void waitsSince(long nanos) {
        waitsSince = nanos;
        idleAttempts = 0;
    }

    /** Since when the change under way waits for memory. */
    long waitsSince() {
        return waitsSince;
    }

    /** How often in a row the change under way has waited with nothing to do itself. */
    int idleAttempts() {
        return idleAttempts;
    }

    /** See {@link #idleAttempts()}. */
    void idleAttempts(int count) {
        idleAttempts = count;
    }
}
