package io.silkstone.api.balance;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Decides which tablets move to which servers, so that none has much more to do than the others.
 * Publish it as a service with {@code silkstone.kind=balance} and {@code silkstone.name}; {@link
 * io.silkstone.api.policy.Policy} does both.
 *
 * <p>The node whose coordinator leads asks the strategy in its slot once in a period, if spreading
 * is switched on there, and whenever an operator wants to see what it would do. What it answers is
 * a proposal: the mechanism leaves out what may not be, such as a tablet that is resting, and has
 * the rest moved in the way of {@code migration:start}. So nothing a strategy does can lose an
 * object; at worst tablets move for nothing.
 *
 * <p>All calls are made one at a time, on a thread that belongs to this strategy. A method that
 * throws, answers null or takes longer than 2 s makes the node return to the strategy before, or to
 * its built-in one, which moves nothing.
 */
@ConsumerType
public interface BalanceStrategy {
    /**
     * What is to move now. The same figures are to have the same answer: whoever asks to see it
     * must not change it. Figures have errors and are seconds old, so leave alone what differs
     * little, and move nothing that would only make another server the busiest.
     */
    BalancePlan plan(ClusterLoad load);
}
