package io.silkstone.coordinator;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.CoordinatorReplica.View;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a leader knows that is in no log: when it last heard of each server, what time it is in the
 * cluster, and until when it is sure to lead. It begins with a term and ends with it; the next
 * leader begins from nothing, which is why it has to be patient. {@link Coordinator} says why that
 * is safe. Threads: any.
 */
final class Leadership {
    /** Two clocks that are off by 1 per mille each, in opposite directions. */
    private static final long DRIFT_PART = 500;

    private static final long CONDEMNED = -1;

    final long term;

    private final long startedAt;
    private final long startedMillis;
    private final boolean isAlone;
    private final long sureNanos;
    private final long returnNanos;

    /** Nanoseconds from the start to when a server was last heard, or CONDEMNED. */
    private final Map<ServerId, AtomicLong> heard = new ConcurrentHashMap<>();

    /** What servers said last of their tablets. */
    private final Map<ServerId, List<TabletSize>> sizes = new ConcurrentHashMap<>();

    /** Nanoseconds from the start to when the newest proof was proposed. */
    private final AtomicLong provenAt = new AtomicLong();

    /**
     * Begins.
     *
     * @param now when; others that lead later have not begun before
     * @param millis what time it is then
     * @param isAlone whether nobody else can lead meanwhile
     * @param sureNanos for how long a proof of leading is believed; others that lead later wait for
     *     that long
     * @param returnNanos how much longer than a lease a server may be silent that was up before
     */
    Leadership(
            long term, long now, long millis, boolean isAlone, long sureNanos, long returnNanos) {
        this.term = term;
        startedAt = now;
        startedMillis = millis;
        this.isAlone = isAlone;
        this.sureNanos = sureNanos;
        this.returnNanos = returnNanos;
    }

    /** The cluster's time of day: goes on steadily while the same replica leads. */
    long millis(long now) {
        return startedMillis + (now - startedAt) / 1_000_000;
    }

    /** Something that was proposed at {@code proposedAt} has been committed in this term. */
    void proven(long proposedAt) {
        provenAt.accumulateAndGet(proposedAt - startedAt, Math::max);
    }

    /** Whether nobody else's patience can have ended. */
    boolean isSure(long now) {
        return isAlone || now - startedAt - provenAt.get() <= sureNanos;
    }

    /** Whether it is time for another proof. */
    boolean needsProof(long now) {
        return !isAlone && now - startedAt - provenAt.get() > sureNanos / 3;
    }

    /** {@code server} lives; false when it counts as down already. */
    boolean hear(ServerId server, long now) {
        AtomicLong at = heard.computeIfAbsent(server, key -> new AtomicLong(now - startedAt));
        long before = at.get();
        while (before != CONDEMNED) {
            // Only one of this and condemn succeeds: no lease is given to who counts as down.
            if (at.compareAndSet(before, Math.max(before, now - startedAt))) {
                return true;
            }
            before = at.get();
        }
        return false;
    }

    /**
     * Whether {@code server} counts as down, from now on, since it was silent for longer than a
     * lease.
     */
    boolean condemn(ServerId server, long now, long leaseNanos, long marginNanos) {
        AtomicLong at = heard.computeIfAbsent(server, key -> new AtomicLong(firstHeard(now)));
        long before = at.get();
        if (before == CONDEMNED) {
            return true;
        }
        long patience = leaseNanos + leaseNanos / DRIFT_PART + marginNanos;
        return now - startedAt - before > patience && at.compareAndSet(before, CONDEMNED);
    }

    /** {@code server} counts as down, from now on: its process has ended. */
    void bury(ServerId server) {
        heard.computeIfAbsent(server, key -> new AtomicLong()).set(CONDEMNED);
    }

    /**
     * Who was there before this leader counts from its beginning, has to find it, and may be sure
     * of others.
     */
    private long firstHeard(long now) {
        return now - startedAt + Math.max(isAlone ? 0 : sureNanos, returnNanos);
    }

    /** {@code server} says how large its tablets are. */
    void hearSizes(ServerId server, List<TabletSize> told) {
        sizes.put(server, told);
    }

    /** What {@code server} said last of its tablets; empty if it has said nothing. */
    List<TabletSize> sizes(ServerId server) {
        return sizes.getOrDefault(server, List.of());
    }

    /** All that are not condemned count as heard now. */
    void forgive(long now) {
        for (ServerId server : heard.keySet()) {
            hear(server, now);
        }
    }

    /** Forgets who is not up any more. */
    void forget(View view) {
        heard.keySet().removeIf(server -> !view.isUp(server));
        sizes.keySet().removeIf(server -> !view.isUp(server));
    }
}
