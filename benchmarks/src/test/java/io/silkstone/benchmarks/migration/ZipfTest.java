package io.silkstone.benchmarks.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ZipfTest {
    private static final int COUNT = 1_000;
    private static final int DRAWN = 200_000;

    @Test
    void next_drawnOften_followsTheLaw() {
        Zipf zipf = new Zipf(COUNT, new SplittableRandom(1));
        long[] times = new long[COUNT];
        for (int draw = 0; draw < DRAWN; draw++) {
            times[zipf.next()]++;
        }
        Arrays.sort(times);
        double sum = 0;
        for (int rank = 1; rank <= COUNT; rank++) {
            sum += 1 / Math.pow(rank, Zipf.THETA);
        }
        double mostOften = (double) times[COUNT - 1] / DRAWN;
        double tenthOften = (double) times[COUNT - 10] / DRAWN;
        assertThat(mostOften).isBetween(0.9 / sum, 1.1 / sum);
        double tenth = Math.pow(10, -Zipf.THETA) / sum;
        assertThat(tenthOften).isBetween(0.7 * tenth, 1.3 * tenth);
        assertThat(times[0]).as("even the rarest is drawn").isPositive();
    }
}
