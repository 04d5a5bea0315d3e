package io.silkstone.gateway.resp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTest {
    private static final long[] EDGES = {
        0, 1, -1, 9, 10, -10, 99, 100, 123456789, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE
    };

    @Test
    void write_edges_areReadBack() {
        for (long value : EDGES) {
            try (Bytes bytes = new Bytes(" ".repeat(20))) {
                long end = Decimal.write(bytes.address, value);
                int length = (int) (end - bytes.address);
                assertThat(Memory.text(bytes.address, length)).isEqualTo(Long.toString(value));
                assertThat(Decimal.characters(value)).isEqualTo(length);
                assertThat(Decimal.isLong(bytes.address, length)).isTrue();
                assertThat(Decimal.parse(bytes.address, length)).isEqualTo(value);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "+1",
                " 1",
                "1 ",
                "01",
                "-0",
                "-01",
                "1a",
                "9223372036854775808",
                "-9223372036854775809",
                "99999999999999999999",
                "123456789012345678901"
            })
    void isLong_anythingElse_isFalse(String text) {
        try (Bytes bytes = new Bytes(text)) {
            assertThat(Decimal.isLong(bytes.address, bytes.length)).isFalse();
        }
    }
}
