package io.silkstone.store;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.Status;
import io.silkstone.base.NanoClock;
import io.silkstone.store.cleaner.Cleaner;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;

/**
 * Lets changes in as long as memory is not full of what is wanted.
 *
 * <p>While memory is plenty this costs nothing. When it gets low, each session pays between two
 * batches for what the last one appended ({@link Cleaner#assist}): there it is outside its epoch,
 * so what it cleans can be used at once, and no request waits for more than its share. A session
 * that finds no memory in the middle of a batch cleans until there is some, or until the cleaner
 * says that nothing can be gained, which alone is {@link Status#OUT_OF_MEMORY}.
 *
 * <p>Memory that was cleaned comes back when all sessions that may look at it have left their
 * batch. The one that lacks memory counts as having left, as long as it has shown no object to its
 * caller in this batch; if it has, it cannot wait for itself, and answers {@link
 * Status#RETRY_LATER}.
 */
final class Admission {
    /** How long a change waits for memory that others hold or are about to give back. */
    private static final long WAIT_NANOS_MAX = 2_000_000_000L;

    /**
     * The same, for memory that waits for a disk: it stops the core, which may be all night, where
     * the client can come again.
     */
    private static final long DISK_WAIT_NANOS_MAX = 50_000_000L;

    /** Also ends a wait where time stands still, as in a simulation of one thread. */
    private static final int ATTEMPTS_MAX = 1 << 22;

    private static final int FUTILE = -1;

    private final SegletPool pool;
    private final Epochs epochs;
    private final Cleaner cleaner;
    private final Sweeper sweeper;
    private final Expirer expirer;
    private final NanoClock clock;
    private final Backoff backoff;
    private final Counter refusals;
    private final Counter assists;

    Admission(
            SegletPool pool,
            Epochs epochs,
            Cleaner cleaner,
            Sweeper sweeper,
            Expirer expirer,
            MetricRegistry metrics,
            NanoClock clock,
            Backoff backoff) {
        this.pool = pool;
        this.epochs = epochs;
        this.cleaner = cleaner;
        this.sweeper = sweeper;
        this.expirer = expirer;
        this.clock = clock;
        this.backoff = backoff;
        refusals = metrics.counter(StoreMetrics.OUT_OF_MEMORY);
        assists = metrics.counter(StoreMetrics.ASSISTS);
    }

    /** A session that appended {@code bytes} of late is between two batches. */
    void betweenBatches(long bytes) {
        cleaner.assist(bytes);
    }

    /**
     * Finds memory for {@code bytes} in the log, or for the growth of a hash table, or some way
     * towards it. The session holds no lock of a line.
     *
     * @param attempt how often it has come here for the same change, from 0
     * @return OK to try the change again; else the change's status
     */
    Status makeRoom(StoreSession session, int bytes, Claimant claimant, int attempt) {
        if (attempt == 0) {
            session.room().waitsSince(clock.nanoTime());
        }
        if (hasRoom(session, bytes, claimant)) {
            return Status.OK;
        }
        long waits = clock.nanoTime() - session.room().waitsSince();
        boolean late = waits > WAIT_NANOS_MAX || waits > DISK_WAIT_NANOS_MAX && cleaner.isHeld();
        if (late || attempt == ATTEMPTS_MAX) {
            return Status.RETRY_LATER;
        }
        int reclaimed = reclaim();
        if (reclaimed == FUTILE) {
            // Another thread may have found the last of it between the two looks.
            if (hasRoom(session, bytes, claimant)) {
                return Status.OK;
            }
            refusals.increment();
            return Status.OUT_OF_MEMORY;
        }
        if (!session.renewEpoch() && epochs.isPending()) {
            return Status.RETRY_LATER;
        }
        // Who has done something goes on, and after a while lets others run in between; who could
        // not waits for them, longer and longer.
        int idle = reclaimed > 0 ? Math.min(attempt, Backoff.SPINS) : session.room().idleAttempts();
        backoff.idle(idle);
        session.room().idleAttempts(reclaimed > 0 ? 0 : idle + 1);
        return Status.OK;
    }

    private boolean hasRoom(StoreSession session, int bytes, Claimant claimant) {
        return claimant == Claimant.TABLE
                ? pool.available(claimant) > 0
                : session.room().make(bytes, claimant);
    }

    /**
     * Does a slice of each duty that gives memory back.
     *
     * @return whether something was done, as 1 or 0; {@link #FUTILE} when no memory is to be had
     */
    private int reclaim() {
        int work = sweeper.doWork() + expirer.hasten();
        // Asked before the cleaner is: what others end until then it finds dead.
        boolean pending = work > 0 || sweeper.isPending() || expirer.isPending();
        long cleaned = cleaner.urge();
        if (work > 0 || cleaned > 0) {
            assists.increment();
            return 1;
        }
        return cleaned != Cleaner.FUTILE || pending ? 0 : FUTILE;
    }
}
