package io.silkstone.gateway.command;

/**
 * How often something took how long: sixteen counters for each power of two of nanoseconds, so that
 * a percentile is right to about six per cent. One thread counts with plain additions; others may
 * read and miss the newest.
 */
final class LatencyCounts {
    private static final int STEPS_LOG2 = 4;
    private static final int STEPS = 1 << STEPS_LOG2;
    private static final double PERCENT = 100;

    private final long[] counts = new long[(Long.SIZE - STEPS_LOG2) * STEPS];

    /** Counts a duration. */
    void add(long nanos) {
        counts[index(Math.max(nanos, 0))]++;
    }

    private static int index(long nanos) {
        if (nanos < STEPS) {
            return (int) nanos;
        }
        int shift = Long.SIZE - 1 - STEPS_LOG2 - Long.numberOfLeadingZeros(nanos);
        return (shift << STEPS_LOG2) + (int) (nanos >>> shift);
    }

    /** The longest duration that is counted at {@code index}. */
    private static long nanosMax(int index) {
        if (index < STEPS) {
            return index;
        }
        int shift = (index >>> STEPS_LOG2) - 1;
        long step = STEPS + (index & STEPS - 1);
        return (step + 1 << shift) - 1;
    }

    /** Adds the counts of {@code other}. */
    void add(LatencyCounts other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    /** How many durations were counted. */
    long count() {
        return countUpTo(Long.MAX_VALUE);
    }

    /** How many durations were at most {@code nanos}, as far as the steps tell. */
    long countUpTo(long nanos) {
        long sum = 0;
        for (int i = 0; i < counts.length && nanosMax(i) <= nanos; i++) {
            sum += counts[i];
        }
        return sum;
    }

    /** Nanoseconds that {@code percent} of the durations did not exceed; 0 when there is none. */
    long percentile(double percent) {
        long wanted = Math.max((long) Math.ceil(count() * percent / PERCENT), 1);
        long sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += counts[i];
            if (sum >= wanted) {
                return nanosMax(i);
            }
        }
        return 0;
    }
}
