package io.silkstone.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
