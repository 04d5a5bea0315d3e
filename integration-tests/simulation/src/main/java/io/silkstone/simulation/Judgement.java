package io.silkstone.simulation;

import io.silkstone.simulation.check.Linearizability;
import io.silkstone.simulation.check.Linearizability.Verdict;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is wrong with a history.
 *
 * @param violations in sentences, one a key whose replies fit no order; none for a good history
 * @param keys those keys
 */
public record Judgement(List<String> violations, Set<String> keys) {
    /** Judges each key. */
    public static Judgement of(History history) {
        return of(history.byKey());
    }

    /** Judges each key by its operations. */
    public static Judgement of(Map<String, List<Operation>> operations) {
        List<String> violations = new ArrayList<>();
        Set<String> keys = new TreeSet<>();
        for (Map.Entry<String, List<Operation>> key : operations.entrySet()) {
            Verdict verdict = Linearizability.check(key.getValue());
            if (!verdict.linearizable()) {
                keys.add(key.getKey());
                violations.add(
                        String.format(
                                "The replies about %s fit no order of its %d operations: after"
                                        + " %d of them, the last %s, none of these can be next:"
                                        + " %s.",
                                key.getKey(),
                                key.getValue().size(),
                                verdict.longest().size(),
                                verdict.longest().isEmpty() ? "none" : verdict.longest().getLast(),
                                verdict.stuck()));
            }
        }
        return new Judgement(violations, keys);
    }
}
