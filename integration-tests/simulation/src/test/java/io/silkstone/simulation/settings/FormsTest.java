package io.silkstone.simulation.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormsTest {
    private static final long SECOND = 1_000_000_000;

    private enum Colour {
        RED,
        DARK_BLUE
    }

    private static final Form<Weights<Colour>> COLOURS =
            Forms.weights(List.of(Colour.RED, Colour.DARK_BLUE));

    private static void refuses(Form<?> form, String text) {
        assertThatThrownBy(() -> form.read("key", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("key ")
                .hasMessageEndingWith(".");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "60, 60"})
    void number_withinItsBounds_isRead(String text, int number) {
        assertThat(Forms.number(1, 60).read("key", text)).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "61", "-1", "1.5", "one", "9999999999", "1 2", "0x1"})
    void number_anythingElse_isRefused(String text) {
        refuses(Forms.number(1, 60), text);
    }

    @ParameterizedTest
    @CsvSource({"3, 3, 3", "1..4, 1, 4", "1 .. 4, 1, 4", "4..4, 4, 4"})
    void numbers_oneOrARange_areRead(String text, long low, long high) {
        assertThat(Forms.numbers(1, 60).read("key", text)).isEqualTo(new Range(low, high));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "1..", "..4", "4..1", "0..4", "1..61", "1...4", "1-4"})
    void numbers_anythingElse_areRefused(String text) {
        refuses(Forms.numbers(1, 60), text);
    }

    @ParameterizedTest
    @CsvSource({"300 ms, 300000000", "300ms, 300000000", "2 s, 2000000000", "5 us, 5000"})
    void time_inAnyUnit_isRead(String text, long nanos) {
        assertThat(Forms.time(0, 60 * SECOND).read("key", text)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "300", "ms", "-1 ms", "61 s", "1 h", "1.5 s", "1..2 s", "5 KiB"})
    void time_anythingElse_isRefused(String text) {
        refuses(Forms.time(0, 60 * SECOND), text);
    }

    @ParameterizedTest
    @CsvSource({
        "80..1000 ms, 80, 1000",
        "80 ms..1 s, 80, 1000",
        "1 s, 1000, 1000",
        "-3..59 ms, -3, 59",
    })
    void times_inSteps_areCountedInThem(String text, long low, long high) {
        Form<Range> form = Forms.times(1_000_000, -SECOND, 60 * SECOND);
        assertThat(form.read("key", text)).isEqualTo(new Range(low, high));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5 us", "1..2", "2..1 s", "1 s..2", "1 s..61 s", "-2 s", "1..2..3 s"})
    void times_anythingElse_areRefused(String text) {
        refuses(Forms.times(1_000_000, -SECOND, 60 * SECOND), text);
    }

    @Test
    void size_inAnyUnit_isRead() {
        assertThat(Forms.size(1, 1 << 20).read("key", "4 KiB")).isEqualTo(4_096);
        refuses(Forms.size(1, 1 << 20), "2 MiB");
        refuses(Forms.size(1, 1 << 20), "4 ms");
    }

    @ParameterizedTest
    @CsvSource({"one in 3, 3", "always, 1", "never, 0"})
    void odds_threeWays_areRead(String text, int oneIn) {
        assertThat(Forms.odds().read("key", text)).isEqualTo(new Odds(oneIn));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "one in 0", "two in 3", "1 in 3", "sometimes", "one in -1"})
    void odds_anythingElse_areRefused(String text) {
        refuses(Forms.odds(), text);
    }

    @Test
    void odds_happen_asOftenAsTheySay() {
        SplittableRandom random = new SplittableRandom(1);
        int happened = 0;
        for (int turn = 0; turn < 10_000; turn++) {
            happened += new Odds(4).happens(random) ? 1 : 0;
            assertThat(new Odds(1).happens(random)).isTrue();
            assertThat(new Odds(0).happens(random)).isFalse();
        }
        assertThat(happened).isBetween(2_300, 2_700);
    }

    @ParameterizedTest
    @CsvSource({
        "one in 50, 0.02, 0.02",
        "3 in 100, 0.03, 0.03",
        "0..30 in 1000, 0, 0.03",
        "1 in 2, 0.5, 0.5",
        "never, 0, 0",
    })
    void share_isRead(String text, double low, double high) {
        assertThat(Forms.share().read("key", text)).isEqualTo(new Share(low, high));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "always", "0.5", "2 in 3", "1 in 0", "3..1 in 100", "0..60 in 100"})
    void share_anythingElse_isRefused(String text) {
        refuses(Forms.share(), text);
    }

    @Test
    void weights_areDrawnInProportion() {
        Weights<Colour> weights = COLOURS.read("key", "3 red, 1 dark-blue");
        Map<Colour, Integer> drawn = new TreeMap<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int turn = 0; turn < 10_000; turn++) {
            drawn.merge(weights.draw(random), 1, Integer::sum);
        }
        assertThat(drawn.get(Colour.RED)).isBetween(7_300, 7_700);
        assertThat(drawn.get(Colour.RED) + drawn.get(Colour.DARK_BLUE)).isEqualTo(10_000);
    }

    @Test
    void weights_ofNothing_areNotDrawn() {
        assertThat(COLOURS.read("key", "0 red, 1 dark-blue").things())
                .containsExactly(Colour.DARK_BLUE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "red", "1 green", "1 red,", "1 red, 2 red", "0 red", "-1 red"})
    void weights_anythingElse_areRefused(String text) {
        refuses(COLOURS, text);
    }

    @Test
    void refusal_saysWhatIsAllowed() {
        assertThatThrownBy(() -> Forms.times(1, 0, SECOND).read("key", "soon"))
                .hasMessage(
                        "key must be a time or a range of times from 0 ns to 1 s, was \"soon\".");
        assertThatThrownBy(() -> COLOURS.read("key", "1 green"))
                .hasMessage("key must be one of red, dark-blue, was \"green\".");
        assertThatThrownBy(() -> COLOURS.read("key", "green"))
                .hasMessage("key needs a weight and a name between commas, not \"green\".");
    }

    @Test
    void refusal_ofSomethingLongOrWild_quotesItsBeginning() {
        assertThatThrownBy(() -> Forms.odds().read("key", "\u0007" + "x".repeat(1_000)))
                .hasMessage(
                        "key must be one in N, always or never, was \"?%s...\"."
                                .formatted("x".repeat(59)));
    }
}
