package io.silkstone.simulation.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * Waits for a step of the {@link Protocol}, wherever it comes first, and springs just before or
 * just after it. Before which it has sprung does not come at all.
 */
final class Ambush {
    private final String step;
    private final boolean isBefore;
    private final BiPredicate<String, String> spring;

    /**
     * Not laid yet.
     *
     * @param step to wait for
     * @param isBefore whether it springs before that comes
     * @param spring told who sent it and to whom; whether they are the right ones
     */
    Ambush(String step, boolean isBefore, BiPredicate<String, String> spring) {
        this.step = step;
        this.isBefore = isBefore;
        this.spring = spring;
    }

    /** Those of a run. */
    static final class Laid {
        private final List<Ambush> laid = new ArrayList<>();

        void add(Ambush ambush) {
            laid.add(ambush);
        }

        void remove(Ambush ambush) {
            laid.remove(ambush);
        }

        /**
         * Has those spring that wait for this, who have themselves removed; whether there were any.
         * The process of who calls may be stopped in the middle of it.
         */
        boolean spring(String step, boolean isBefore, String from, String to) {
            boolean springs = false;
            for (Ambush each : List.copyOf(laid)) {
                boolean isIt = each.isBefore == isBefore && each.step.equals(step);
                springs |= isIt && each.spring.test(from, to);
            }
            return springs;
        }
    }
}
