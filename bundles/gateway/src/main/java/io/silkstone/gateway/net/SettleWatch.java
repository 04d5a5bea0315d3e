package io.silkstone.gateway.net;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * The clients of one core whose replies wait until the store has settled what they tell (decision
 * 0047). The core asks in each of its passes, about the lowest mark only. When it has nothing else
 * to do it has the store wake it; from a store that wakes nobody it comes back soon enough to ask
 * again. Belongs to the core's thread.
 */
final class SettleWatch {
    private static final System.Logger LOG = System.getLogger(SettleWatch.class.getName());

    /** Between two looks of an idle core that the store wakes, at those who waited too long. */
    private static final long LATE_LOOK_NANOS = 50_000_000;

    /** The same of one that nobody wakes: little beside what a disk takes. */
    private static final long LOOK_NANOS = 100_000;

    /** The same when nothing was settled for {@link #PATIENCE_NANOS}: the disk stalls. */
    private static final long SELDOM_LOOK_NANOS = 1_000_000;

    private static final long PATIENCE_NANOS = 20_000_000;
    private static final long SAID_NANOS_MIN = 10_000_000_000L;

    private final LongPredicate isSettled;
    private final LongPredicate wakesWhenSettled;
    private final LongSupplier nanoTime;
    private final LongSupplier waitNanosMax;
    private final List<Waiter> waiters = new ArrayList<>();
    private long lowest;
    private long oldest;
    private long progressed;
    private int unsaid;
    private long saidAt;

    /** A client whose replies wait. */
    interface Waiter {
        /**
         * Sends what is settled.
         *
         * @return the mark that the rest waits for; 0 when there is none, and the watch forgets it
         */
        long sendSettled();

        /** Since when its first reply waits. */
        long waitsSince();

        /** The store did not answer in time: the watch forgets it, and it must not wait on. */
        void giveUp();

        /** It threw, so that replies are missing: the watch forgets it, it must get no others. */
        void cutOff();
    }

    /**
     * Of nobody yet.
     *
     * @param isSettled the store's answer for a mark
     * @param wakesWhenSettled has the store wake this core when a mark is settled, or at once;
     *     false when it does not do that
     * @param waitNanosMax for how long a reply may wait
     */
    SettleWatch(
            LongPredicate isSettled,
            LongPredicate wakesWhenSettled,
            LongSupplier nanoTime,
            LongSupplier waitNanosMax) {
        this.isSettled = isSettled;
        this.wakesWhenSettled = wakesWhenSettled;
        this.nanoTime = nanoTime;
        this.waitNanosMax = waitNanosMax;
        // So that the first time is not too early to say something.
        this.saidAt = nanoTime.getAsLong() - SAID_NANOS_MIN;
    }

    /** Whether replies with this mark may be sent. */
    boolean isSettled(long mark) {
        return isSettled.test(mark);
    }

    /** Watches {@code waiter}, which it does not yet, and which waits for {@code mark}. */
    void add(Waiter waiter, long mark) {
        if (waiters.isEmpty()) {
            forget();
            progressed = waiter.waitsSince();
        }
        waiters.add(waiter);
        note(waiter, mark);
    }

    private void forget() {
        lowest = Long.MAX_VALUE;
        oldest = Long.MAX_VALUE;
    }

    private void note(Waiter waiter, long mark) {
        boolean isFirst = oldest == Long.MAX_VALUE;
        lowest = Math.min(lowest, mark);
        oldest = isFirst || waiter.waitsSince() - oldest < 0 ? waiter.waitsSince() : oldest;
    }

    /** Forgets {@code waiter}, which waits elsewhere from now on. */
    void remove(Waiter waiter) {
        waiters.remove(waiter);
    }

    /**
     * Sends what is settled by now, and gives up what should be. Called in each pass of the core.
     *
     * @return how many clients waited for this look
     */
    int look() {
        if (waiters.isEmpty()) {
            return 0;
        }
        long now = nanoTime.getAsLong();
        boolean progresses = isSettled.test(lowest);
        long waitNanos = waitNanosMax.getAsLong();
        if (!progresses && now - oldest <= waitNanos) {
            return 0;
        }
        if (progresses) {
            progressed = now;
        }
        int before = waiters.size();
        int late = serveAll(now, waitNanos);
        if (late > 0) {
            sayLate(late, now, waitNanos);
        }
        return Math.max(1, before - waiters.size());
    }

    /** Sending may make others of the core wait too: they are added behind. */
    private int serveAll(long now, long waitNanos) {
        forget();
        int late = 0;
        int index = 0;
        while (index < waiters.size()) {
            Waiter waiter = waiters.get(index);
            long mark = serve(waiter);
            if (mark != 0 && now - waiter.waitsSince() > waitNanos) {
                waiter.giveUp();
                late++;
                mark = 0;
            }
            if (mark == 0) {
                Waiter last = waiters.removeLast();
                if (last != waiter) {
                    waiters.set(index, last);
                }
            } else {
                note(waiter, mark);
                index++;
            }
        }
        return late;
    }

    /** Whatever happens to one, the others get theirs. */
    private static long serve(Waiter waiter) {
        try {
            return waiter.sendSettled();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "Settled replies could not be sent", e);
            waiter.cutOff();
            return 0;
        }
    }

    private void sayLate(int late, long now, long waitNanos) {
        unsaid += late;
        if (now - saidAt < SAID_NANOS_MIN) {
            return;
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "Clients disconnected: "
                        + unsaid
                        + ". The store did not settle what they asked for within "
                        + waitNanos / 1_000_000
                        + " ms (replies.settle.max.ms): its disk, or a server that keeps its"
                        + " backups, does not answer. Whether their last requests were done is not"
                        + " known.");
        unsaid = 0;
        saidAt = now;
    }

    /**
     * How long the core, which is about to wait, may do so before it looks again, unless the store
     * wakes it.
     */
    long parkNanosMax(long now) {
        if (waiters.isEmpty()) {
            return Long.MAX_VALUE;
        }
        if (wakesWhenSettled.test(lowest)) {
            return LATE_LOOK_NANOS;
        }
        return now - progressed < PATIENCE_NANOS ? LOOK_NANOS : SELDOM_LOOK_NANOS;
    }
}
