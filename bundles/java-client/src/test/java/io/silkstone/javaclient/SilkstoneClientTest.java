package io.silkstone.javaclient;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.SAXParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SilkstoneClientTest {
    @Test
    void connect_inAJvmWithoutTheFlag_saysWhichOneIsMissing() {
        // A module to which the JDK does not export what Agrona needs, as a JVM without the flag.
        Module without = SAXParser.class.getModule();
        assertThatThrownBy(() -> SilkstoneClient.requireFlags(without))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("--add-opens java.base/jdk.internal.misc=ALL-UNNAMED");
        SilkstoneClient.requireFlags(SilkstoneClient.class.getModule());
    }

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void connect_whereNobodyAnswers_saysWhereItAsked() {
        SilkstoneClient.Builder builder =
                SilkstoneClient.builder("aeron:127.0.0.1:1").timeout(Duration.ofMillis(300));
        assertThatThrownBy(builder::connect)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("No server of a cluster answers at aeron:127.0.0.1:1.");
    }

    @Test
    void connect_toWhatIsNoAddress_saysSo() {
        assertThatThrownBy(() -> SilkstoneClient.connect("localhost"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("localhost");
    }

    @Test
    void builder_withoutAddress_isRefused() {
        assertThatThrownBy(SilkstoneClient::builder)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a client needs the address of a server at least");
    }
}
