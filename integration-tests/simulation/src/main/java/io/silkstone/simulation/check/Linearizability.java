package io.silkstone.simulation.check;

import io.silkstone.simulation.history.Operation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether there is an order of a key's operations, each between its call and its reply, in which
 * one sequential store gives every reply that was given (Herlihy and Wing). The search is that of
 * Wing and Gong with the memory of Lowe ("Testing for linearizability", 2017): take an operation
 * that could be next, go on, go back where that leads nowhere, and never try the same set of
 * operations with the same state twice. Linearizability is local, so each key is judged by itself.
 */
public final class Linearizability {
    private final List<Operation> operations;
    private final Set<Configuration> tried = new HashSet<>();
    private final Deque<Step> taken = new ArrayDeque<>();
    private final BitSet done = new BitSet();
    private List<Operation> longest = List.of();

    private record Configuration(BitSet done, Set<KeyState> states) {}

    private record Step(int operation, Set<KeyState> before) {}

    /**
     * What was found.
     *
     * @param linearizable whether there is such an order
     * @param longest the operations of the longest order that was found, in that order
     * @param stuck those that could have been next, and none of them could have been answered so
     */
    public record Verdict(boolean linearizable, List<Operation> longest, List<Operation> stuck) {}

    private Linearizability(List<Operation> operations) {
        this.operations =
                operations.stream().sorted(Comparator.comparingLong(Operation::calledAt)).toList();
    }

    /** Judges all operations on one key. */
    public static Verdict check(List<Operation> operations) {
        return new Linearizability(operations).search();
    }

    private Verdict search() {
        Set<KeyState> states = Set.of(KeyState.ABSENT);
        int from = 0;
        while (!isComplete()) {
            int next = nextPossible(from);
            if (next >= 0) {
                Set<KeyState> after = KeyModel.after(states, operations.get(next));
                done.set(next);
                if (!after.isEmpty() && tried.add(new Configuration(copy(done), after))) {
                    taken.push(new Step(next, states));
                    states = after;
                    from = 0;
                    noteLongest();
                } else {
                    done.clear(next);
                    from = next + 1;
                }
            } else if (taken.isEmpty()) {
                return new Verdict(false, longest, stuckBehind(longest));
            } else {
                Step last = taken.pop();
                done.clear(last.operation());
                states = last.before();
                from = last.operation() + 1;
            }
        }
        return new Verdict(true, order(), List.of());
    }

    /** Whether only operations are left that nobody heard of again: they may never happen. */
    private boolean isComplete() {
        for (int index = done.nextClearBit(0);
                index < operations.size();
                index = done.nextClearBit(index + 1)) {
            if (operations.get(index).isKnown()) {
                return false;
            }
        }
        return true;
    }

    /**
     * The first operation from {@code from} on that is not done and was called before any other
     * that is not done was answered; -1 when there is none.
     */
    private int nextPossible(int from) {
        long firstReply = firstReply(done);
        int index = done.nextClearBit(from);
        return index < operations.size() && operations.get(index).calledAt() < firstReply
                ? index
                : -1;
    }

    private long firstReply(BitSet without) {
        long first = Operation.NEVER;
        for (int index = without.nextClearBit(0);
                index < operations.size() && operations.get(index).calledAt() < first;
                index = without.nextClearBit(index + 1)) {
            first = Math.min(first, operations.get(index).returnedAt());
        }
        return first;
    }

    private void noteLongest() {
        if (taken.size() > longest.size()) {
            longest = order();
        }
    }

    private List<Operation> order() {
        List<Operation> order = new ArrayList<>();
        taken.descendingIterator()
                .forEachRemaining(step -> order.add(operations.get(step.operation())));
        return order;
    }

    private List<Operation> stuckBehind(List<Operation> prefix) {
        Set<Operation> before = new HashSet<>(prefix);
        BitSet placed = new BitSet();
        for (int index = 0; index < operations.size(); index++) {
            placed.set(index, before.contains(operations.get(index)));
        }
        long firstReply = firstReply(placed);
        return operations.stream()
                .filter(each -> !before.contains(each) && each.calledAt() < firstReply)
                .toList();
    }

    private static BitSet copy(BitSet set) {
        return (BitSet) set.clone();
    }
}
