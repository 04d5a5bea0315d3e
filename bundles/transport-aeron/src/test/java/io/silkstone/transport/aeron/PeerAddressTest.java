package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerAddressTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "aeron:127.0.0.1:7700",
                "aeron:[0:0:0:0:0:0:0:1]:1",
                "aeron:10.1.2.3:65535?dir=/dev/shm/silkstone-aeron-4711-9f;token=1f2e"
            })
    void toString_ofAParsedOne_isTheSame(String text) {
        assertThat(PeerAddress.parse(text).toString()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "aeron:",
                "aeron:127.0.0.1",
                "aeron:127.0.0.1:0",
                "aeron:127.0.0.1:70000",
                "aeron:localhost:7700",
                "aeron:::1:7700",
                "aeron:127.0.0.1:7700?dir=/a b;token=1",
                "aeron:127.0.0.1:7700?dir=/a",
                "aeron:127.0.0.1:7700|session-id=1",
                "memory:7"
            })
    void parse_noAddress_isRefused(String text) {
        assertThatThrownBy(() -> PeerAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"aeron:127.0.0.1:7700?dir=/dev/shm/x;token=0a"})
    void parse_givesTheParts(String text) {
        PeerAddress address = PeerAddress.parse(text);

        assertThat(address.endpoint()).isEqualTo("127.0.0.1:7700");
        assertThat(address.directory()).isEqualTo(Path.of("/dev/shm/x"));
        assertThat(address.token()).isEqualTo("0a");
    }
}
