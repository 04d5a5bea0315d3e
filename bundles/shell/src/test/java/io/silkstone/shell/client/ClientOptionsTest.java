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
        assertThatThrownBy(ClientOptions::parse).hasMessage("shell needs --home DIR.");
    }

    @Test
    void parse_withoutAValue_isRefused() {
        assertThatThrownBy(() -> ClientOptions.parse("--home", "h", "-c"))
                .hasMessage("-c needs a value after it.");
    }

    @Test
    void parse_anUnknownWord_isRefused() {
        assertThatThrownBy(() -> ClientOptions.parse("--hom", "h"))
                .hasMessage("shell does not take \"--hom\": it takes --home DIR and -c COMMANDS.");
    }
}
