package io.silkstone.simulation.check;

import io.silkstone.simulation.history.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Tries every order, with every choice of operations that never happened. For a few of them. */
final class BruteForce {
    private BruteForce() {}

    static boolean isLinearizable(List<Operation> operations) {
        return canFollow(Set.of(KeyState.ABSENT), operations);
    }

    private static boolean canFollow(Set<KeyState> states, List<Operation> left) {
        if (left.stream().noneMatch(Operation::isKnown)) {
            return true;
        }
        for (Operation next : left) {
            boolean early = left.stream().anyMatch(other -> other.returnedAt() < next.calledAt());
            Set<KeyState> after = early ? Set.of() : KeyModel.after(states, next);
            List<Operation> others = new ArrayList<>(left);
            others.remove(next);
            if (!after.isEmpty() && canFollow(after, others)) {
                return true;
            }
        }
        return false;
    }
}
