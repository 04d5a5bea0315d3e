package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyPatternTest {
    @ParameterizedTest
    @CsvSource({
        "*, '', true",
        "'', '', true",
        "'', a, false",
        "abc, abc, true",
        "abc, abcd, false",
        "a*c, abbc, true",
        "a*c, abbd, false",
        "a?c, abc, true",
        "a?c, ac, false",
        "*b*b*, xbxbx, true",
        "*b*b*, xbx, false",
        "**, x, true"
    })
    void fits_forAPattern_isAsExpected(String pattern, String key, boolean fits) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        assertThat(new KeyPattern(pattern).fits(bytes)).isEqualTo(fits);
    }

    @Test
    void fits_forAHostilePattern_endsSoon() {
        byte[] key = "a".repeat(20_000).getBytes(StandardCharsets.UTF_8);
        assertThat(new KeyPattern("*a".repeat(50) + "b").fits(key)).isFalse();
    }
}
