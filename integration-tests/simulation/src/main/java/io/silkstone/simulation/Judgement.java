package io.silkstone.simulation;

import io.silkstone.simulation.check.Linearizability;
import io.silkstone.simulation.check.Linearizability.Verdict;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What is wrong with a history, in sentences. */
public final class Judgement {
    private Judgement() {}

    /** One sentence a key whose replies fit no order; none for a good history. */
    public static List<String> violations(History history) {
        List<String> violations = new ArrayList<>();
        for (Map.Entry<String, List<Operation>> key : history.byKey().entrySet()) {
            Verdict verdict = Linearizability.check(key.getValue());
            if (!verdict.linearizable()) {
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
        return violations;
    }
}
