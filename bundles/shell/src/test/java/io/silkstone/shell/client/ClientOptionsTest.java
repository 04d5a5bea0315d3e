package io.silkstone.shell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ClientOptionsTest {
    @Test
    void parse_everything_isUnderstood() {
        ClientOptions options = ClientOptions.parse("-c", "a", "--home", "x/../h", "-c", "b; c");
        assertThat(options.home()).isEqualTo(Path.of("h").toAbsolutePath());
        assertThat(options.commands()).containsExactly("a", "b; c");
        assertThat(options.socket()).isEqualTo(options.home().resolve("run/control.sock"));
    }

    @Test
    void parse_withoutAHome_isRefused() {
        assertThatThrownBy(ClientOptions::parse).hasMessageStartingWith("--home is missing");
    }

    @Test
    void parse_withoutAValue_isRefused() {
        assertThatThrownBy(() -> ClientOptions.parse("--home", "h", "-c"))
                .hasMessageStartingWith("-c needs a value");
    }

    @Test
    void parse_anUnknownWord_isRefused() {
        assertThatThrownBy(() -> ClientOptions.parse("--hom", "h"))
                .hasMessageStartingWith("Cannot use '--hom'");
    }
}
