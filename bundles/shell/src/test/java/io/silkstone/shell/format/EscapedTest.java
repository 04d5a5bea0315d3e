package io.silkstone.shell.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EscapedTest {
    @Test
    void text_ofPrintableUtf8_isTheSameText() {
        String text = "plain, später, 時間, \uD83D\uDE42";
        assertThat(Escaped.text(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
    }

    @Test
    void text_ofControlAndBinary_isEscaped() {
        byte[] bytes = {'a', '\n', '\t', '\\', 0, 27, (byte) 0xff, (byte) 0xc3};
        assertThat(Escaped.text(bytes)).isEqualTo("a\\n\\t\\\\\\x00\\x1b\\xff\\xc3");
    }

    @Test
    void text_ofDirectionOverride_isEscaped() {
        assertThat(Escaped.text("\u202e".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("\\xe2\\x80\\xae");
    }

    @Property(tries = 500)
    void bytes_ofTheTextOfAnyBytes_areTheSameBytes(@ForAll byte[] bytes) {
        String text = Escaped.text(bytes);
        assertThat(Escaped.bytes(text)).isEqualTo(bytes);
        assertThat(text.chars()).noneMatch(Character::isISOControl);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\", "a\\q", "\\x1", "\\xzz", "\\x"})
    void bytes_ofAnUnknownEscape_areRefused(String text) {
        assertThatThrownBy(() -> Escaped.bytes(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\\xHH");
    }
}
