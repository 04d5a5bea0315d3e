package io.silkstone.simulation;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What came of a run.
 *
 * @param operations how many operations clients began
 * @param fingerprint a number that two runs share exactly if the same happened in the same order
 * @param coverage how often each thing happened that a run is meant to make happen, 0 included
 * @param violations what must never happen and did, in sentences; empty for a good run
 * @param keys those that violations are about; empty when they are about no key
 */
public record Report(
        long operations,
        long fingerprint,
        Map<String, Long> coverage,
        List<String> violations,
        Set<String> keys) {
    /** Whether nothing happened that must not. */
    public boolean passed() {
        return violations.isEmpty();
    }
}
