package io.silkstone.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:7600, 127.0.0.1, 7600",
        "silk.example:80, silk.example, 80",
        "[::1]:7600, ::1, 7600",
        "::1:7600, ::1, 7600",
        "'', '', 0",
        "silk.example, '', 0",
        ":7600, '', 0",
        "silk.example:, '', 0",
        "silk.example:port, '', 0"
    })
    void of_isWhatWasAnnounced(String announced, String host, int port) {
        assertThat(Endpoint.of(announced)).isEqualTo(new Endpoint(host, port));
    }
}
