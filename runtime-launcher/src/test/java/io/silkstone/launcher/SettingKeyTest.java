package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingKeyTest {
    private static SettingKey key(String type, String min, String max, String... options) {
        return new SettingKey("k", type, null, min, max, List.of(options), "");
    }

    @ParameterizedTest
    @CsvSource({
        "Long, 0, 10, 0, true", "Long, 0, 10, 11, false", "Long, 0, 10, -1, false",
        "Long, , , 9223372036854775807, true", "Long, , , 1.5, false", "Long, , , '', false",
        "Integer, , , 2147483648, false", "Boolean, , , true, true", "Boolean, , , yes, false",
        "String, , , anything, true",
    })
    void allows_value_byTypeAndBounds(
            String type, String min, String max, String value, boolean allowed) {
        assertThat(key(type, min, max).allows(value)).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({"a, true", "c, false"})
    void allows_options_noOtherValue(String value, boolean allowed) {
        assertThat(key("String", null, null, "a", "b").allows(value)).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({
        "Long, 1, 9, a whole number from 1 to 9",
        "Long, 1, , a whole number of at least 1",
        "Double, , 9, a number of at most 9",
        "Boolean, , , true or false",
        "String, , , text",
    })
    void allowed_key_isSaidInWords(String type, String min, String max, String words) {
        assertThat(key(type, min, max).allowed()).isEqualTo(words);
    }
}
