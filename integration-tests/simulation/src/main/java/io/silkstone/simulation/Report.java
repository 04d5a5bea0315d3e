package io.silkstone.simulation;

import java.util.List;
import java.util.Map;

/**
 * What came of a run.
 *
 * @param operations how many operations clients began
 * @param fingerprint a number that two runs share exactly if the same happened in the same order
 * @param coverage how often each thing happened that a run is meant to make happen
 * @param violations what must never happen and did, in sentences; empty for a good run
 */
public record Report(
        long operations, long fingerprint, Map<String, Long> coverage, List<String> violations) {
    /** Whether nothing happened that must not. */
    public boolean passed() {
        return violations.isEmpty();
    }
}
