package io.silkstone.policies.coresloadfactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import io.silkstone.api.threads.ThreadRuntime;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoadFactorPolicyTest {
    private final LoadFactorPolicy policy = new LoadFactorPolicy(LoadFactorOptions.defaults());

    private record Control(int coresMin, int coresMax, CoreSet held, int contextsPerCore)
            implements CoreControl {}

    @BeforeEach
    void startWithOneCore() {
        start(PolicyState.EMPTY, 0);
    }

    private void start(PolicyState handover, int... cores) {
        policy.start(new Control(1, 4, CoreSet.of(cores), 56), handover);
    }

    private int decide(int cores, double utilised, double loadFactor, long rejects) {
        return policy.decide(
                        new LoadSample(
                                50_000_000,
                                cores,
                                utilised,
                                loadFactor,
                                0,
                                0,
                                cores * 56,
                                0,
                                0,
                                rejects))
                .total();
    }

    @Test
    void start_handover_takesThresholdsAndIgnoresTheRest() {
        start(new PolicyState(Map.of("threshold.2", 1.9, "wanted", 3.0)), 0, 1, 2);
        assertThat(decide(3, 1.75, 1.0, 0)).isEqualTo(3);
        assertThat(decide(3, 1.70, 1.0, 0)).isEqualTo(2);
    }

    @Test
    void stop_afterGrowth_leavesTheThreshold() {
        decide(1, 0.95, 1.6, 0);
        assertThat(policy.stop().values()).containsExactly(Map.entry("threshold.1", 0.95));
    }

    @Test
    void cores_exclusiveClass_leavesTheFirstCoreToOthers() {
        assertThat(policy.cores(ThreadRuntime.EXCLUSIVE)).isEqualTo(CoreSet.EMPTY);
        policy.coreAvailable(3);
        assertThat(policy.cores(ThreadRuntime.NORMAL)).isEqualTo(CoreSet.of(0, 3));
        assertThat(policy.cores(ThreadRuntime.EXCLUSIVE)).isEqualTo(CoreSet.of(3));
        policy.coreUnavailable(0);
        assertThat(policy.cores(ThreadRuntime.NORMAL)).isEqualTo(CoreSet.of(3));
        assertThat(policy.cores(ThreadRuntime.EXCLUSIVE)).isEqualTo(CoreSet.EMPTY);
    }

    @Test
    void decide_loadFactorAtTheLimit_staysOverItGrows() {
        assertThat(decide(1, 0.9, 1.5, 0)).isEqualTo(1);
        assertThat(decide(1, 0.9, 1.51, 0)).isEqualTo(2);
    }

    @Test
    void decide_atTheMost_staysWhateverTheLoad() {
        start(PolicyState.EMPTY, 0, 1, 2, 3);
        assertThat(decide(4, 4.0, 9.0, 5)).isEqualTo(4);
    }

    @Test
    void decide_threadsRefused_growsWithoutLoad() {
        assertThat(decide(1, 0.1, 0.1, 1)).isEqualTo(2);
    }

    @Test
    void decide_justChanged_leavesOneIntervalOut() {
        assertThat(decide(1, 0.9, 2.0, 0)).isEqualTo(2);
        assertThat(decide(2, 1.9, 9.0, 0)).isEqualTo(2);
        assertThat(decide(2, 1.9, 9.0, 0)).isEqualTo(3);
    }

    @Test
    void decide_utilisationUnderTheOutgrown_givesBackByTheMarginPerCore() {
        decide(1, 0.95, 2.0, 0);
        decide(2, 1.0, 1.0, 0);
        decide(2, 1.90, 2.0, 0);
        decide(3, 1.9, 1.0, 0);
        assertThat(decide(3, 1.73, 1.0, 0)).as("1.90 - 2 * 0.09 = 1.72").isEqualTo(3);
        assertThat(decide(3, 1.71, 1.0, 0)).isEqualTo(2);
        decide(2, 0.9, 1.0, 0);
        assertThat(decide(2, 0.87, 1.0, 0)).as("0.95 - 0.09 = 0.86").isEqualTo(2);
        assertThat(decide(2, 0.85, 1.0, 0)).isEqualTo(1);
        decide(1, 0, 0, 0);
        assertThat(decide(1, 0, 0, 0)).as("never below the least").isEqualTo(1);
    }

    @Test
    void decide_nothingLearned_givesBackOnlyWhenIdle() {
        start(PolicyState.EMPTY, 0, 1);
        assertThat(decide(2, 0.02, 0, 0)).isEqualTo(2);
        assertThat(decide(2, 0.005, 0, 0)).isEqualTo(1);
    }

    @Test
    void configure_newLimit_holdsFromTheNextDecision() {
        policy.configure(LoadFactorOptions.of(3.0, 20, 0.09, 0, 0, 10));
        assertThat(decide(1, 0.9, 2.9, 0)).isEqualTo(1);
        assertThat(decide(1, 0.9, 3.1, 0)).isEqualTo(2);
        assertThat(policy.idle().spinNanos()).isZero();
        assertThat(policy.idle().parkNanosMax()).isEqualTo(10_000_000);
    }

    @Test
    void options_outOfRange_nameTheKey() {
        assertThatThrownBy(() -> LoadFactorOptions.of(0, 50, 0.09, 0, 0, 10))
                .hasMessageContaining("load.factor.max");
        assertThatThrownBy(() -> LoadFactorOptions.of(1.5, 0, 0.09, 0, 0, 10))
                .hasMessageContaining("interval.ms");
        assertThatThrownBy(() -> LoadFactorOptions.of(1.5, 50, 1, 0, 0, 10))
                .hasMessageContaining("hysteresis");
        assertThatThrownBy(() -> LoadFactorOptions.of(1.5, 50, 0.09, -1, 0, 10))
                .hasMessageContaining("spin.us");
        assertThatThrownBy(() -> LoadFactorOptions.of(1.5, 50, 0.09, 0, 0, 0))
                .hasMessageContaining("park.max.ms");
    }
}
