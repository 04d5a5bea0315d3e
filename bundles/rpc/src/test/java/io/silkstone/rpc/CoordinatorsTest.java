package io.silkstone.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoordinatorsTest {
    @Test
    void of_words_areAddressesOnceEach() {
        assertThat(Coordinators.of()).isEmpty();
        assertThat(Coordinators.of("", " ")).isEmpty();
        assertThat(
                        Coordinators.of(
                                "aeron:127.0.0.1:7700",
                                " aeron:[2001:db8::7]:7700 ",
                                "aeron:127.0.0.1:7700"))
                .containsExactly("aeron:127.0.0.1:7700", "aeron:[2001:db8::7]:7700");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"127.0.0.1:7700", "aeron:127.0.0.1", "aeron:a b:1", "aeron::1", "Aeron:h:1"})
    void of_somethingElse_isRefusedByName(String word) {
        assertThatThrownBy(() -> Coordinators.of("aeron:127.0.0.1:7700", word))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "coordinators must be addresses such as aeron:127.0.0.1:7700 with commas"
                                + " between, was '"
                                + word
                                + "'");
    }

    @Test
    void of_aVeryLongWord_isRefused() {
        assertThatThrownBy(() -> Coordinators.of("aeron:" + "h".repeat(250) + ":1"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
