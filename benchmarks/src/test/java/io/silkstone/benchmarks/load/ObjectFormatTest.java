package io.silkstone.benchmarks.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ObjectFormatTest {
    private final ByteBuffer buffer = ByteBuffer.allocate(1024);

    @Test
    void keys_haveThirtyBytes() {
        assertThat(ObjectFormat.KEY_PREFIX.length() + 12).isEqualTo(ObjectFormat.KEY_BYTES);
    }

    @Test
    void get_isAWholeCommand() {
        long expectation = ObjectFormat.get(buffer, 1234, 0);
        assertThat(written())
                .isEqualTo("*2\r\n$3\r\nGET\r\n$30\r\nsilkstone:bench:k:000000001234\r\n");
        assertThat(expectation).isEqualTo(1234);
    }

    @Test
    void isExpected_knowsItsOwnValue() {
        ObjectFormat.set(buffer, 77, 5);
        int value = buffer.position() - 2 - ObjectFormat.VALUE_BYTES;
        assertThat(written()).startsWith("*3\r\n$3\r\nSET\r\n").endsWith("x\r\n");
        int length = ObjectFormat.VALUE_BYTES;
        assertThat(ObjectFormat.isExpected(77, buffer, value, length)).isTrue();
        assertThat(ObjectFormat.isExpected(5L << 32 | 77, buffer, value, length)).isTrue();
        assertThat(ObjectFormat.isExpected(4L << 32 | 77, buffer, value, length)).isFalse();
        assertThat(ObjectFormat.isExpected(5L << 32 | 78, buffer, value, length)).isFalse();
        assertThat(ObjectFormat.isExpected(77, buffer, value, length - 1)).isFalse();
        assertThat(ObjectFormat.isExpected(ObjectFormat.STORED, buffer, value, length)).isFalse();
    }

    @Test
    void version_ofAValueAsText_isWhatWasWritten() {
        byte[] value = new byte[ObjectFormat.VALUE_BYTES];
        ObjectFormat.putValue(value, 77, 1_234_567);
        assertThat(ObjectFormat.version(new String(value, US_ASCII))).isEqualTo(1_234_567);
    }

    private String written() {
        return new String(buffer.array(), 0, buffer.position(), US_ASCII);
    }
}
