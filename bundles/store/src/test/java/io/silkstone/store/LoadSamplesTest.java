package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadSamplesTest {
    private static final long SECOND = 1_000_000_000;

    private long now = 7 * SECOND;
    private final LoadSamples samples = new LoadSamples(() -> now, 3);
    private final SplittableRandom random = new SplittableRandom(1);

    private void operate(long perSecond, double seconds) {
        long operations = (long) (perSecond * seconds);
        for (long index = 0; index < operations; index++) {
            now += SECOND / perSecond;
            // A fifth is about one hash.
            samples.count(1, random.nextInt(5) == 0 ? 1 : 2);
        }
    }

    private Map<Long, Double> shown() {
        Map<Long, Double> sums = new HashMap<>();
        samples.show(
                (table, hash, perSecond) -> {
                    assertThat(table).isEqualTo(1);
                    sums.merge(hash, perSecond, Double::sum);
                });
        return sums;
    }

    private double sum() {
        return shown().values().stream().mapToDouble(each -> each).sum();
    }

    @Test
    void show_ofNothing_isNothing() {
        assertThat(shown()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 10, 300, 20_000, 1_000_000})
    void show_ofSteadyLoad_isAboutThat(long perSecond) {
        operate(perSecond, 12);
        assertThat(sum()).isCloseTo(perSecond, Percentage.withPercentage(6));
        if (perSecond > 100) {
            assertThat(shown().get(1L)).isCloseTo(perSecond / 5.0, Percentage.withPercentage(25));
        }
    }

    @Test
    void show_afterASecondOfLoad_saysWhatThatIsOfAllSeconds() {
        operate(1_000, 1);
        assertThat(sum()).isBetween(190.0, 1_100.0);
    }

    @Test
    void show_afterLoadHasEnded_isNothing() {
        operate(200_000, 10);
        now += 5 * SECOND;
        assertThat(sum()).isZero();
    }

    @Test
    void show_ofLittleLoadAfterMuch_isNoticedByTheSecondLook() {
        operate(1_000_000, 12);
        operate(10, 6);
        shown();
        operate(10, 6);
        assertThat(sum()).isCloseTo(10, within(3.0));
    }

    @Test
    void show_ofKeysInTurn_hidesNone() {
        for (int index = 0; index < 5_000_000; index++) {
            now += 1_000;
            samples.count(1, index % 8);
        }
        assertThat(shown()).hasSize(8);
        shown().values()
                .forEach(
                        each -> assertThat(each).isCloseTo(125_000, Percentage.withPercentage(40)));
    }
}
