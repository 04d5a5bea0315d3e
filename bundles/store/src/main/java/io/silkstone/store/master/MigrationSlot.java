package io.silkstone.store.master;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.base.NanoClock;
import io.silkstone.base.policy.StrategyFault;
import io.silkstone.base.policy.StrategyHost;
import io.silkstone.base.policy.StrategySlot;
import java.util.Locale;

/**
 * Where the migration strategy works, and the guard around it. A migration {@link #begin}s with the
 * strategy that is in use then, and asks that one for its pace as long as it works here; what it
 * was told last are values of ours, so a bundle may go while a migration goes on.
 *
 * <p>Threads: any; {@link #use} and {@link #forget} one, and none that keeps a core from others.
 */
public final class MigrationSlot extends StrategySlot<MigrationStrategy> {
    private static final String KIND = "migration";
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final MigratingTablet TRIAL =
            new MigratingTablet(1, 0, -1, ServerId.NONE, 1 << 20, 1 << 27, 1 << 30);

    private volatile Decision decided;

    /** What a strategy said last. */
    private record Decision(
            PolicyId id, MigratingTablet tablet, MigrationPlan plan, MigrationPace pace) {
        private static String words(Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }

        @Override
        public String toString() {
            String limit =
                    pace.bytesPerSecondMax() == 0
                            ? ""
                            : ", at most %d a second".formatted(pace.bytesPerSecondMax());
            return ("%s moves %016x to %016x of table %d from server %s: %s, in %d parts.%n"
                            + "It pulls %d bytes at a time, %d while clients wait%s; priority pulls"
                            + " %s, background pulls %s: %s.")
                    .formatted(
                            id,
                            tablet.firstHash(),
                            tablet.lastHash(),
                            tablet.table(),
                            tablet.source(),
                            words(plan.order()),
                            plan.parts(),
                            pace.pullBytes(),
                            pace.busyPullBytes(),
                            limit,
                            words(pace.priorityPulls()),
                            pace.background() ? "on" : "off",
                            pace.reason());
        }
    }

    /** With the built-in strategy. */
    public MigrationSlot(NanoClock clock) {
        this(BuiltInStrategy.NAME, new BuiltInStrategy(), clock);
    }

    /** With {@code builtIn}, which is trusted: it is called on the threads of migrations. */
    public MigrationSlot(String name, MigrationStrategy builtIn, NanoClock clock) {
        super(KIND, MigrationStrategy.class, name, builtIn, clock, "silkstone-store-strategy-0");
    }

    @Override
    protected void tryOut(StrategyHost<MigrationStrategy> next) throws StrategyFault {
        next.call("plan", each -> each.plan(TRIAL), StrategySlot::pause);
        MigrationSample sample =
                new MigrationSample(TRIAL, SECOND_NANOS, 0, 0, SECOND_NANOS, 0, 0, 0, 0, 0, 0);
        next.call("pace", each -> each.pace(sample), StrategySlot::pause);
    }

    @Override
    protected void exchanged() {
        decided = null;
    }

    /** What a migration goes by: its plan, and the strategy that made it. */
    final class Course {
        private final StrategyHost<MigrationStrategy> planner;
        private final MigrationPlan plan;

        private Course(StrategyHost<MigrationStrategy> planner, MigrationPlan plan) {
            this.planner = planner;
            this.plan = plan;
        }

        MigrationPlan plan() {
            return plan;
        }

        /** Name and version of the strategy. */
        String strategy() {
            return planner.id().name() + ' ' + planner.id().version();
        }

        /**
         * How to go on after {@code sample}.
         *
         * @param pause as in {@link #begin}
         * @return null when there is nobody to ask any more, now and later
         */
        MigrationPace pace(MigrationSample sample, Runnable pause) {
            try {
                MigrationPace pace = planner.call("pace", each -> each.pace(sample), pause);
                if (pace != null && planner == host()) {
                    decided = new Decision(planner.id(), sample.tablet(), plan, pace);
                }
                return pace;
            } catch (StrategyFault fault) {
                rollBack(planner, fault);
                return null;
            }
        }
    }

    /**
     * Asks the strategy in use how {@code tablet} is to move; if it fails, the next one.
     *
     * @param pause a short wait, in the way of the caller's thread
     */
    Course begin(MigratingTablet tablet, Runnable pause) {
        while (true) {
            StrategyHost<MigrationStrategy> current = host();
            try {
                MigrationPlan plan = current.call("plan", each -> each.plan(tablet), pause);
                if (plan != null) {
                    decided = new Decision(current.id(), tablet, plan, plan.pace());
                    return new Course(current, plan);
                }
                // It has just been exchanged.
                pause.run();
            } catch (StrategyFault fault) {
                rollBack(current, fault);
            }
        }
    }

    @Override
    public String why() {
        Decision last = decided;
        return last == null ? inUse() + " has decided nothing yet." : last.toString();
    }
}
