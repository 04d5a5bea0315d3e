package io.silkstone.policies.migrationsourceretains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import org.junit.jupiter.api.Test;

class SourceRetainsStrategyTest {
    private static final MigratingTablet TABLET =
            new MigratingTablet(1, 0, -1, ServerId.NONE, 10, 1_000, 1 << 30);

    private final SourceRetainsStrategy strategy =
            new SourceRetainsStrategy(SourceRetainsOptions.DEFAULTS);

    @Test
    void plan_copiesWhileTheSourceServes() {
        MigrationPlan plan = strategy.plan(TABLET);
        assertThat(plan.order()).isEqualTo(MigrationPlan.Order.COPY_FREEZE_OWN);
        assertThat(plan.parts()).isEqualTo(8);
        assertThat(plan.pace().background()).isTrue();
    }

    @Test
    void configure_holdsForWhatRuns() {
        strategy.configure(new SourceRetainsOptions(2, 8_192, 5_000_000));
        MigrationSample sample = new MigrationSample(TABLET, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
        assertThat(strategy.pace(sample).pullBytes()).isEqualTo(8_192);
        assertThat(strategy.pace(sample).bytesPerSecondMax()).isEqualTo(5_000_000);
        assertThat(strategy.plan(TABLET).parts()).isEqualTo(2);
    }

    @Test
    void options_outOfRange_nameTheKey() {
        assertThatThrownBy(() -> new SourceRetainsOptions(3, 8_192, 0))
                .hasMessageContaining("partitions");
        assertThatThrownBy(() -> new SourceRetainsOptions(8, 10, 0))
                .hasMessageContaining("pull.bytes");
        assertThatThrownBy(() -> new SourceRetainsOptions(8, 8_192, 10))
                .hasMessageContaining("rate.bytes");
    }
}
