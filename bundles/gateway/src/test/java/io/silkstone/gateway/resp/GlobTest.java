package io.silkstone.gateway.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static boolean matches(String pattern, String text) {
        return new Glob(bytes(pattern)).matches(bytes(text));
    }

    @ParameterizedTest
    @CsvSource({
        "*, '', true",
        "*, abc, true",
        "a*c, abbc, true",
        "a*c, abbd, false",
        "*a*b*, xaybz, true",
        "h?llo, hello, true",
        "h?llo, hllo, false",
        "h[ae]llo, hallo, true",
        "h[^e]llo, hello, false",
        "h[a-c]llo, hbllo, true",
        "h[c-a]llo, hbllo, true",
        "h[\\]]llo, h]llo, true",
        "a\\*b, a*b, true",
        "a\\*b, axb, false",
        "a\\, 'a\\', true",
        "[abc, b, true",
        "[, x, false",
        "'', '', true",
        "'', a, false",
        "abc, ab, false",
    })
    void matches_patterns(String pattern, String text, boolean expected) {
        assertThat(matches(pattern, text)).isEqualTo(expected);
    }

    /** With a step for each pair of bytes each of these would take minutes. */
    @ParameterizedTest
    @CsvSource({"a,4000,b", "a*,900,b", "*a,900,b", "*?,900,b", "[^b],500,*b", "*[a-c],600,d"})
    void matches_thatFailLate_takeTimeInProportionToTheText(String piece, int times, String last) {
        String text = "a".repeat(60_000);
        Glob glob = new Glob(bytes("*" + piece.repeat(times) + last));
        assertThat(glob.words()).isBetween(8, 63);
        byte[] long64 = bytes(text);
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> {
                    for (int i = 0; i < 50; i++) {
                        assertThat(glob.matches(long64)).isFalse();
                    }
                });
    }

    @Test
    void matches_wherePatternsFillWords_areExact() {
        for (int size = 60; size <= 195; size++) {
            String text = "ab".repeat(100).substring(0, size);
            assertThat(matches(text, text)).as("size %s", size).isTrue();
            assertThat(matches(text + "*", text)).as("size %s", size).isTrue();
            assertThat(matches("*" + text, "ba" + text)).as("size %s", size).isTrue();
            assertThat(matches(text, text + "a")).as("size %s", size).isFalse();
            assertThat(matches(text + "?", text)).as("size %s", size).isFalse();
            assertThat(matches("*" + text + "[^c]*x", "b" + text + "bbx")).isTrue();
        }
    }

    @Test
    void matches_againstTryingEverything_isTheSame() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 20_000; i++) {
            String pattern = some(random, "ab*?", 9);
            String text = some(random, "ab", 9);
            assertThat(matches(pattern, text))
                    .as("%s %s", pattern, text)
                    .isEqualTo(text.matches(pattern.replace("*", ".*").replace('?', '.')));
        }
    }

    private static String some(SplittableRandom random, String letters, int lengthMax) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(lengthMax + 1); i > 0; i--) {
            text.append(letters.charAt(random.nextInt(letters.length())));
        }
        return text.toString();
    }

    @Test
    void matches_patternLongerThanAllowed_isNever() {
        String longest = "a".repeat(Glob.PATTERN_BYTES_MAX);
        assertThat(matches(longest, longest)).isTrue();
        assertThat(matches(longest + "*", longest)).isFalse();
    }

    @Test
    void matches_moreStarsThanAllowed_isNever() {
        assertThat(matches("*?".repeat(Glob.STARS_MAX), "a".repeat(2000))).isTrue();
        assertThat(matches("*?".repeat(Glob.STARS_MAX + 1), "a".repeat(2000))).isFalse();
    }
}
