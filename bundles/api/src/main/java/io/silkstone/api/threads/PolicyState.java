package io.silkstone.api.threads;

import java.util.Map;

/**
 * What one core policy leaves for the next: named numbers, since the two may come from bundles that
 * share no class. A successor takes the names that it knows and ignores the rest.
 *
 * @param values the numbers by name
 */
public record PolicyState(Map<String, Double> values) {
    /** Nothing to hand over. */
    public static final PolicyState EMPTY = new PolicyState(Map.of());

    /** Copies the map. */
    public PolicyState {
        values = Map.copyOf(values);
    }
}
