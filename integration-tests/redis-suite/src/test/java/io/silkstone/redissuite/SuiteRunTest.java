package io.silkstone.redissuite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SuiteRunTest {
    private static final Set<String> QUICK = Set.of("unit/type/incr", "unit/other", "unit/info");

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
        assertThat(result.passed()).containsExactly("SET and GET an item", "SETNX");
        assertThat(result.failed()).containsExactly("LCS basic");
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
                for (Ratchet.File file : Ratchet.files()) {
                    if (QUICK.contains(file.name())) {
                        SuiteRun.Result result = runs.run(file.name(), redis.port());
                        assertThat(result.failed()).as(file.name()).isEmpty();
                        assertThat(result.passed()).as(file.name()).hasSize(file.redisPasses());
                        assertThat(result.finished()).as(file.name()).isTrue();
                    }
                }
            }
        }
    }
}
