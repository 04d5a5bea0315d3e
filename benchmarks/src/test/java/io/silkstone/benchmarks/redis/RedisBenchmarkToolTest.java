package io.silkstone.benchmarks.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.benchmarks.BenchmarkFailed;
import org.junit.jupiter.api.Test;

class RedisBenchmarkToolTest {
    private static final String REPORT =
            """
            99.805% <= 3.975 milliseconds (cumulative count 99808)
            99.902% <= 4.063 milliseconds (cumulative count 99904)
            100.000% <= 4.239 milliseconds (cumulative count 100000)

            Summary:
              throughput summary: 598802.44 requests per second
              latency summary (msec):
                      avg       min       p50       p95       p99       max
                    1.220     0.408     1.119     1.975     2.391     4.239
            """;

    @Test
    void read_takesThroughputAndLatencies() throws Exception {
        assertThat(RedisBenchmarkTool.read(REPORT))
                .isEqualTo(new RedisBenchmarkTool.Report(598802.44, 1.119, 2.391, 4.063));
    }

    @Test
    void read_ofSomethingElse_fails() {
        assertThatThrownBy(() -> RedisBenchmarkTool.read("Could not connect"))
                .isInstanceOf(BenchmarkFailed.class);
    }
}
