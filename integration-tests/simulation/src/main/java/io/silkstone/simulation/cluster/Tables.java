package io.silkstone.simulation.cluster;

import io.silkstone.simulation.ContendedWorkload;
import io.silkstone.simulation.settings.Settings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The tables of a run and the keys in each of them. */
final class Tables {
    /** The table that comes and goes. */
    static final String PASSING = "passing";

    /** What is between the braces alone says in which tablet a key is. */
    private static final String TOGETHER = "{pair}-";

    private final List<String> together;
    private final List<String> keys;

    /** When each number that was dropped was gone for sure. */
    private final Map<Integer, Long> dropped = new HashMap<>();

    /** None of them dropped yet. */
    Tables(Settings settings) {
        together =
                IntStream.range(0, settings.get(ClusterSettings.KEYS_TOGETHER))
                        .mapToObj(number -> TOGETHER + number)
                        .toList();
        List<String> all = new ArrayList<>(together);
        int texts = settings.get(ClusterSettings.KEYS_TEXT);
        int numbers = settings.get(ClusterSettings.KEYS_NUMBERS);
        all.addAll(ContendedWorkload.keys(texts, 1, numbers));
        keys = List.copyOf(all);
    }

    /** In one tablet of the default table for ever: some are changed together now and then. */
    List<String> together() {
        return together;
    }

    /** All of them, those included. */
    List<String> keys() {
        return keys;
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
