package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.simulation.cluster.Bug;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

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
        Scenario faulty = Bug.VERSION_CHECK_DROPPED.scenario();
        List<Scenario> known = List.of(faulty);
        assertThat(Main.run(stream(out), stream(err), known, "--seed", "1", "--runs", "4"))
                .isEqualTo(1);
        assertThat(printed())
                .containsPattern("(?m)^failed: --scenario cluster --seed [1-4]$")
                .containsPattern("(?m)^  It still fails with [0-9]{1,2} of its [0-9]{2,3} ")
                .containsPattern("(?m)^ +[0-9]+ ms  client [0-9]: WRITE .*, if version [0-9]+")
                .containsPattern("\nRESULT simulate runs=4 failed=[1-4]\n$");
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
        "--scenario nosuch, 'there is no scenario nosuch, only store, cluster.'",
        "--speed 3, 'simulate takes --seed, --runs, --scenario, not --speed.'",
    })
    void run_calledWrongly_isRefusedInOneSentence(String arguments, String refusal) {
        assertThat(run(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("silkstone: " + refusal + "\n");
        assertThat(printed()).isEmpty();
    }
}
