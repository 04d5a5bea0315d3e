package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What both start scripts say to command lines that start nothing. */
class CommandLineTest {
    private static final String CHECKOUT = "silkstone";
    private static final String DISTRIBUTION = "runtime-launcher/target/silkstone/bin/silkstone";

    private final Workplace workplace;

    CommandLineTest() throws Exception {
        workplace = new Workplace("command-line");
    }

    @AfterEach
    void close() {
        workplace.close();
    }

    private Tool.Outcome run(String script, String words) throws Exception {
        List<String> line = new ArrayList<>();
        line.add(NodeProcess.checkout().resolve(script).toString());
        if (words != null) {
            line.addAll(List.of(words.split(" ")));
        }
        Path home = workplace.folder().resolve("node");
        line.addFirst("SILKSTONE_HOME=" + home);
        line.addFirst("/usr/bin/env");
        Tool.Outcome outcome = Tool.run(workplace, workplace.folder(), Duration.ofMinutes(1), line);
        assertThat(home).doesNotExist();
        return outcome;
    }

    @ParameterizedTest
    @CsvSource({
        CHECKOUT + ", --help, usage: ./silkstone up",
        CHECKOUT + ", help, usage: ./silkstone up",
        CHECKOUT + ", up --help, usage: ./silkstone up",
        CHECKOUT + ", up --detach -h, usage: ./silkstone up",
        CHECKOUT + ", bench --help, usage: ./silkstone up",
        CHECKOUT + ", --version, 'silkstone '",
        DISTRIBUTION + ", --help, usage: silkstone up",
        DISTRIBUTION + ", up --help, usage: silkstone up",
        DISTRIBUTION + ", shell --help, usage: silkstone up",
        DISTRIBUTION + ", --version, 'silkstone '",
    })
    void questions_areAnswered(String script, String words, String answer) throws Exception {
        Tool.Outcome outcome = run(script, words);
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
        assertThat(outcome.output()).startsWith(answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {CHECKOUT, DISTRIBUTION})
    void nothing_isAnsweredWithTheUsage(String script) throws Exception {
        Tool.Outcome outcome = run(script, null);
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(2);
        assertThat(outcome.output()).startsWith("usage: ").contains("silkstone up");
    }

    @ParameterizedTest
    @CsvSource({
        CHECKOUT + ", jump, '\"jump\" is no command: use up, down, '",
        CHECKOUT + ", test all, test takes no arguments.",
        CHECKOUT + ", bench nosuch, 'there is no benchmark \"nosuch\": use one of cleaner, '",
        CHECKOUT + ", bench redis swap, 'there is no benchmark \"redis swap\": use one of '",
        CHECKOUT + ", simulate --runs many, '--runs must be a number, was \"many\".'",
        CHECKOUT + ", bench --quick, 'bench --quick needs the NAME of a benchmark: use one of '",
        CHECKOUT + ", simulate --runs 0, --runs must be at least 1.",
        CHECKOUT + ", simulate --seed, '--seed must be a number, was \"\".'",
        CHECKOUT + ", simulate 7, 'simulate takes --seed N, --runs K and --scenario NAME, not'",
        CHECKOUT + ", simulate --scenario x, 'no scenario \"x\": use one of busy-migration'",
        CHECKOUT + ", simulate --scenario, 'there is no scenario \"\": use one of busy-'",
        CHECKOUT + ", simulate --scenario x/y, there is no file x/y.",
        CHECKOUT + ", simulate --scenario x.scenario, there is no file x.scenario.",
        CHECKOUT + ", simulate --scenario ./, './ is a directory, not a scenario file.'",
        DISTRIBUTION + ", jump, '\"jump\" is no command: use up, down, '",
        DISTRIBUTION + ", up --port-base abc, '--port-base must be a number from 1 to '",
        DISTRIBUTION + ", up --port-base 99999, '--port-base must be a number from 1 to '",
        DISTRIBUTION + ", up --nods 2, 'up does not take \"--nods\": it takes --home DIR'",
        DISTRIBUTION + ", shell -c, -c needs a value after it.",
        DISTRIBUTION + ", shell --hom x, 'shell does not take \"--hom\": it takes --home DIR'",
        DISTRIBUTION + ", down --port-base 7600, 'down does not take \"--port-base\": it takes'",
    })
    void misuse_isOneSentenceAndEndsWithTwo(String script, String words, String part)
            throws Exception {
        Tool.Outcome outcome = run(script, words);
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(2);
        assertThat(outcome.output()).contains(part).doesNotContain("building");
        assertThat(outcome.output()).startsWith("silkstone: ").hasLineCount(1).endsWith(".\n");
        assertThat(outcome.output().substring(1)).doesNotContain("silkstone: ");
    }

    @Test
    void bench_withoutABenchmark_saysWhatThereIs() throws Exception {
        Tool.Outcome outcome = run(CHECKOUT, "bench");
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output())
                .doesNotContain("building")
                .containsPattern("\n  cleaner +random overwrites")
                .containsPattern("\n  redis +GET and SET")
                .containsPattern("\n  swap +core policies")
                .containsPattern("\n  threads +create, join");
    }

    @ParameterizedTest
    @CsvSource({"status, 1", "shell, 1", "shell -c help, 1", "down, 0"})
    void commands_whereNoNodeRuns_sayThat(String words, int exit) throws Exception {
        Tool.Outcome outcome = run(CHECKOUT, words);
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(exit);
        assertThat(outcome.output())
                .contains("No node runs in " + workplace.folder().resolve("node") + ".");
        assertThat(outcome.output().lines()).hasSize(1);
    }

    @Test
    void status_whereANodeAndAClusterRun_asksWhich() throws Exception {
        Path homes = workplace.folder();
        String living = ProcessHandle.current().pid() + " 0\n";
        for (String home : List.of("node", "cluster/node-1")) {
            Path run = Files.createDirectories(homes.resolve(home).resolve("run"));
            Files.writeString(run.resolve("node.pid"), living);
        }
        Files.writeString(homes.resolve("cluster/cluster.properties"), "nodes = 1\n");
        List<String> line =
                List.of(
                        "/usr/bin/env",
                        "-u",
                        "SILKSTONE_HOME",
                        "SILKSTONE_HOMES=" + homes,
                        NodeProcess.checkout().resolve(CHECKOUT).toString(),
                        "status");
        Tool.Outcome outcome = Tool.run(workplace, homes, Duration.ofMinutes(1), line);
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(2);
        assertThat(outcome.output())
                .isEqualTo(
                        ("silkstone: a node and a cluster run: choose with --home %s/node or"
                                        + " --home %s/cluster.\n")
                                .formatted(homes, homes));
    }
}
