package io.silkstone.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Looks for a short run that fails in the way in which a long one does, by leaving out parts: half
 * of them, then quarters of what is left, and so on down to single ones, as delta debugging does
 * (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
 *
 * <p>A run without some of its parts goes another way from there on, so the failure may be gone by
 * chance, and nothing says that what is found is the shortest. It is the same each time, unless
 * time is over.
 */
final class Shrinking {
    /** Enough for some two hundred parts of which ten are needed. */
    private static final int RUNS_MAX = 400;

    private final Scenario scenario;
    private final long seed;
    private final LongSupplier nanoTime;
    private final long deadline;
    private final Set<String> ways;
    private Performance shortest;
    private int runs;

    /**
     * What was found.
     *
     * @param performance the shortest run that failed
     * @param partsBefore how many parts the run had that was shrunk
     * @param runs how many were tried
     */
    record Shrunk(Performance performance, int partsBefore, int runs) {}

    private Shrinking(
            Scenario scenario,
            long seed,
            Performance failed,
            LongSupplier nanoTime,
            long nanosMax) {
        this.scenario = scenario;
        this.seed = seed;
        this.nanoTime = nanoTime;
        deadline = nanoTime.getAsLong() + nanosMax;
        ways = ways(failed);
        shortest = failed;
    }

    /** Shrinks {@code failed}, the run of {@code seed}; begins no run after {@code nanosMax}. */
    static Shrunk of(
            Scenario scenario,
            long seed,
            Performance failed,
            LongSupplier nanoTime,
            long nanosMax) {
        int parts = failed.script().parts().size();
        Shrinking shrinking = new Shrinking(scenario, seed, failed, nanoTime, nanosMax);
        shrinking.run();
        return new Shrunk(shrinking.shortest, parts, shrinking.runs);
    }

    private void run() {
        int size = Math.max(1, shortest.script().parts().size() / 2);
        boolean goesOn = true;
        while (goesOn && mayTry()) {
            boolean shorter = leaveOut(size);
            goesOn = size > 1 || shorter;
            size = Math.max(1, size / 2);
        }
    }

    /** Tries to leave out each {@code size} neighbours; whether any could be. */
    private boolean leaveOut(int size) {
        boolean shorter = false;
        int from = 0;
        while (from < shortest.script().parts().size() && mayTry()) {
            if (failsWithout(from, size)) {
                shorter = true;
            } else {
                from += size;
            }
        }
        return shorter;
    }

    private boolean mayTry() {
        return runs < RUNS_MAX && nanoTime.getAsLong() - deadline < 0;
    }

    private boolean failsWithout(int from, int size) {
        List<String> parts = new ArrayList<>(shortest.script().parts());
        parts.subList(from, Math.min(from + size, parts.size())).clear();
        runs++;
        Performance tried = Performance.of(scenario, seed, Script.only(new TreeSet<>(parts)));
        Set<String> same = ways(tried);
        same.retainAll(ways);
        if (same.isEmpty()) {
            return false;
        }
        shortest = tried;
        return true;
    }

    /** How it failed: what the sentences say before they come to numbers. */
    private static Set<String> ways(Performance performance) {
        Set<String> ways = new HashSet<>();
        performance
                .report()
                .violations()
                .forEach(violation -> ways.add(violation.split("[0-9]", 2)[0]));
        return ways;
    }
}
