package io.silkstone.redissuite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Redis's own suite against a node, file by file, against the ratchet. Skipped with a sentence
 * where the suite or Tcl cannot be had.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisSuiteTest {
    private static final System.Logger LOG = System.getLogger(RedisSuiteTest.class.getName());
    private static final int RUNS_MAX = 3;

    private final Workplace workplace = new Workplace("redis-suite");
    private SuiteRun runs;
    private NodeProcess node;

    static List<Ratchet.File> files() {
        return Ratchet.files();
    }

    @BeforeAll
    void start() throws Exception {
        Optional<Tool> tclsh = Tool.find("tclsh");
        assumeThat(tclsh).as("tclsh on this machine (Debian: tcl)").isPresent();
        SuiteSource source = new SuiteSource(workplace);
        Optional<Path> suite = source.folder();
        assumeThat(suite).as("Redis's suite: %s", source.absence()).isPresent();
        runs = new SuiteRun(workplace, tclsh.get(), suite.get());
        node = NodeProcess.start(workplace, List.of(), Map.of());
    }

    @AfterAll
    void stop() {
        workplace.close();
    }

    @ParameterizedTest
    @MethodSource("files")
    void file_passesAllButWhatANodeLacks(Ratchet.File file) throws Exception {
        SuiteRun.Result result = runs.run(file.name(), node.port());
        // Some of Redis's tests wait for a fixed time, which a busy machine may not keep.
        for (int run = 1; run < RUNS_MAX && !file.judge(result).isEmpty(); run++) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: once more, after {1}",
                    file,
                    file.judge(result));
            result = runs.run(file.name(), node.port());
        }
        assertThat(node.isAlive()).as("the node lives after %s", file).isTrue();
        try (RespConnection connection = new RespConnection(node.port())) {
            assertThat(connection.call("PING")).isEqualTo("PONG");
        }
        assertThat(file.judge(result)).as("%s; it wrote:%n%s", file, result.output()).isEmpty();
        LOG.log(
                System.Logger.Level.INFO,
                "{0}: {1} tests pass of {2} that Redis passes; lacking: {3}",
                file,
                result.passed().size(),
                file.redisPasses(),
                new TreeSet<>(file.lacking().values()));
    }
}
