package io.silkstone.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * What befalls the nodes in one round, all at once.
 *
 * @param blows on different nodes
 * @param pauseMillis how long until those that were killed are started again
 */
record Fault(List<Blow> blows, long pauseMillis) {
    private static final int KILLED = 0;
    private static final int PAUSE_MILLIS_MAX = 3_000;

    /**
     * On one node.
     *
     * @param onLeader on the node whose coordinator leads, or else on another one
     * @param stopMillis for how long it stands still; 0 for kill -9
     */
    private record Kind(boolean onLeader, int stopMillis) {}

    /** What can befall a cluster; the first ones are those that a short run must have. */
    private static final List<List<Kind>> KINDS =
            List.of(
                    List.of(new Kind(true, KILLED)),
                    List.of(new Kind(false, KILLED)),
                    List.of(new Kind(true, 1_000)),
                    List.of(new Kind(false, 1_000)),
                    List.of(new Kind(true, 5_000)),
                    List.of(new Kind(false, 5_000)),
                    List.of(new Kind(true, 15_000)),
                    List.of(new Kind(false, 15_000)),
                    List.of(new Kind(true, KILLED), new Kind(false, KILLED)),
                    List.of(new Kind(false, KILLED), new Kind(false, KILLED)),
                    List.of(new Kind(true, KILLED), new Kind(false, 5_000)),
                    List.of(new Kind(true, 5_000), new Kind(false, KILLED)),
                    List.of(new Kind(false, 5_000), new Kind(false, 1_000)));

    /**
     * On one node.
     *
     * @param stopMillis for how long it stands still; 0 for kill -9
     */
    record Blow(int node, int stopMillis) {
        boolean isKill() {
            return stopMillis == KILLED;
        }

        @Override
        public String toString() {
            return (isKill() ? "kill" : "stop " + stopMillis / 1_000 + " s") + " node-" + node;
        }
    }

    /** The kinds of {@code rounds} faults: each comes before any comes again. */
    static List<Integer> plan(int rounds, RandomGenerator random) {
        List<Integer> plan = new ArrayList<>();
        for (int kind = 0; kind < KINDS.size(); kind++) {
            plan.add(kind);
        }
        shuffle(plan, 2, random);
        while (plan.size() < rounds) {
            List<Integer> more = new ArrayList<>(plan.subList(0, KINDS.size()));
            shuffle(more, 0, random);
            plan.addAll(more);
        }
        return plan.subList(0, rounds);
    }

    private static void shuffle(List<Integer> list, int from, RandomGenerator random) {
        for (int index = list.size() - 1; index > from; index--) {
            int other = from + random.nextInt(index - from + 1);
            list.set(index, list.set(other, list.get(index)));
        }
    }

    /** Of that kind, on nodes 1 to {@code nodes}, of which {@code leader} leads. */
    static Fault of(int kind, int leader, int nodes, RandomGenerator random) {
        List<Integer> others = new ArrayList<>();
        for (int node = 1; node <= nodes; node++) {
            if (node != leader) {
                others.add(node);
            }
        }
        shuffle(others, 0, random);
        List<Blow> blows = new ArrayList<>();
        for (Kind each : KINDS.get(kind)) {
            blows.add(new Blow(each.onLeader ? leader : others.removeFirst(), each.stopMillis));
        }
        return new Fault(blows, random.nextInt(PAUSE_MILLIS_MAX));
    }

    /** The nodes that it ends. */
    Set<Integer> killed() {
        return blows.stream().filter(Blow::isKill).map(Blow::node).collect(Collectors.toSet());
    }

    /** The nodes that it befalls. */
    Set<Integer> struck() {
        return blows.stream().map(Blow::node).collect(Collectors.toSet());
    }

    @Override
    public String toString() {
        return blows.stream().map(Blow::toString).collect(Collectors.joining(", "));
    }
}
