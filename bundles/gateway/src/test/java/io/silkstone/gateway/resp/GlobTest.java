package io.silkstone.gateway.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
    private static boolean matches(String pattern, String text) {
        return new Glob(pattern.getBytes(StandardCharsets.ISO_8859_1))
                .matches(text.getBytes(StandardCharsets.ISO_8859_1));
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

    @Test
    void matches_manyStars_takesLinearTries() {
        String text = "a".repeat(50_000);
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> assertThat(matches("a*".repeat(900) + "b", text)).isFalse());
    }

    @Test
    void matches_moreStarsThanAllowed_isNever() {
        assertThat(matches("*?".repeat(Glob.STARS_MAX), "a".repeat(2000))).isTrue();
        assertThat(matches("*?".repeat(Glob.STARS_MAX + 1), "a".repeat(2000))).isFalse();
    }
}
