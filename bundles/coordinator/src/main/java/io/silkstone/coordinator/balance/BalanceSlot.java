package io.silkstone.coordinator.balance;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalanceStrategy;
import io.silkstone.api.balance.ClusterLoad;
import io.silkstone.base.NanoClock;
import io.silkstone.base.policy.StrategyFault;
import io.silkstone.base.policy.StrategyHost;
import io.silkstone.base.policy.StrategySlot;
import java.util.List;
import java.util.Set;

/** Where the strategy works that spreads load, and the guard around it. */
public final class BalanceSlot extends StrategySlot<BalanceStrategy> {
    static final String KIND = "balance";

    private static final ClusterLoad TRIAL = new ClusterLoad(List.of(), Set.of(), 1);

    private volatile String decided;

    /** With a strategy that moves nothing. */
    public BalanceSlot(NanoClock clock) {
        super(
                KIND,
                BalanceStrategy.class,
                BuiltInStrategy.NAME,
                new BuiltInStrategy(),
                clock,
                "silkstone-coordinator-strategy-0");
    }

    @Override
    protected void tryOut(StrategyHost<BalanceStrategy> next) throws StrategyFault {
        next.call("plan", each -> each.plan(TRIAL), StrategySlot::pause);
    }

    @Override
    protected void exchanged() {
        decided = null;
    }

    /** What the strategy in use wants; if it fails, the next one. Threads: any that may wait. */
    BalancePlan plan(ClusterLoad load) {
        while (true) {
            StrategyHost<BalanceStrategy> current = host();
            try {
                BalancePlan plan =
                        current.call("plan", each -> each.plan(load), StrategySlot::pause);
                if (plan != null) {
                    decided = current.id() + ": " + plan.reason();
                    return plan;
                }
                // It has just been exchanged.
                pause();
            } catch (StrategyFault fault) {
                rollBack(current, fault);
            }
        }
    }

    @Override
    public String why() {
        String last = decided;
        return last == null ? inUse() + " has decided nothing yet." : last;
    }
}
