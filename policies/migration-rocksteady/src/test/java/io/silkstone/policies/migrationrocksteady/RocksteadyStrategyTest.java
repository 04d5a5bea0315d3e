package io.silkstone.policies.migrationrocksteady;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import org.junit.jupiter.api.Test;

class RocksteadyStrategyTest {
    private static final MigratingTablet TABLET =
            new MigratingTablet(1, 0, -1, ServerId.NONE, 10, 1_000, 1 << 30);
    private static final MigrationSample SAMPLE =
            new MigrationSample(TABLET, 1, 0, 0, 1, 0, 0, 0, 0);

    private final RocksteadyStrategy strategy = new RocksteadyStrategy(RocksteadyOptions.DEFAULTS);

    private static RocksteadyOptions options(PriorityPulls pulls, boolean background) {
        return new RocksteadyOptions(4, 4_096, 2_048, 5_000_000, pulls, background, 70_000);
    }

    @Test
    void plan_asShipped_isWhatTheServerDoesByItself() {
        MigrationPlan plan = strategy.plan(TABLET);
        assertThat(plan.order()).isEqualTo(MigrationPlan.Order.OWN_THEN_COPY);
        assertThat(plan.parts()).isEqualTo(8);
        assertThat(plan.pace()).isEqualTo(MigrationPace.STANDARD);
    }

    @Test
    void configure_holdsForWhatRuns() {
        strategy.configure(options(PriorityPulls.SYNCHRONOUS, true));
        MigrationPace pace = strategy.pace(SAMPLE);
        assertThat(pace.pullBytes()).isEqualTo(4_096);
        assertThat(pace.busyPullBytes()).isEqualTo(2_048);
        assertThat(pace.bytesPerSecondMax()).isEqualTo(5_000_000);
        assertThat(pace.priorityPulls()).isEqualTo(PriorityPulls.SYNCHRONOUS);
        assertThat(pace.latenessNanosMax()).isEqualTo(70_000);
        assertThat(pace.reason()).contains("synchronous");
        assertThat(strategy.plan(TABLET).parts()).isEqualTo(4);
        strategy.configure(options(PriorityPulls.ASYNCHRONOUS, false));
        assertThat(strategy.pace(SAMPLE).background()).isFalse();
        assertThat(strategy.pace(SAMPLE).reason()).contains("background.pulls");
    }

    @Test
    void options_outOfRange_nameTheKey() {
        RocksteadyOptions good = RocksteadyOptions.DEFAULTS;
        assertThatThrownBy(() -> good.withPulls(3, 4_096)).hasMessageContaining("partitions");
        assertThatThrownBy(() -> good.withPulls(128, 4_096)).hasMessageContaining("partitions");
        assertThatThrownBy(() -> good.withPulls(8, 10)).hasMessageContaining("pull.bytes");
        assertThatThrownBy(
                        () -> new RocksteadyOptions(8, 4_096, 10, 0, PriorityPulls.NONE, true, 0))
                .hasMessageContaining("pull.busy.bytes");
        assertThatThrownBy(
                        () ->
                                new RocksteadyOptions(
                                        8, 4_096, 4_096, 10, PriorityPulls.NONE, true, 0))
                .hasMessageContaining("rate.bytes");
        assertThatThrownBy(
                        () ->
                                new RocksteadyOptions(
                                        8, 4_096, 4_096, 0, PriorityPulls.NONE, true, -1_000))
                .hasMessageContaining("late.micros");
        assertThatThrownBy(() -> options(PriorityPulls.NONE, false))
                .hasMessageContaining("background.pulls");
    }

    @Test
    void priorityPulls_asWritten() {
        assertThat(RocksteadyOptions.priorityPulls("none")).isEqualTo(PriorityPulls.NONE);
        assertThatThrownBy(() -> RocksteadyOptions.priorityPulls("later"))
                .hasMessageContaining("priority.pulls")
                .hasMessageContaining("synchronous");
    }
}
