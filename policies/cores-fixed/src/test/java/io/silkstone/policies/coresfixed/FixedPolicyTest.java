package io.silkstone.policies.coresfixed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import io.silkstone.api.threads.ThreadRuntime;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FixedPolicyTest {
    private final FixedPolicy policy = new FixedPolicy(FixedOptions.of(2, 50, 1, 100));

    private record Control(int coresMin, int coresMax, CoreSet held, int contextsPerCore)
            implements CoreControl {}

    private void start(PolicyState handover) {
        policy.start(new Control(1, 4, CoreSet.of(0), 56), handover);
    }

    private int decide(double loadFactor) {
        return policy.decide(new LoadSample(50_000_000, 1, 1, loadFactor, 0, 0, 56, 0, 0, 0))
                .total();
    }

    @Test
    void decide_anyLoad_wantsTheSame() {
        start(PolicyState.EMPTY);
        assertThat(decide(0)).isEqualTo(2);
        assertThat(decide(50)).isEqualTo(2);
        policy.configure(FixedOptions.of(3, 0, 0, 10));
        assertThat(decide(0)).isEqualTo(3);
        assertThat(policy.idle().spinNanos()).isZero();
    }

    @Test
    void stop_somethingHandedOver_passesItOn() {
        PolicyState learned = new PolicyState(Map.of("threshold.1", 0.9));
        start(learned);
        assertThat(policy.stop()).isEqualTo(learned);
    }

    @Test
    void cores_comeAndGo_followThem() {
        start(PolicyState.EMPTY);
        policy.coreAvailable(1);
        assertThat(policy.cores(ThreadRuntime.NORMAL)).isEqualTo(CoreSet.of(0, 1));
        assertThat(policy.cores(ThreadRuntime.EXCLUSIVE)).isEqualTo(CoreSet.of(1));
        policy.coreUnavailable(1);
        assertThat(policy.cores(ThreadRuntime.NORMAL)).isEqualTo(CoreSet.of(0));
    }

    @Test
    void options_outOfRange_nameTheKey() {
        assertThatThrownBy(() -> FixedOptions.of(0, 0, 0, 1)).hasMessageContaining("cores");
        assertThatThrownBy(() -> FixedOptions.of(1, 0, -1, 1)).hasMessageContaining("yields");
    }
}
