package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.cluster.Bug;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    private int run(String... arguments) {
        return Main.run(stream(out), stream(err), arguments);
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void run_severalSeeds_endsWithTheResult() {
        assertThat(run("--seed", "7", "--runs", "3", "--scenario", "store")).isZero();
        assertThat(printed())
                .startsWith("       TIMES  WHAT HAPPENED\n")
                .endsWith("RESULT simulate runs=3 failed=0\n");
    }

    @Test
    void run_onlyASeed_playsItOnce() {
        assertThat(run("--seed", "7")).isZero();
        assertThat(printed()).endsWith("RESULT simulate runs=1 failed=0\n");
    }

    @Test
    void run_failedRun_isPrintedWithAShortTrace() {
        List<ScenarioKind> kinds = List.of(Bug.VERSION_CHECK_DROPPED.kind());
        assertThat(Main.run(stream(out), stream(err), kinds, "--seed", "1", "--runs", "4"))
                .isEqualTo(1);
        assertThat(printed())
                .containsPattern("(?m)^failed: --scenario cluster --seed [1-4]$")
                .containsPattern("(?m)^  It still fails with [0-9]{1,2} of its [0-9]{2,3} ")
                .containsPattern("(?m)^ +[0-9]+ ms  client [0-9]: WRITE .*, if version [0-9]+")
                .containsPattern("\nRESULT simulate runs=4 failed=[1-4]\n$");
    }

    @Test
    void run_failedRunOfAFile_isPrintedWithTheWordsThatRepeatIt() throws IOException {
        Path file = folder.resolve("one server's.scenario");
        Files.writeString(file, "scenario = cluster\nservers = 1\nat 600 ms: mend network\n");
        List<ScenarioKind> kinds = List.of(Bug.VERSION_CHECK_DROPPED.kind());
        String[] words = {"--scenario", file.toString(), "--seed", "1", "--runs", "4"};
        assertThat(Main.run(stream(out), stream(err), kinds, words)).isEqualTo(1);
        String typed = "'" + file.toString().replace("'", "'\\''") + "'";
        assertThat(printed())
                .containsPattern(
                        "(?m)^failed: --scenario " + Pattern.quote(typed) + " --seed [1-4]$")
                .containsPattern("(?m)^  It still fails with [0-9]{1,2} of its [0-9]{2,3} ")
                .containsPattern("(?m)^ +[0-9]+ ms  client [0-9]: WRITE .*, if version [0-9]+");
    }

    @Test
    void run_fileThatIsShipped_isPlayed() {
        assertThat(run("--scenario", "rolling-restart", "--seed", "1")).isZero();
        assertThat(printed())
                .containsPattern("(?m)^ +1  event: kill server 1 for 100..400 ms$")
                .endsWith("RESULT simulate runs=1 failed=0\n");
    }

    @Test
    void run_fileThatIsWrong_isRefusedBeforeAnythingIsPlayed() throws IOException {
        Path file = folder.resolve("wrong.scenario");
        Files.writeString(file, "scenario = cluster\nservers = 0\n");
        assertThat(run("--scenario", file.toString(), "--seed", "1")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        "silkstone: "
                                + file
                                + " line 2: servers must be a number or a range a..b from 1 to 8,"
                                + " was \"0\".\n");
        assertThat(printed()).isEmpty();
    }

    @Test
    void run_stepThatNeverHappened_isPrinted() {
        run("--seed", "7", "--scenario", "cluster");
        assertThat(printed()).containsPattern("(?m)^ +never  message Ping$");
    }

    @ParameterizedTest
    @CsvSource({
        "--runs 0, --runs must be at least 1.",
        "--runs many, '--runs must be a number from 0 to 100000000, was many.'",
        "--seed, --seed needs a value.",
        "--scenario nosuch, 'there is no scenario \"nosuch\": use one of busy-migration, calm,"
                + " cluster, coordinator-outage, full-memory, hot-key, log-order, lossy-network,"
                + " migration, migration-strategies, moving-tablets, partition, recovery,"
                + " rolling-restart, short-leases, source-retains, store, two-at-once, or the"
                + " path of a file that ends in .scenario.'",
        "--scenario no/such, there is no file no/such.",
        "--speed 3, 'simulate takes --seed, --runs, --scenario, not --speed.'",
    })
    void run_calledWrongly_isRefusedInOneSentence(String arguments, String refusal) {
        assertThat(run(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("silkstone: " + refusal + "\n");
        assertThat(printed()).isEmpty();
    }
}
