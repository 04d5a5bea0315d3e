package io.silkstone.api.balance;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import java.util.List;
import java.util.Objects;

/**
 * What a strategy wants done now, in this order; what it has no room for it says again when it is
 * asked again.
 *
 * @param moves tablets that are to change their server
 * @param cuts tablets that are to be cut in two, which stay where they are
 * @param reason one or two short sentences for operators, also when nothing is to be done
 */
public record BalancePlan(List<Move> moves, List<Cut> cuts, String reason) {
    /** Keeps lists of its own. */
    public BalancePlan {
        moves = List.copyOf(moves);
        cuts = List.copyOf(cuts);
        Objects.requireNonNull(reason, "reason");
    }

    /**
     * A tablet's way to another server.
     *
     * @param tablet one of the tablets that were shown
     * @param source whose it is
     * @param target whose it is to be
     */
    public record Move(TabletLoad tablet, ServerId source, ServerId target) {}

    /**
     * A cut.
     *
     * @param tablet one of the tablets that were shown
     * @param hash the first of the second part
     */
    public record Cut(TabletLoad tablet, long hash) {}

    /** Nothing to do, because of {@code reason}. */
    public static BalancePlan nothing(String reason) {
        return new BalancePlan(List.of(), List.of(), reason);
    }

    /** Whether there is nothing to do. */
    public boolean isEmpty() {
        return moves.isEmpty() && cuts.isEmpty();
    }
}
