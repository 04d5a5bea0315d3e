package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
    private static final OptionalInt UNSAID = OptionalInt.empty();
    private static final Map<String, String> HOME = Map.of("SILKSTONE_HOME", "/somewhere/node");

    @Test
    void parse_commandAlone_hasTheDefaults() throws StartRefused {
        assertThat(Arguments.parse(List.of("up"), HOME))
                .isEqualTo(
                        new Arguments(
                                "up",
                                Path.of("/somewhere/node"),
                                UNSAID,
                                UNSAID,
                                UNSAID,
                                7600,
                                false,
                                null));
    }

    @Test
    void parse_environment_standsInForOptions() throws StartRefused {
        Map<String, String> environment =
                Map.of("HOME", "/people/ann", "SILKSTONE_PORT_BASE", "9000");
        assertThat(Arguments.parse(List.of("up"), environment))
                .isEqualTo(
                        new Arguments(
                                "up",
                                Path.of("/people/ann/.silkstone/node"),
                                UNSAID,
                                UNSAID,
                                UNSAID,
                                9000,
                                false,
                                null));
        assertThatThrownBy(() -> Arguments.parse(List.of("up"), Map.of("SILKSTONE_PORT_BASE", "x")))
                .hasMessageStartingWith("SILKSTONE_PORT_BASE must be a number");
    }

    @Test
    void parse_everyOption_isTaken() throws StartRefused {
        List<String> words =
                List.of(
                        "up",
                        "--nodes",
                        "3",
                        "--coordinators",
                        "3",
                        "--detach",
                        "--home",
                        "/x/../y",
                        "--port-base",
                        "18000",
                        "--report",
                        "/r");
        assertThat(Arguments.parse(words, HOME))
                .isEqualTo(
                        new Arguments(
                                "up",
                                Path.of("/y"),
                                OptionalInt.of(3),
                                OptionalInt.of(3),
                                OptionalInt.of(18_000),
                                7600,
                                true,
                                Path.of("/r")));
    }

    @ParameterizedTest
    @CsvSource({
        "jump, '\"jump\" is no command: use one of up, down, status.'",
        "up --home, --home needs a value after it.",
        "up --port-base 0, '--port-base must be a number from 1 to 65400, was \"0\".'",
        "up --port-base 70000, '--port-base must be a number from 1 to 65400, was \"70000\".'",
        "up --port-base x, '--port-base must be a number from 1 to 65400, was \"x\".'",
        "up --nodes 0, '--nodes must be a number from 1 to 100, was \"0\".'",
        "up --nodes 101, '--nodes must be a number from 1 to 100, was \"101\".'",
        "up --coordinators 2, '--coordinators must be 1, 3 or 5, was \"2\".'",
        "up --nodes 3 --coordinators 5, '--coordinators must not be more than --nodes, was \"5\".'",
        "status --port-base 7600, 'status does not take \"--port-base\": it takes --home DIR.'",
        "down --detach, 'down does not take \"--detach\": it takes --home DIR.'",
    })
    void parse_wrongLine_isRefusedInOneSentence(String line, String sentence) {
        assertThatThrownBy(() -> Arguments.parse(List.of(line.split(" ")), HOME))
                .isInstanceOf(Misused.class)
                .hasMessage(sentence);
    }

    @Test
    void report_ofALineThatIsWrong_isFoundAllTheSame() {
        assertThat(Arguments.report(List.of("up", "--port-base", "x", "--report", "/r")))
                .isEqualTo(Path.of("/r"));
        assertThat(Arguments.report(List.of("up", "--report"))).isNull();
        assertThat(Arguments.report(List.of("up"))).isNull();
    }

    @Test
    void parse_emptyHome_isRefused() {
        assertThatThrownBy(() -> Arguments.parse(List.of("up", "--home", ""), HOME))
                .hasMessage("--home needs a path, and it is empty.");
    }
}
