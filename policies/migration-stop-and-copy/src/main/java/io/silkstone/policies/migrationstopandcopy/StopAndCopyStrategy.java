package io.silkstone.policies.migrationstopandcopy;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;

/**
 * Freezes a tablet, copies all of it and only then has it change hands. Clients wait for as long as
 * that takes; what they gain is that a migration that fails has changed nothing, and that objects
 * are all here when the tablet is.
 *
 * <p>Threads: any.
 */
public class StopAndCopyStrategy implements MigrationStrategy {
    private static final long INTERVAL_NANOS = 100_000_000;

    private volatile StopAndCopyOptions options;

    /** A strategy that works at once. */
    public StopAndCopyStrategy(StopAndCopyOptions options) {
        this.options = options;
    }

    /** Takes other settings: the pace for what runs too, the rest from the next migration on. */
    public final void configure(StopAndCopyOptions newOptions) {
        options = newOptions;
    }

    @Override
    public MigrationPlan plan(MigratingTablet tablet) {
        StopAndCopyOptions now = options;
        return new MigrationPlan(MigrationPlan.Order.FREEZE_COPY_OWN, now.partitions(), pace(now));
    }

    @Override
    public MigrationPace pace(MigrationSample sample) {
        return pace(options);
    }

    private static MigrationPace pace(StopAndCopyOptions now) {
        return new MigrationPace(
                now.pullBytes(),
                now.pullBytes(),
                now.rateBytes(),
                PriorityPulls.ASYNCHRONOUS,
                true,
                0,
                INTERVAL_NANOS,
                "nobody can ask for anything before all is here");
    }
}
