package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyCountsTest {
    private final LatencyCounts counts = new LatencyCounts();

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 16, 17, 31, 32, 33, 1023, 1024, 123_456_789, Long.MAX_VALUE})
    void percentile_ofOne_isJustAboveIt(long nanos) {
        counts.add(nanos);
        assertThat(counts.percentile(50)).isGreaterThanOrEqualTo(nanos);
        assertThat((double) counts.percentile(50)).isCloseTo(nanos, withinPercentage(7));
    }

    @Test
    void percentile_ofMany_isNearTheExactOne() {
        SplittableRandom random = new SplittableRandom(7);
        long[] nanos = random.longs(10_000, 500, 5_000_000).toArray();
        Arrays.stream(nanos).forEach(counts::add);
        Arrays.sort(nanos);
        for (double percent : new double[] {0, 1, 50, 99, 99.9, 100}) {
            int rank = Math.max((int) Math.ceil(nanos.length * percent / 100), 1);
            assertThat((double) counts.percentile(percent))
                    .as("p%s", percent)
                    .isCloseTo(nanos[rank - 1], withinPercentage(7));
        }
    }

    @Test
    void countUpTo_growsToTheCount() {
        counts.add(-5);
        counts.add(1000);
        counts.add(3000);
        LatencyCounts sum = new LatencyCounts();
        sum.add(counts);
        sum.add(counts);
        assertThat(sum.countUpTo(15)).isEqualTo(2);
        assertThat(sum.countUpTo(1024)).isEqualTo(4);
        assertThat(sum.countUpTo(4096)).isEqualTo(6);
        assertThat(sum.count()).isEqualTo(6);
    }

    @Test
    void percentile_ofNone_isZero() {
        assertThat(counts.percentile(99)).isZero();
        assertThat(counts.count()).isZero();
    }
}
