package io.silkstone.policies.migrationsourceretains;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;

/**
 * Has the owner of a tablet go on serving it, reads and writes, while all of it is copied, and what
 * is changed meanwhile is copied again: RAMCloud's migration before Rocksteady, which that paper
 * has as the ablation "source retains ownership" (SOSP 2017). Clients wait for the last moment
 * only, and a migration that fails has changed nothing; but the source has all of the load until
 * the end, and what is changed often travels often.
 *
 * <p>Threads: any.
 */
public class SourceRetainsStrategy implements MigrationStrategy {
    private static final long INTERVAL_NANOS = 100_000_000;

    private volatile SourceRetainsOptions options;

    /** A strategy that works at once. */
    public SourceRetainsStrategy(SourceRetainsOptions options) {
        this.options = options;
    }

    /** Takes other settings: the pace for what runs too, the rest from the next migration on. */
    public final void configure(SourceRetainsOptions newOptions) {
        options = newOptions;
    }

    @Override
    public MigrationPlan plan(MigratingTablet tablet) {
        SourceRetainsOptions now = options;
        return new MigrationPlan(MigrationPlan.Order.COPY_FREEZE_OWN, now.partitions(), pace(now));
    }

    @Override
    public MigrationPace pace(MigrationSample sample) {
        return pace(options);
    }

    private static MigrationPace pace(SourceRetainsOptions now) {
        return new MigrationPace(
                now.pullBytes(),
                now.pullBytes(),
                now.rateBytes(),
                PriorityPulls.ASYNCHRONOUS,
                true,
                MigrationPace.STANDARD.latenessNanosMax(),
                INTERVAL_NANOS,
                "clients ask the source until all is here");
    }
}
