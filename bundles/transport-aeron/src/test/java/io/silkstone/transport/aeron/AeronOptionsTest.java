package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class AeronOptionsTest {
    private static void refused(UnaryOperator<AeronOptions.Builder> change, String sentence) {
        assertThatThrownBy(() -> change.apply(AeronOptions.defaults().toBuilder()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void build_wrongValues_areNamed() {
        refused(o -> o.directory(Path.of("relative")), "directory must be");
        refused(o -> o.directory(Path.of("/no/such/place")), "directory must be");
        refused(o -> o.host("localhost"), "host must be an IP address");
        refused(o -> o.host("0.0.0.0"), "host must be the address");
        refused(o -> o.port(65_536), "port must be between");
        refused(o -> o.mtuBytes(1_409), "mtu.bytes must be 0, or a multiple of 32");
        refused(o -> o.mtuBytes(65_536), "mtu.bytes");
        refused(o -> o.termBytes(3 << 20), "term.bytes must be a power of two");
        refused(o -> o.termBytes(1 << 16), "term.bytes must be between");
        refused(o -> o.socketBytes(1), "socket.bytes");
        refused(o -> o.messageBytesMax(1), "message.bytes.max");
        refused(o -> o.sessionsMax(0), "sessions.max");
        refused(o -> o.connectTimeoutNanos(1), "connect.timeout.ms");
        refused(o -> o.livenessTimeoutNanos(1), "liveness.timeout.ms");
    }

    @Test
    void mtuBytes_unset_followsThePeer() throws Exception {
        AeronOptions options = AeronOptions.defaults();

        assertThat(options.mtuBytes(InetAddress.ofLiteral("127.0.0.1"))).isEqualTo(65_504);
        assertThat(options.mtuBytes(InetAddress.ofLiteral("10.0.0.7"))).isEqualTo(8_192);
        assertThat(
                        options.toBuilder()
                                .mtuBytes(1_408)
                                .build()
                                .mtuBytes(InetAddress.ofLiteral("127.0.0.1")))
                .isEqualTo(1_408);
    }

    @Test
    void requireSpace_tooLittle_saysWhatToDo() {
        AeronOptions options = AeronOptions.defaults();

        OwnDriver.requireSpace(options, 64L << 20);
        assertThatThrownBy(() -> OwnDriver.requireSpace(options, (64L << 20) - 1))
                .hasMessageContaining("has 63 MiB free")
                .hasMessageContaining("needs 64: enlarge it");
    }
}
