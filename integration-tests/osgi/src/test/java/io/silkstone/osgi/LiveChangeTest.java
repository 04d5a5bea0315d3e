package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.Ports;
import io.silkstone.harness.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is dropped into {@code deploy} or edited in {@code etc} while the node serves. */
class LiveChangeTest {
    private static final String CONTROL = "io.silkstone.shell.control.cfg";

    private final OperatedNode node;

    LiveChangeTest() throws Exception {
        node = new OperatedNode();
    }

    @BeforeEach
    void start() throws Exception {
        node.started();
    }

    @AfterEach
    void close() throws Exception {
        node.close();
    }

    @Test
    void node_freshHome_hasNothingToComplainOf() throws Exception {
        assertThat(node.log()).doesNotContain("WARNING", "ERROR");
        assertThat(node.said("felix:lb")).doesNotContain("Installed").contains("Active");
        assertThat(node.said("node:health")).doesNotContain("warn", "critical").contains("ok");
    }

    @Test
    void edit_goodOne_isInForceAtOnce() throws Exception {
        node.configure(CONTROL, "sessions.max = 7\n");
        node.awaitSaid("node:config sessions.max", said -> said.matches("(?s).*\\b7\\b.*"));
    }

    @Test
    void edit_badOne_isRefusedInTheLogAndTheOldValuesStay() throws Exception {
        node.configure(CONTROL, "sessions.max = 7\n");
        node.awaitSaid("node:config sessions.max", said -> said.matches("(?s).*\\b7\\b.*"));
        node.configure(CONTROL, "sessions.max = lots\n");
        await(() -> node.log().contains("lots"));
        assertThat(node.said("node:config sessions.max")).containsPattern("\\b7\\b");
    }

    @Test
    void edit_thatItsComponentRefuses_isReportedAndTheOldValuesStay() throws Exception {
        node.configure(OperatedNode.THREADS, "cores.max = 2\n");
        node.awaitSaid("node:config cores.max", said -> said.matches("(?s).*\\b2\\b.*"));
        // Either key is right by itself.
        node.configure(OperatedNode.THREADS, "cores.max = 2\ncores.min = 3\n");
        node.awaitSaid("node:health", said -> said.contains("cores.min must be at most"));
        assertThat(node.log())
                .contains("was refused by its component: cores.min must be at most")
                .doesNotContain("\tat ", "Exception");
        assertThat(node.log().lines().filter(line -> line.contains("cores.min"))).hasSize(1);
        assertThat(node.said("node:config cores.min"))
                .contains("was refused")
                .doesNotContain(" 3 ");
        node.configure(OperatedNode.THREADS, "cores.max = 2\ncores.min = 2\n");
        node.awaitSaid("node:health", said -> !said.contains("cores.min"));
    }

    @Test
    void edit_thatWaitsForTheNextStart_isMarkedAndNotShownAsInForce() throws Exception {
        node.configure(OperatedNode.THREADS, "pin = off\n");
        String said =
                node.awaitSaid(
                        "node:config pin", shown -> shown.contains("waits for the next start"));
        assertThat(said).containsPattern("pin +auto +auto ");
    }

    @Test
    void file_thatNobodyReads_isAWarningOfHealth() throws Exception {
        node.configure("io.silkstone.gateway.rediss.cfg", "port = 1\n");
        String said = node.awaitSaid("node:health", shown -> shown.contains("rediss.cfg waits"));
        assertThat(said).containsPattern("configuration +warn").contains("Did you mean");
    }

    @Test
    void why_ofNothing_isAnErrorThatNamesWhatThereIs() throws Exception {
        Tool.Outcome outcome = node.shell("node:why nosuch");
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
        assertThat(outcome.output()).contains("\"nosuch\"", "io.silkstone.gateway");
    }

    @Test
    void edit_ofThePort_isWhatStatusSays() throws Exception {
        int other = Ports.free();
        node.configure("io.silkstone.gateway.redis.cfg", "port = " + other + "\n");
        await(() -> node.command("status").output().contains("redis 127.0.0.1:" + other));
    }

    @Test
    void drop_bundleThatCannotResolve_isRefusedAndSaysWhy() throws Exception {
        Path jar = node.workplace().folder().resolve("draft.jar");
        Jars.unresolvable(jar);
        assertThat(node.shell("bundle:deploy " + jar).output()).contains("nobody.has.this");
        Files.move(jar, node.home().resolve("deploy/unresolvable.jar"));
        Path failed = node.home().resolve("deploy/unresolvable.jar.failed");
        await(() -> Files.exists(failed) && Files.readString(failed).contains("nobody.has.this"));
        assertThat(node.said("felix:lb -s")).doesNotContain("test.unresolvable");
        assertThat(node.said("bundle:deployed")).doesNotContain("test.unresolvable");
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (!condition.holds()) {
            assertThat(System.nanoTime() - deadlineNs).isNegative();
            Thread.sleep(20);
        }
    }
}
