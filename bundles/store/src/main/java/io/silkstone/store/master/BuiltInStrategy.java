package io.silkstone.store.master;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.migration.MigrationStrategy;

/** Rocksteady as it was measured to be best: what works when no policy bundle does. */
final class BuiltInStrategy implements MigrationStrategy {
    static final String NAME = "rocksteady";

    private static final MigrationPlan PLAN =
            new MigrationPlan(MigrationPlan.Order.OWN_THEN_COPY, 8, MigrationPace.STANDARD);

    @Override
    public MigrationPlan plan(MigratingTablet tablet) {
        return PLAN;
    }

    @Override
    public MigrationPace pace(MigrationSample sample) {
        return MigrationPace.STANDARD;
    }
}
