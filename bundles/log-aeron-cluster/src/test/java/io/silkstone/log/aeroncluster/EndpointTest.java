package io.silkstone.log.aeroncluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
    @Test
    void of_addresses_areMembersInTheirOrder() {
        List<Endpoint> members = Endpoint.of("127.0.0.1:7800", " [::1]:7800", "a.b-c:1");
        assertThat(members)
                .extracting(Endpoint::toString)
                .containsExactly("127.0.0.1:7800", "[::1]:7800", "a.b-c:1");
        assertThat(members.getFirst().described(2))
                .isEqualTo(
                        "2,127.0.0.1:7800,127.0.0.1:7801,127.0.0.1:7802,127.0.0.1:7803,"
                                + "127.0.0.1:7804");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7800", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65532", "a b:1"})
    void of_noAddress_isRefusedInOneSentence(String word) {
        assertThatThrownBy(() -> Endpoint.of("127.0.0.1:7800", word))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "members must be addresses such as 127.0.0.1:7800 with commas between,"
                                + " with ports from 1 to 65531, was '"
                                + word
                                + "'");
    }

    @Test
    void of_portsOfTwoThatOverlap_isRefused() {
        assertThatThrownBy(() -> Endpoint.of("127.0.0.1:7800", "127.0.0.1:7804"))
                .hasMessage(
                        "members must have 5 ports each for themselves from the one that is named,"
                                + " and two of them have 127.0.0.1:7804");
    }
}
