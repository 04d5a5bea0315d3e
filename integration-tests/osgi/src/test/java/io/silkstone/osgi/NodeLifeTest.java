package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node from its start to its end, by every way to end it. */
class NodeLifeTest {
    private final OperatedNode node;

    NodeLifeTest() throws Exception {
        node = new OperatedNode();
    }

    @AfterEach
    void close() throws Exception {
        node.close();
    }

    @Test
    void up_status_shell_down_doWhatTheySay() throws Exception {
        Tool.Outcome up = node.up();
        assertThat(up.succeeded()).as(up.output()).isTrue();
        assertThat(up.output().lines())
                .contains("redis 127.0.0.1:" + node.port())
                .contains("control " + node.home().resolve("run/control.sock"));

        try (RespConnection client = node.connect()) {
            assertThat(client.call("SET", "fruit", "quince")).isEqualTo("OK");
            assertThat(client.call("GET", "fruit")).isEqualTo("quince");
        }

        Tool.Outcome status = node.command("status");
        assertThat(status.succeeded()).as(status.output()).isTrue();
        assertThat(status.output())
                .contains("pid " + node.process().pid(), "state ready", "redis 127.0.0.1:");

        assertThat(node.said("kv:get fruit")).contains("quince");
        assertThat(node.said("node:why")).isNotBlank();
        Tool.Outcome wrong = node.shell("kv:jump fruit");
        assertThat(wrong.exit()).isEqualTo(1);
        assertThat(wrong.output()).doesNotContain("\tat ");

        Tool.Outcome down = node.command("down");
        assertThat(down.succeeded()).as(down.output()).isTrue();
        assertThat(down.output()).startsWith("Stopped process ");
        assertThat(node.command("status").exit()).isEqualTo(1);
        assertThat(node.command("down").output()).startsWith("No node runs in ");
    }

    @Test
    void sigterm_node_stopsCleanlyAndStartsAgain() throws Exception {
        ProcessHandle process = node.started().process();
        process.destroy();
        process.onExit().get(60, TimeUnit.SECONDS);
        assertThat(node.log())
                .contains("INFO launcher: stopped")
                .doesNotContain("ERROR", "WARNING");
        assertThat(node.home().resolve("logs/console.log")).isEmptyFile();
        assertThat(Files.list(node.home().resolve("run")))
                .extracting(file -> file.getFileName().toString())
                .isSubsetOf("node.lock", "shell.history");
        node.started();
    }

    @Test
    void sigkill_node_leavesNothingInTheWayOfTheNextStart() throws Exception {
        ProcessHandle process = node.started().process();
        process.destroyForcibly();
        process.onExit().get(60, TimeUnit.SECONDS);
        assertThat(node.home().resolve("run/control.sock")).exists();
        assertThat(node.command("status").exit()).isEqualTo(1);
        Tool.Outcome shell = node.shell("help");
        assertThat(shell.exit()).isNotZero();

        node.started();
        assertThat(node.process().pid()).isNotEqualTo(process.pid());
        assertThat(node.said("help")).contains("node:info");
    }

    @Test
    void up_homeInUse_isRefusedAndTheNodeGoesOn() throws Exception {
        node.started();
        Tool.Outcome second = node.up();
        assertThat(second.exit()).isEqualTo(1);
        assertThat(second.output())
                .isEqualTo(
                        ("silkstone: --home %s is in use by process %d: stop it with `silkstone"
                                        + " down --home %s`, or give this node another home.\n")
                                .formatted(node.home(), node.process().pid(), node.home()));
        assertThat(node.said("help")).contains("node:info");
    }
}
