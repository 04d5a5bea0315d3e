package io.silkstone.simulation;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A run that was played, however it ended: one that breaks off has failed like one that was judged.
 *
 * @param script what was played
 * @param report what came of it; for one that broke off only how
 */
record Performance(Script script, Report report) {
    static Performance of(Scenario scenario, long seed, Script script) {
        try {
            return new Performance(script, scenario.play(seed, script));
        } catch (RuntimeException | Error e) {
            List<String> violations = List.of("It ended with " + e + causes(e));
            return new Performance(script, new Report(0, 0, Map.of(), violations, Set.of()));
        }
    }

    private static String causes(Throwable failure) {
        StringBuilder causes = new StringBuilder();
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            causes.append(", because of ").append(cause);
        }
        return causes.append('.').toString();
    }
}
