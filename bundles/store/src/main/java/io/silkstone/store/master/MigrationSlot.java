package io.silkstone.store.master;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.base.NanoClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * Where the migration strategy works, and the guard around it. A migration {@link #begin}s with the
 * strategy that is in use then, and asks that one for its pace as long as it works here; what it
 * was told last are values of ours, so a bundle may go while a migration goes on.
 *
 * <p>A strategy is asked so seldom that a time of probation would say nothing: the one before stays
 * behind it until another takes over, or its bundle goes. It has planned an imaginary migration
 * before it is taken into use at all.
 *
 * <p>Threads: any; {@link #use} and {@link #forget} one, and none that keeps a core from others.
 */
public final class MigrationSlot implements PolicySlot {
    private static final String KIND = "migration";
    private static final Logger LOG = System.getLogger(MigrationSlot.class.getName());
    private static final long PAUSE_NANOS = 200_000;
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final MigratingTablet TRIAL =
            new MigratingTablet(1, 0, -1, ServerId.NONE, 1 << 20, 1 << 27, 1 << 30);

    private final MigrationStrategy builtIn;
    private final PolicyId builtInId;
    private final NanoClock clock;
    private volatile StrategyHost host;
    private StrategyHost previous;
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
        this.builtIn = builtIn;
        this.clock = clock;
        builtInId = new PolicyId(KIND, name, "built-in", -1);
        host = freshBuiltIn();
    }

    private StrategyHost freshBuiltIn() {
        return new StrategyHost(builtInId, builtIn, null, null);
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Class<?> type() {
        return MigrationStrategy.class;
    }

    @Override
    public String builtIn() {
        return builtInId.name();
    }

    @Override
    public PolicyId inUse() {
        return host.id();
    }

    @Override
    public void use(PolicyId id, Object policy, FaultListener faults) throws PolicyRefused {
        if (policy != null && !(policy instanceof MigrationStrategy)) {
            throw new PolicyRefused(id + " is no " + MigrationStrategy.class.getName());
        }
        StrategyHost next =
                policy == null
                        ? freshBuiltIn()
                        : new StrategyHost(id, (MigrationStrategy) policy, faults, clock);
        try {
            next.plan(TRIAL, MigrationSlot::pause);
            next.pace(
                    new MigrationSample(TRIAL, SECOND_NANOS, 0, 0, SECOND_NANOS, 0, 0, 0, 0),
                    MigrationSlot::pause);
        } catch (StrategyFault fault) {
            next.end();
            throw new PolicyRefused(
                    next.id()
                            + " failed at once: "
                            + fault.getMessage()
                            + "; "
                            + host.id()
                            + " goes on");
        }
        StrategyHost gone;
        StrategyHost old;
        synchronized (this) {
            gone = previous;
            old = host;
            old.rest(true);
            previous = old;
            host = next;
            decided = null;
        }
        boolean rests = old.awaitRest(MigrationSlot::pause);
        if (gone != null) {
            gone.end();
        }
        if (!rests) {
            LOG.log(Level.WARNING, "{0} hangs, and is not asked again", old.id());
            forgetPrevious(old);
        }
    }

    private static void pause() {
        LockSupport.parkNanos(PAUSE_NANOS);
    }

    private synchronized void forgetPrevious(StrategyHost which) {
        if (previous == which) {
            previous = null;
        }
        if (host != which) {
            which.end();
        }
    }

    @Override
    public void forget(PolicyId gone) {
        StrategyHost left;
        synchronized (this) {
            left = host;
            if (left.id().equals(gone)) {
                host = freshBuiltIn();
                decided = null;
            } else {
                left = previous;
            }
            if (previous != null && previous.id().equals(gone)) {
                previous = null;
            }
        }
        if (left != null && left.id().equals(gone)) {
            left.rest(true);
            left.awaitRest(MigrationSlot::pause);
            left.end();
        }
    }

    /** The strategy {@code failed}, if it is still in use: back to the one before it. */
    private void rollBack(StrategyHost failed, StrategyFault fault) {
        StrategyHost now;
        synchronized (this) {
            if (host != failed) {
                return;
            }
            host = previous == null ? freshBuiltIn() : previous;
            host.rest(false);
            previous = null;
            now = host;
            decided = null;
        }
        failed.end();
        LOG.log(
                Level.WARNING,
                "The migration strategy {0} failed: {1}; {2} goes on",
                failed.id(),
                fault.getMessage(),
                now.id());
        if (failed.faults() != null) {
            failed.faults().failed(failed.id(), now.id(), fault.getMessage());
        }
    }

    /** What a migration goes by: its plan, and the strategy that made it. */
    final class Course {
        private final StrategyHost planner;
        private final MigrationPlan plan;

        private Course(StrategyHost planner, MigrationPlan plan) {
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
                MigrationPace pace = planner.pace(sample, pause);
                if (pace != null && planner == host) {
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
            StrategyHost current = host;
            try {
                MigrationPlan plan = current.plan(tablet, pause);
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
