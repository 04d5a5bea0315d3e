package io.silkstone.store.log;

import java.util.Arrays;

/**
 * Goes through the log in the order in which its segments were begun, for who copies what is wanted
 * of it while it is cleaned.
 *
 * <p>A <em>place</em> is a number that grows from segment to segment, and from entry to entry of a
 * segment; it says nothing to others. What lies before the place that {@link #begin} gave is as it
 * will stay, once all who were inside an epoch have left: nobody adds to it, the cleaner neither.
 * What the cleaner takes out of it lies behind that place, in a segment that {@link #hasMoved}
 * tells of.
 *
 * <p>Threads: any; {@link #segmentAt} inside an epoch. Finding a segment costs a look at each slot
 * of the log.
 */
public final class LogOrder {
    private final Log log;
    private final int offsetBits;

    /** Of {@code log}. */
    public LogOrder(Log log) {
        this.log = log;
        int offsetMax = log.segmentBytes() / Entry.ALIGNMENT;
        offsetBits = Integer.SIZE - Integer.numberOfLeadingZeros(offsetMax);
    }

    /**
     * Begins an era of the log, see {@link Log#beginEra}.
     *
     * @return the place where it begins; 0 when there is no memory for that
     */
    public long begin() {
        long id = log.beginEra();
        return id == 0 ? 0 : log.numberOf(id) << offsetBits;
    }

    /** Whether there is a segment from {@code since} on that the cleaner has moved something to. */
    public boolean hasMoved(long since) {
        return next(since, Long.MAX_VALUE, true) != null;
    }

    /**
     * Cuts what is between two places into stretches of about equally many segments.
     *
     * @param onlyMoved only segments that the cleaner has moved something to
     * @param most how many stretches there are at most
     * @return where each begins, in order; none when there is no segment
     */
    public long[] stretches(long since, long until, boolean onlyMoved, int most) {
        long[] places = new long[log.slots()];
        int count = 0;
        for (int slot = 0; slot < places.length; slot++) {
            Segment segment = log.segment(slot);
            if (segment != null && isIn(segment, since, until, onlyMoved)) {
                places[count++] = placeOf(segment, segment.begin());
            }
        }
        Arrays.sort(places, 0, count);
        int cuts = Math.min(count, most);
        long[] begins = new long[cuts];
        for (int cut = 0; cut < cuts; cut++) {
            begins[cut] = places[(int) ((long) cut * count / cuts)];
        }
        return begins;
    }

    /**
     * The segment that {@code place} lies in, or the next one if that has left the log; null when
     * there is none before {@code until}.
     */
    public Segment segmentAt(long place, long until, boolean onlyMoved) {
        return next(place >>> offsetBits << offsetBits, until, onlyMoved);
    }

    private Segment next(long since, long until, boolean onlyMoved) {
        Segment first = null;
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            boolean isEarlier =
                    segment != null
                            && isIn(segment, since, until, onlyMoved)
                            && (first == null || segment.id() < first.id());
            first = isEarlier ? segment : first;
        }
        return first;
    }

    private boolean isIn(Segment segment, long since, long until, boolean onlyMoved) {
        long place = placeOf(segment, segment.begin());
        return place >= since && place < until && (!onlyMoved || segment.hasMoved());
    }

    /** Where {@code place} is in {@code segment}: its beginning, if it is in an earlier one. */
    public long entryAt(Segment segment, long place) {
        long offset = place - placeOf(segment, segment.begin());
        return segment.begin() + Math.max(0, offset) * Entry.ALIGNMENT;
    }

    /** The place of what begins at {@code entry} in {@code segment}. */
    public long placeOf(Segment segment, long entry) {
        long offset = (entry - segment.begin()) / Entry.ALIGNMENT;
        return (log.numberOf(segment.id()) << offsetBits) + offset;
    }

    /** The place behind all of {@code segment}. */
    public long placeAfter(Segment segment) {
        return log.numberOf(segment.id()) + 1 << offsetBits;
    }
}
