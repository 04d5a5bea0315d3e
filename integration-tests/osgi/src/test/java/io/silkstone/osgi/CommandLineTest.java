package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
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
    @CsvSource({
        CHECKOUT + ",, usage: ./silkstone up",
        CHECKOUT + ", jump, 'silkstone: \"jump\" is no command.'",
        CHECKOUT + ", test all, 'silkstone: test takes no arguments.'",
        DISTRIBUTION + ",, usage: silkstone up",
        DISTRIBUTION + ", jump, 'silkstone: \"jump\" is no command.'",
    })
    void misuse_endsWithTwo(String script, String words, String part) throws Exception {
        Tool.Outcome outcome = run(script, words);
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(2);
        assertThat(outcome.output()).contains(part);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bench", "bench --quick", "bench nosuch", "bench redis swap"})
    void bench_withoutABenchmark_saysWhatThereIs(String words) throws Exception {
        Tool.Outcome outcome = run(CHECKOUT, words);
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(2);
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
}
