package io.silkstone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProbeTest {
    @Test
    void look_measuresARoundTripOrSaysThatThereIsOneProcessor() throws Exception {
        Probe.Look look = new Probe().look();
        if (Runtime.getRuntime().availableProcessors() < 2) {
            assertThat(look.state()).isEqualTo(Probe.State.SINGLE);
        } else {
            assertThat(look.state()).isNotEqualTo(Probe.State.SINGLE);
            assertThat(look.roundTripNanos()).isBetween(5.0, 1e9);
        }
    }
}
