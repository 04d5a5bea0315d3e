package io.silkstone.simulation.cluster;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tables of a run and the keys in each of them. */
final class Tables {
    /** The table that comes and goes. */
    static final String PASSING = "passing";

    /** In one tablet of the default table for ever: some are changed together now and then. */
    static final List<String> TOGETHER = List.of("{pair}-0", "{pair}-1", "{pair}-2");

    static final List<String> KEYS =
            both(TOGETHER, List.of("text-0", "text-1", "text-2", "number-0", "number-1"));

    /** When each number that was dropped was gone for sure. */
    private final Map<Integer, Long> dropped = new HashMap<>();

    private static List<String> both(List<String> some, List<String> others) {
        List<String> all = new ArrayList<>(some);
        all.addAll(others);
        return List.copyOf(all);
    }

    /** The coordinator has decided at {@code nanos} that there is no table {@code id} any more. */
    void dropped(int id, long nanos) {
        dropped.put(id, nanos);
    }

    boolean wereDropped(int id) {
        return dropped.containsKey(id);
    }

    /** When table {@code id} was dropped; after everything if it was not. */
    long droppedAt(int id) {
        return dropped.getOrDefault(id, Long.MAX_VALUE);
    }
}
