package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class HelloTest {
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Hello.LENGTH_MAX]);

    static Hello example() {
        return new Hello(
                1 << 20,
                0x1234_5678_9ABC_DEF0L,
                70_000,
                -5,
                80_000,
                6,
                new ProcessIdentity(4711, 1_700_000_000_000L, "pid:[4026531836]"),
                "",
                "process 4711 at 127.0.0.1");
    }

    @Test
    void decode_ofAnEncodedOne_isTheSame() {
        int length = example().encode(buffer);

        assertThat(Hello.decode(buffer, 0, length)).isEqualTo(example());
    }

    @Test
    void decode_cutAnywhere_isNone() {
        int length = example().encode(buffer);

        for (int cut = 0; cut < length; cut++) {
            assertThat(Hello.decode(buffer, 0, cut)).as("%d bytes", cut).isNull();
        }
    }

    @Test
    void decode_ofAnotherProtocol_isNone() {
        int length = example().encode(buffer);
        buffer.putInt(8, Hello.PROTOCOL + 1);

        assertThat(Hello.decode(buffer, 0, length)).isNull();
    }

    @Test
    void decode_ofDamagedOnes_neverThrows() {
        Random random = new Random(3);
        for (int count = 0; count < 20_000; count++) {
            int length = example().encode(buffer);
            for (int damage = random.nextInt(1, 4); damage > 0; damage--) {
                buffer.putByte(random.nextInt(length), (byte) random.nextInt());
            }
            assertThatCode(() -> Hello.decode(buffer, 0, length)).doesNotThrowAnyException();
        }
    }
}
