package io.silkstone.store.cleaner;

import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.SegletPool;
import java.util.Arrays;

/**
 * Looks through the closed segments of the log and chooses what to clean next, and how.
 *
 * <p>The scores are RAMCloud's (FAST'14, sections 4 and 5), but for one root: compaction takes the
 * segment with the most dead bytes for each live one that it must copy; combined cleaning takes
 * those with the best (1 - u) * cbrt(age) / u, so that a segment that was written long ago, whose
 * entries will probably stay, is worth cleaning earlier than a young one, where waiting lets more
 * of them die. With the age itself, as in RAMCloud, survivors that are nearly full would be cleaned
 * again and again for being old; the root moves less whether keys are hot and cold or all alike
 * (numbers in docs/decisions/0031-cleaner.md).
 *
 * <p>RAMCloud balances the levels by what disk and memory lack. There is no disk here: the agent
 * and writers that pay in advance clean combined, which keeps the log in good order; compaction is
 * for a writer that waits, for it gives memory back soonest. It gives way to combined cleaning
 * where it gained nothing, and where tombstones fill much of what is not live, which only go when
 * the segments of the objects that they bury go.
 *
 * <p>Where there are large entries, segments that are far from full may hold nothing dead, for what
 * did not fit went elsewhere. {@link #chooseMovable} finds those whose entries fit into such gaps.
 *
 * <p>Not thread-safe; {@link Cleaner} calls it under its lock. Costs some nanoseconds a segment.
 */
final class Candidates {
    /** Segments of one combined pass: enough to sort by age, but no more than are worth it. */
    private static final int PASS_MAX = 16;

    private static final int PASS_MIN = 2;
    private static final int SEGMENTS_PER_CHOSEN = 64;

    /**
     * Segments that are fuller of wanted entries are left alone, for they cost more than they give;
     * unless a writer waits, and what little each of them can give is a segment in all.
     */
    private static final double UTILIZATION_MAX = 0.98;

    private static final double TOMBSTONE_SHARE_MAX = 0.4;
    private static final double DEAD_TOMBSTONES_MAX = 0.5;

    /** Why it is cleaned: the later a cause comes here, the dearer it may be. */
    enum Urgency {
        /** Memory will be needed: only what is worth its cost, for more will die. */
        AHEAD,
        /** Memory gets short, and a writer pays: whatever gives some, in good order. */
        PAID,
        /** A writer waits: whatever gives some soonest. */
        WAITING
    }

    private final Log log;
    private final Segment[] chosen = new Segment[PASS_MAX];
    private final double[] scores = new double[PASS_MAX];
    private int passMax = PASS_MIN;
    private int count;

    private Segment compactable;
    private double compactionScore;
    private long segments;
    private long usedBytes;
    private long liveBytes;
    private long tombstoneBytes;
    private long reclaimableBytes;

    /** Share of tombstones believed to be dead; only a look at each would tell. */
    private double deadTombstones = DEAD_TOMBSTONES_MAX;

    Candidates(Log log) {
        this.log = log;
    }

    /**
     * Looks at every segment and chooses.
     *
     * @param urgency how dear it may be
     * @param compactionFailed whether the last segment, cleaned alone, gave nothing back
     * @return false when nothing would be gained
     */
    boolean choose(Urgency urgency, boolean compactionFailed) {
        survey();
        double limit =
                urgency == Urgency.AHEAD ? Math.min(UTILIZATION_MAX, worthwhile()) : lastResort();
        long now = log.appendedBytes();
        forget();
        passMax = Math.clamp(segments / SEGMENTS_PER_CHOSEN, PASS_MIN, PASS_MAX);
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            if (segment != null && segment.isCleanable()) {
                consider(segment, limit, now);
            }
        }
        boolean combined = urgency != Urgency.WAITING || compactionFailed || isBuried();
        if (compactable != null && !combined) {
            Arrays.fill(chosen, null);
            chosen[0] = compactable;
            count = 1;
        }
        sortByAge();
        return gain() > 0;
    }

    /** How many segments are chosen: one to compact, several for a combined pass. */
    int count() {
        return count;
    }

    /** Those chosen, oldest first. */
    Segment get(int index) {
        return chosen[index];
    }

    /** Whether {@code segment} is among those chosen. */
    boolean contains(Segment segment) {
        for (int index = 0; index < count; index++) {
            if (chosen[index] == segment) {
                return true;
            }
        }
        return false;
    }

    /**
     * Instead of what is chosen, takes the segment with the fewest wanted bytes of those that can
     * be moved away altogether, into gaps of others. That gives a whole segment back, at less than
     * a byte moved for each, whether anything in it is dead or not.
     *
     * @return false when there is none
     */
    boolean chooseMovable(Survivors survivors, SegmentWalk walk) {
        forget();
        survivors.begin(this);
        long gaps = survivors.leftBytes();
        Segment best = null;
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            boolean better =
                    segment != null
                            && segment.isCleanable()
                            && segment.liveBytes() <= gaps
                            && (best == null || segment.liveBytes() < best.liveBytes());
            if (better && survivors.wouldTake(segment, walk)) {
                best = segment;
            }
        }
        if (best != null) {
            chosen[0] = best;
            count = 1;
        }
        return best != null;
    }

    /** Forgets those chosen. */
    void forget() {
        Arrays.fill(chosen, null);
        count = 0;
        compactable = null;
        compactionScore = 0;
    }

    /** Bytes in closed segments that are not wanted, when last looked at. */
    long reclaimableBytes() {
        return reclaimableBytes;
    }

    /** Bytes in closed segments that hold nothing wanted, gaps included, when last looked at. */
    long idleBytes() {
        return segments * log.segmentBytes() - liveBytes;
    }

    /** Live bytes that are moved for each byte gained by what is chosen. */
    double costPerByte() {
        long live = 0;
        for (int index = 0; index < count; index++) {
            live += wanted(chosen[index]);
        }
        return (double) live / Math.max(SegletPool.SEGLET_BYTES, gain());
    }

    /** Adds up what the closed segments hold. */
    void survey() {
        segments = 0;
        usedBytes = 0;
        liveBytes = 0;
        tombstoneBytes = 0;
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            if (segment != null && segment.isCleanable()) {
                segments++;
                usedBytes += segment.usedBytes();
                liveBytes += wanted(segment);
                tombstoneBytes += segment.tombstoneBytes();
            }
        }
        reclaimableBytes = Math.max(0, usedBytes - liveBytes);
    }

    /** A segment is worth it when it has half as much to gain as the average one. */
    private double worthwhile() {
        return usedBytes == 0 ? 0 : (1 + (double) liveBytes / usedBytes) / 2;
    }

    private double lastResort() {
        boolean thinlySpread = reclaimableBytes + tombstoneBytes >= log.segmentBytes();
        return thinlySpread ? 1 : UTILIZATION_MAX;
    }

    private boolean isBuried() {
        long notLive = reclaimableBytes + tombstoneBytes;
        return tombstoneBytes > TOMBSTONE_SHARE_MAX * notLive && tombstoneBytes > 0;
    }

    private void consider(Segment segment, double limit, long now) {
        double utilization = (double) wanted(segment) / segment.usedBytes();
        if (utilization > limit || gain(segment) <= 0) {
            return;
        }
        double free = 1 - utilization;
        double floor = 1.0 / SegletPool.SEGLET_BYTES;
        if (free / Math.max(utilization, floor) > compactionScore) {
            compactionScore = free / Math.max(utilization, floor);
            compactable = segment;
        }
        long age = Math.max(1, now - segment.born());
        insert(segment, free * Math.cbrt(age) / Math.max(utilization, floor));
    }

    /** Bytes of entries that cleaning would have to move, as far as can be told. */
    private long wanted(Segment segment) {
        long tombstones = Math.min(segment.tombstoneBytes(), segment.liveBytes());
        return segment.liveBytes() - (long) (deadTombstones * tombstones);
    }

    /** Bytes that cleaning this segment gives back. */
    private long gain(Segment segment) {
        return segment.usedBytes() - wanted(segment);
    }

    /** Bytes that cleaning those chosen gives back. */
    private long gain() {
        long sum = 0;
        for (int index = 0; index < count; index++) {
            sum += gain(chosen[index]);
        }
        return sum;
    }

    /** The cleaner met tombstones, some of them dead. */
    void sawTombstones(long bytes, long dead) {
        deadTombstones = (3 * deadTombstones + (double) dead / bytes) / 4;
    }

    /** The objects of a segment are gone for good, and so are tombstones that bury them. */
    void segmentRetired() {
        double share = DEAD_TOMBSTONES_MAX / Math.max(1, segments);
        deadTombstones = Math.min(DEAD_TOMBSTONES_MAX, deadTombstones + share);
    }

    /** Keeps the best, best first. */
    private void insert(Segment segment, double score) {
        if (count == passMax && score <= scores[passMax - 1]) {
            return;
        }
        int place = Math.min(count, passMax - 1);
        while (place > 0 && scores[place - 1] < score) {
            scores[place] = scores[place - 1];
            chosen[place] = chosen[place - 1];
            place--;
        }
        scores[place] = score;
        chosen[place] = segment;
        count = Math.min(count + 1, passMax);
    }

    /** Sorts those chosen by age, so that what is written together was written at one time. */
    private void sortByAge() {
        for (int index = 1; index < count; index++) {
            Segment segment = chosen[index];
            int place = index;
            while (place > 0 && chosen[place - 1].born() > segment.born()) {
                chosen[place] = chosen[place - 1];
                place--;
            }
            chosen[place] = segment;
        }
    }
}
