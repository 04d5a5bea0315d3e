package io.silkstone.benchmarks.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.Workplace;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class DiskProbeTest {
    @Test
    void run_twice_measuresAndLeavesNothing() throws Exception {
        try (Workplace workplace = new Workplace("disk-probe")) {
            DiskProbe probe = new DiskProbe(workplace);
            assertThat(probe.kind()).isNotBlank();
            for (int time = 0; time < 2; time++) {
                probe.settle();
                Histogram latencies = probe.run(20_000_000);
                assertThat(latencies.getTotalCount()).isPositive();
                assertThat(latencies.getMinValue()).isPositive();
                assertThat(workplace.folder().resolve("disk")).isEmptyDirectory();
            }
        }
    }
}
