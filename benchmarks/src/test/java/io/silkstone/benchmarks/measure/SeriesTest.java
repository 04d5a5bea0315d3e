package io.silkstone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeriesTest {
    private final Series series = new Series();

    @Test
    void median_ofAnEvenNumber_liesBetweenTheTwoInTheMiddle() {
        assertThat(Series.median(new double[] {4, 1, 3, 10})).isEqualTo(3.5);
        assertThat(Series.median(new double[] {7, 1, 3})).isEqualTo(3);
    }

    @Test
    void spread_namesLowestMedianAndHighest() {
        for (double figure : new double[] {5, 9, 1}) {
            series.add("x", figure);
        }
        assertThat(series.spread("x")).isEqualTo(new Series.Spread(1, 5, 9));
    }

    @Test
    void addRatios_comparesWithinARound() {
        double[][] rounds = {{200, 100}, {30, 10}, {8, 8}};
        for (double[] round : rounds) {
            series.add("ours", round[0]);
            series.add("theirs", round[1]);
        }
        series.addRatios("ratio", "ours", "theirs");
        assertThat(series.spread("ratio")).isEqualTo(new Series.Spread(1, 2, 3));
    }

    @Test
    void addRatios_toNothing_addsNothing() {
        series.add("ours", 1);
        series.addRatios("ratio", "ours", "theirs");
        assertThat(series.has("ratio")).isFalse();
    }
}
