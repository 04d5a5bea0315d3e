package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalNumberTest {
    private final DecimalNumber decimal = new DecimalNumber();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "+1",
                "01",
                "-0",
                "-01",
                " 1",
                "1 ",
                "1.0",
                "1e3",
                "0x1",
                "x",
                "9223372036854775808",
                "-9223372036854775809",
                "99999999999999999999",
                "123456789012345678901",
                "1\n",
                "--1"
            })
    void parse_ofWhatIsNoNumber_isFalse(String text) {
        assertThat(parse(text)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                1,
                -1,
                10,
                -10,
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                Long.MAX_VALUE - 1,
                Long.MIN_VALUE + 1
            })
    void format_thenParse_givesTheNumber(long number) {
        check(number);
    }

    @Test
    void format_thenParse_ofAnyNumber_givesIt() {
        Random random = new Random(9);
        for (int round = 0; round < 10_000; round++) {
            check(random.nextLong() >> random.nextInt(64));
        }
    }

    private void check(long number) {
        decimal.format(number);
        byte[] bytes = new byte[decimal.textLength()];
        MemorySegment.copy(
                decimal.text(),
                decimal.textOffset(),
                MemorySegment.ofArray(bytes),
                0,
                bytes.length);
        String text = new String(bytes, UTF_8);
        assertThat(text).isEqualTo(Long.toString(number));
        assertThat(parse(text)).isTrue();
        assertThat(decimal.value()).isEqualTo(number);
    }

    private boolean parse(String text) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = text.getBytes(UTF_8);
            MemorySegment memory = arena.allocate(bytes.length + 1L);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, 0, bytes.length);
            return decimal.parse(memory.address(), bytes.length);
        }
    }
}
