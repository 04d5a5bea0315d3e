package io.silkstone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.silkstone.harness.ServerProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** redis-cli, where it is installed. */
class RedisCliTest {
    private static final Duration CALL_MAX = Duration.ofSeconds(60);

    private final ServerProcess server = SharedServer.get();

    @Test
    void commands_areAnswered() throws Exception {
        assertThat(cli("set", "cli", "value")).isEqualTo("OK");
        assertThat(cli("get", "cli")).isEqualTo("value");
        assertThat(cli("-3", "get", "cli")).isEqualTo("value");
        assertThat(cli("-3", "get", "absent")).isEmpty();
        assertThat(cli("--scan", "--pattern", "cl*")).isEqualTo("cli");
        assertThat(cli("incr", "cli")).contains("not an integer");
        assertThat(cli("no-such-command")).contains("unknown command");
        assertThat(cli("del", "cli")).isEqualTo("1");
    }

    private String cli(String... words) throws Exception {
        Optional<Tool> tool = Tool.find("redis-cli");
        assumeThat(tool).as("redis-cli on this machine").isPresent();
        List<String> line =
                new ArrayList<>(
                        tool.get().with("-h", "127.0.0.1", "-p", Integer.toString(server.port())));
        line.addAll(List.of(words));
        try (Workplace workplace = new Workplace("cli")) {
            Tool.Outcome outcome = Tool.run(workplace, workplace.folder(), CALL_MAX, line);
            assertThat(outcome.inTime()).as("redis-cli ends").isTrue();
            return outcome.output().strip();
        }
    }
}
