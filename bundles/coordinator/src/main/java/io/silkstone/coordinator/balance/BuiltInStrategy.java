package io.silkstone.coordinator.balance;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalanceStrategy;
import io.silkstone.api.balance.ClusterLoad;

/** Moves nothing: what works when no policy bundle does. */
final class BuiltInStrategy implements BalanceStrategy {
    static final String NAME = "none";

    private static final BalancePlan PLAN =
            BalancePlan.nothing("The built-in strategy moves nothing.");

    @Override
    public BalancePlan plan(ClusterLoad load) {
        return PLAN;
    }
}
