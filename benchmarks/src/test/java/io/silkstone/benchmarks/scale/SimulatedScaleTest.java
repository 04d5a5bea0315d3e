package io.silkstone.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SimulatedScaleTest {
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void run_countsWhatOperationsCost() throws Exception {
        SimulatedScale scale = new SimulatedScale(50);
        scale.run();
        for (int nodes = 1; nodes <= SimulatedScale.NODES_MAX; nodes *= 2) {
            assertThat(scale.of(nodes).messages()).as("%d nodes", nodes).isCloseTo(2, within(0.2));
        }
        assertThat(scale.of(SimulatedScale.NODES_MAX).restMessages())
                .isGreaterThan(scale.of(1).restMessages());
    }
}
