package io.silkstone.faults;

import java.util.ArrayList;
import java.util.List;

/**
 * When the clients' own process did not run, though it wanted to: nobody can say of such a time
 * that a node would not have answered. What every busy machine does, a tenth of a second, is no
 * stall. Times are of {@link System#nanoTime}. Threads: any.
 */
final class Stalls {
    private static final long NANOS_MIN = 100_000_000;

    private final List<Stall> stalls = new ArrayList<>();

    private record Stall(long from, long until) {}

    /** Notes one, if it is one. */
    synchronized void add(long from, long until) {
        if (until - from >= NANOS_MIN) {
            stalls.add(new Stall(from, until));
        }
    }

    /** Forgets all. */
    synchronized void clear() {
        stalls.clear();
    }

    /** How much of the time from {@code from} to {@code until} they take, in nanoseconds. */
    synchronized long within(long from, long until) {
        long nanos = 0;
        for (Stall each : stalls) {
            // Relative to the beginning, since the clock's numbers may wrap around.
            long begins = Math.max(each.from - from, 0);
            long ends = Math.min(each.until - from, until - from);
            nanos += Math.max(0, ends - begins);
        }
        return nanos;
    }

    /** The longest one, in nanoseconds. */
    synchronized long longest() {
        return stalls.stream().mapToLong(each -> each.until - each.from).max().orElse(0);
    }
}
