package io.silkstone.benchmarks.write;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskProbeTest {
    @TempDir Path folder;

    @Test
    void run_twice_measuresAndLeavesNothing() throws Exception {
        DiskProbe probe = new DiskProbe(folder);
        assertThat(probe.kind()).isNotBlank();
        for (int time = 0; time < 2; time++) {
            Histogram latencies = probe.run(20_000_000);
            assertThat(latencies.getTotalCount()).isPositive();
            assertThat(latencies.getMinValue()).isPositive();
            assertThat(folder).isEmptyDirectory();
        }
    }
}
