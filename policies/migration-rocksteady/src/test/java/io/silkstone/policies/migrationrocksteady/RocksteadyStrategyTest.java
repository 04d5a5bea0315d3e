package io.silkstone.policies.migrationrocksteady;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPace.PriorityPulls;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationPlan.PullOrder;
import io.silkstone.api.migration.MigrationSample;
import org.junit.jupiter.api.Test;

class RocksteadyStrategyTest {
    private static final MigratingTablet TABLET =
            new MigratingTablet(1, 0, -1, ServerId.NONE, 10, 1_000, 1 << 30);
    private static final MigrationSample SAMPLE =
            new MigrationSample(TABLET, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);

    private final RocksteadyStrategy strategy = new RocksteadyStrategy(RocksteadyOptions.DEFAULTS);

    private static RocksteadyOptions options(PriorityPulls pulls, boolean background) {
        return new RocksteadyOptions(
                4, PullOrder.LOG, 4_096, 2_048, 0, 50_000, 5_000_000, pulls, background, 70_000);
    }

    @Test
    void plan_asShipped_isWhatTheServerDoesByItself() {
        MigrationPlan plan = strategy.plan(TABLET);
        assertThat(plan.order()).isEqualTo(MigrationPlan.Order.OWN_THEN_COPY);
        assertThat(plan.parts()).isEqualTo(8);
        assertThat(plan.pullOrder()).isEqualTo(PullOrder.HASH);
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
        assertThat(strategy.plan(TABLET).pullOrder()).isEqualTo(PullOrder.LOG);
        strategy.configure(options(PriorityPulls.ASYNCHRONOUS, false));
        assertThat(strategy.pace(SAMPLE).background()).isFalse();
        assertThat(strategy.pace(SAMPLE).reason()).contains("background.pulls");
    }

    @Test
    void pullOrder_isReadAsOperatorsWriteIt() {
        assertThat(RocksteadyOptions.pullOrder(" log ")).isEqualTo(PullOrder.LOG);
        assertThat(RocksteadyOptions.DEFAULTS.withPullOrder(PullOrder.LOG).pullOrder())
                .isEqualTo(PullOrder.LOG);
        assertThatThrownBy(() -> RocksteadyOptions.pullOrder("heap"))
                .hasMessageContaining("pull.order must be one of hash, log");
    }

    /** So many pulls of so many bytes, each so long at the source, the fastest after so long. */
    private static MigrationSample sample(int pulls, int bytes, long source, long roundTrip) {
        long all = (long) pulls * bytes;
        return new MigrationSample(
                TABLET, 1, 0, all, 1, pulls, all, 0, 0, pulls * source, roundTrip);
    }

    @Test
    void pace_pullsAreAsLongAsTheSourceReadsInTheTimeAllowed() {
        assertThat(strategy.pace(sample(100, 40_960, 50_000, 1)).pullBytes()).isEqualTo(81_920);
        assertThat(strategy.pace(sample(100, 40_960, 200_000, 1)).pullBytes()).isEqualTo(20_480);
        assertThat(strategy.pace(sample(100, 40_960, 200_000, 1)).busyPullBytes())
                .isEqualTo(20_480);
        assertThat(strategy.pace(sample(100, 40_960, 50_000_000, 1)).pullBytes()).isEqualTo(4_096);
        assertThat(strategy.pace(sample(100, 1 << 20, 1, 1)).pullBytes())
                .isEqualTo(MigrationPace.PULL_BYTES_MAX);
        strategy.configure(RocksteadyOptions.DEFAULTS.withPulls(8, 4_096, 0));
        assertThat(strategy.pace(sample(100, 4_096, 1_000, 1)).pullBytes()).isEqualTo(4_096);
    }

    @Test
    void pace_pullsUnderWayCoverTheRoundTrip() {
        assertThat(strategy.pace(sample(100, 4_096, 50_000, 60_000)).pulls()).isEqualTo(3);
        assertThat(strategy.pace(sample(100, 4_096, 50_000, 1_000_000)).pulls()).isEqualTo(40);
        assertThat(strategy.pace(sample(100, 4_096, 50_000, 1_000)).pulls()).isEqualTo(2);
        assertThat(strategy.pace(sample(100, 4_096, 50, 1_000_000)).pulls())
                .isEqualTo(MigrationPace.PULLS_MAX);
        strategy.configure(RocksteadyOptions.DEFAULTS.withPulls(8, 4_096, 5));
        assertThat(strategy.pace(sample(100, 4_096, 50_000, 1_000_000)).pulls()).isEqualTo(5);
    }

    @Test
    void pace_whenNothingIsKnown_isTheStandard() {
        assertThat(strategy.pace(SAMPLE)).isEqualTo(MigrationPace.STANDARD);
        assertThat(strategy.pace(sample(100, 4_096, 0, 10))).isEqualTo(MigrationPace.STANDARD);
    }

    @Test
    void options_outOfRange_nameTheKey() {
        RocksteadyOptions good = RocksteadyOptions.DEFAULTS;
        assertThatThrownBy(() -> good.withPulls(3, 4_096, 0)).hasMessageContaining("partitions");
        assertThatThrownBy(() -> good.withPulls(128, 4_096, 0)).hasMessageContaining("partitions");
        assertThatThrownBy(() -> good.withPulls(8, 10, 0)).hasMessageContaining("pull.bytes");
        assertThatThrownBy(
                        () ->
                                new RocksteadyOptions(
                                        8,
                                        PullOrder.HASH,
                                        4_096,
                                        10,
                                        0,
                                        50_000,
                                        0,
                                        PriorityPulls.NONE,
                                        true,
                                        0))
                .hasMessageContaining("pull.busy.bytes");
        assertThatThrownBy(
                        () ->
                                new RocksteadyOptions(
                                        8,
                                        PullOrder.HASH,
                                        4_096,
                                        4_096,
                                        0,
                                        50_000,
                                        10,
                                        PriorityPulls.NONE,
                                        true,
                                        0))
                .hasMessageContaining("rate.bytes");
        assertThatThrownBy(
                        () ->
                                new RocksteadyOptions(
                                        8,
                                        PullOrder.HASH,
                                        4_096,
                                        4_096,
                                        0,
                                        50_000,
                                        0,
                                        PriorityPulls.NONE,
                                        true,
                                        -1_000))
                .hasMessageContaining("late.micros");
        assertThatThrownBy(() -> good.withPulls(8, 4_096, 129)).hasMessageContaining("pulls");
        assertThatThrownBy(
                        () ->
                                new RocksteadyOptions(
                                        8,
                                        PullOrder.HASH,
                                        0,
                                        4_096,
                                        0,
                                        500,
                                        0,
                                        PriorityPulls.NONE,
                                        true,
                                        0))
                .hasMessageContaining("pull.hold.micros");
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
