package io.silkstone.store.cleaner;

import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where entries are moved to: segments opened for that, one after the other, and before another one
 * is opened, what closed segments have left at their ends. One stays at hand from pass to pass.
 *
 * <p>Where entries are small nothing is ever left, and this is RAMCloud's row of survivors. But an
 * entry that is nearly as long as a segment leaves a gap at the end of the segment before it, and
 * another one behind itself; with such entries a third of memory would be gaps. So each entry goes
 * into the smallest gap that takes it, unless the segment at hand does: best fit, which of the
 * simple ways to pack bins is the one that wastes least. Only the cleaner uses gaps; nobody else
 * ever adds to a closed segment, so that takes no lock.
 *
 * <p>Not thread-safe.
 */
final class Survivors {
    /**
     * Gaps that are looked at in one pass; more would take longer to search than they are worth.
     */
    private static final int TARGETS_MAX = 256;

    /** Smaller gaps than this share of a segment are left alone. */
    private static final int LEAST_SHARE = 32;

    private static final int NONE = -1;

    private final Log log;
    private final int leastBytes;
    private final Segment[] targets = new Segment[TARGETS_MAX];
    private final int[] left = new int[TARGETS_MAX];
    private final int[] leftInTrial = new int[TARGETS_MAX];
    private final List<Segment> touched = new ArrayList<>();
    private int count;

    /** The target at hand. */
    private int current = NONE;

    /** What the targets belong to. */
    private long era;

    Survivors(Log log) {
        this.log = log;
        leastBytes = log.segmentBytes() / LEAST_SHARE;
    }

    /** Looks for gaps, in all segments but those that are to be cleaned. */
    void begin(Candidates chosen) {
        Segment kept = current == NONE ? null : targets[current];
        era = log.era();
        Arrays.fill(targets, 0, count, null);
        count = 0;
        current = NONE;
        if (kept != null && kept.id() < era && !kept.isClosed()) {
            log.seal(kept);
        } else if (kept != null && kept.id() >= era && !kept.isGone() && !chosen.contains(kept)) {
            add(kept);
            current = 0;
        }
        for (int slot = 0; slot < log.slots() && count < TARGETS_MAX; slot++) {
            Segment segment = log.segment(slot);
            boolean usable =
                    segment != null
                            && segment != kept
                            && segment.id() >= era
                            && segment.isCleanable()
                            && segment.leftBytes() >= leastBytes
                            && !chosen.contains(segment);
            if (usable) {
                add(segment);
            }
        }
    }

    private void add(Segment segment) {
        targets[count] = segment;
        left[count] = segment.leftBytes();
        count++;
    }

    /** Bytes of all gaps that {@link #begin} found. */
    long leftBytes() {
        long sum = 0;
        for (int index = 0; index < count; index++) {
            sum += left[index];
        }
        return sum;
    }

    /**
     * How many bytes {@link #append} may take at once, at least {@code bytes}; takes the next gap,
     * or else opens a segment of age {@code born}, when what is at hand has not so many left.
     *
     * @return 0 when there is no memory
     */
    int room(int bytes, long born) {
        keepToEra();
        if (current != NONE && left[current] >= bytes) {
            return left[current];
        }
        int next = bestFit(left, bytes);
        Segment opened = next == NONE ? log.openSurvivor(born) : null;
        if (next == NONE && opened == null) {
            // What is at hand stays there, for smaller entries.
            return 0;
        }
        if (current != NONE && !targets[current].isClosed()) {
            log.seal(targets[current]);
        }
        if (opened == null) {
            current = next;
            log.reopen(targets[current]);
        } else {
            count = Math.min(count, TARGETS_MAX - 1);
            current = count;
            add(opened);
        }
        return left[current];
    }

    /** Leaves gaps alone that lie before an era which has begun since they were found. */
    private void keepToEra() {
        long now = log.era();
        if (now == era) {
            return;
        }
        era = now;
        for (int index = 0; index < count; index++) {
            left[index] = targets[index].id() < era ? 0 : left[index];
        }
        if (current != NONE && targets[current].id() < era) {
            if (!targets[current].isClosed()) {
                log.seal(targets[current]);
            }
            current = NONE;
        }
    }

    /** Takes {@code bytes} that {@link #room} has found. */
    long append(int bytes) {
        left[current] -= bytes;
        if (touched.isEmpty() || touched.getLast() != targets[current]) {
            touched.add(targets[current]);
        }
        return log.append(targets[current], bytes);
    }

    /** What was written to where {@link #append} said is as it will stay. */
    void show() {
        touched.forEach(log::show);
        touched.clear();
    }

    /**
     * Whether all entries of {@code source} that are not dead would go into gaps of other segments:
     * a trial of what {@link #room} would do. Costs a look at each entry up to the first that finds
     * no gap.
     */
    boolean wouldTake(Segment source, SegmentWalk walk) {
        for (int index = 0; index < count; index++) {
            leftInTrial[index] = targets[index] == source ? 0 : left[index];
        }
        int target = current != NONE && targets[current] == source ? NONE : current;
        walk.begin(source);
        for (long entry = walk.next(); entry != 0; entry = walk.next()) {
            if (entry == SegmentWalk.IN_THE_MAKING) {
                return false;
            }
            int header = Entry.header(entry);
            if (Entry.isDead(header) || !isKept(Entry.type(header))) {
                continue;
            }
            int bytes = Entry.strideOf(header);
            if (target == NONE || leftInTrial[target] < bytes) {
                target = bestFit(leftInTrial, bytes);
            }
            if (target == NONE) {
                return false;
            }
            leftInTrial[target] -= bytes;
        }
        return true;
    }

    private static boolean isKept(int type) {
        return type == Entry.OBJECT || type == Entry.TOMBSTONE || type == Entry.RESULT;
    }

    private int bestFit(int[] gaps, int bytes) {
        int best = NONE;
        for (int index = 0; index < count; index++) {
            if (gaps[index] >= bytes && (best == NONE || gaps[index] < gaps[best])) {
                best = index;
            }
        }
        return best;
    }
}
