package io.silkstone.redissuite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SuiteRunTest {
    @Test
    void read_countsPassesAndNamesFailures() {
        String report =
                """
                [ok]: SET and GET an item (1 ms)
                [ignore]: Not supported
                [err]: LCS basic in tests/unit/type/string.tcl
                wanted 1
                [ok]: SETNX (0 ms)
                                   The End
                """;
        SuiteRun.Result result = SuiteRun.read(true, report);
        assertThat(result.passed()).isEqualTo(2);
        assertThat(result.failed()).containsExactly("LCS basic in tests/unit/type/string.tcl");
        assertThat(result.finished()).isTrue();
    }

    @Test
    void read_ofARunThatWasEnded_isNotFinished() {
        assertThat(SuiteRun.read(false, "[ok]: one (1 ms)").finished()).isFalse();
        assertThat(SuiteRun.read(true, "[ok]: one (1 ms)").finished()).isFalse();
    }

    /** The harness itself is right when Redis passes its own tests in it, no more and no fewer. */
    @Test
    void run_againstRedis_passesWhatTheRatchetSaysOfRedis() throws Exception {
        try (Workplace workplace = new Workplace("redis-suite")) {
            Optional<Tool> tclsh = Tool.find("tclsh");
            assumeThat(tclsh).as("tclsh on this machine").isPresent();
            assumeThat(RedisProcess.tool()).as("redis-server on this machine").isPresent();
            SuiteSource source = new SuiteSource(workplace);
            Optional<Path> suite = source.folder();
            assumeThat(suite).as("Redis's suite: %s", source.absence()).isPresent();
            SuiteRun runs = new SuiteRun(workplace, tclsh.get(), suite.get());
            try (RedisProcess redis =
                    RedisProcess.start(workplace, "redis", List.of(), List.of())) {
                for (Ratchet.Line line : Ratchet.lines()) {
                    if (line.file().equals("unit/type/incr") || line.file().equals("unit/other")) {
                        SuiteRun.Result result = runs.run(line.file(), redis.port());
                        assertThat(result.failed()).as(line.file()).isEmpty();
                        assertThat(result.passed()).as(line.file()).isEqualTo(line.redisPasses());
                        assertThat(result.finished()).as(line.file()).isTrue();
                    }
                }
            }
        }
    }
}
