package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several nodes on this machine as one cluster, from its start to its end. */
class ClusterLifeTest {
    private static final String CLUSTER_FILE = "etc/io.silkstone.rpc.cluster.cfg";

    private OperatedCluster cluster;

    @AfterEach
    void close() throws Exception {
        cluster.close();
    }

    private static void assertDone(Tool.Outcome outcome) {
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
    }

    private void assertRefused(Tool.Outcome outcome, String... parts) {
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
        assertThat(outcome.output()).startsWith("silkstone: ").hasLineCount(1).contains(parts);
    }

    @Test
    void up_oneNode_isAClusterOfOne() throws Exception {
        cluster = new OperatedCluster(1);
        Tool.Outcome up = cluster.up();
        assertDone(up);
        assertThat(up.output().lines()).contains("node-1 redis 127.0.0.1:" + cluster.port(1));
        assertThat(cluster.home(1).resolve("run/cluster")).content().startsWith("serving ");
        assertThat(cluster.command("down").output()).isEqualTo("Stopped node-1.\n");
    }

    @Test
    void up_status_shell_kill_up_down_doWhatTheySay() throws Exception {
        cluster = new OperatedCluster(3);
        Tool.Outcome up = cluster.up();
        assertDone(up);
        for (int node = 1; node <= 3; node++) {
            assertThat(up.output().lines())
                    .contains("node-" + node + " redis 127.0.0.1:" + cluster.port(node));
            try (RespConnection client = new RespConnection(cluster.port(node))) {
                assertThat(client.call("PING")).isEqualTo("PONG");
            }
            assertThat(cluster.home(node).resolve("run/cluster")).content().startsWith("serving ");
        }
        Tool.Outcome status = cluster.command("status");
        assertDone(status);
        assertThat(status.output())
                .containsPattern("(?m)^node-1 +ready +[0-9]+ ")
                .containsPattern("(?m)^node-3 +ready +[0-9]+ .*127.0.0.1:" + cluster.port(3));
        Tool.Outcome health = cluster.command("shell", "-c", "node:health | grep cluster");
        assertDone(health);
        assertThat(health.output()).contains("This node is server ");

        ProcessHandle killed = cluster.process(2).orElseThrow();
        killed.destroyForcibly();
        killed.onExit().get(60, TimeUnit.SECONDS);
        Tool.Outcome broken = cluster.command("status");
        assertThat(broken.exit()).isEqualTo(1);
        assertThat(broken.output())
                .containsPattern("(?m)^node-1 +ready ")
                .containsPattern("(?m)^node-2 +not running ")
                .contains("silkstone: node-2 does not run: `silkstone up --home ");

        Tool.Outcome again =
                cluster.command("up", "--home", cluster.home(2).toString(), "--detach");
        assertDone(again);
        assertThat(again.output())
                .contains("redis 127.0.0.1:" + cluster.port(2))
                .containsPattern("(?m)^cluster server ");
        assertDone(cluster.command("status"));

        assertThat(cluster.command("down").output())
                .isEqualTo("Stopped node-3.\nStopped node-2.\nStopped node-1.\n");
        assertThat(cluster.command("status", "--home", cluster.home().toString()).exit())
                .isEqualTo(1);
        for (int node = 1; node <= 3; node++) {
            assertThat(cluster.log(node))
                    .contains("INFO launcher: stopped")
                    .doesNotContain("ERROR");
        }
    }

    @Test
    void up_again_startsWhatIsMissingAndKeepsEdits() throws Exception {
        cluster = new OperatedCluster(2);
        assertDone(cluster.up());
        assertRefused(cluster.up(), " is in use: 2 node(s) run; `silkstone down --home ");
        assertRefused(
                cluster.command("up", "--nodes", "3", "--detach"),
                " holds a cluster of 2 nodes from port " + cluster.portBase());
        Path edited = cluster.home(2).resolve(CLUSTER_FILE);
        Files.writeString(edited, Files.readString(edited) + "# edited\n");
        assertDone(cluster.command("down", "--home", cluster.home(2).toString()));
        ProcessHandle other = cluster.process(1).orElseThrow();

        Tool.Outcome up = cluster.command("up", "--home", cluster.home().toString(), "--detach");
        assertDone(up);
        assertThat(up.output()).contains("node-2 redis ").doesNotContain("node-1");
        assertThat(cluster.process(1)).contains(other);
        assertThat(edited).content().endsWith("# edited\n");
    }

    @Test
    void up_oneCannotStart_isNamedAndTheOthersAreStopped() throws Exception {
        cluster = new OperatedCluster(2);
        try (ServerSocket taken =
                new ServerSocket(cluster.port(2), 1, InetAddress.getLoopbackAddress())) {
            assertThat(taken.isBound()).isTrue();
            assertRefused(
                    cluster.up(), "Port " + cluster.port(2) + " of node-2, for Redis clients");
            assertThat(cluster.home()).doesNotExist();
        }
        Path etc = Files.createDirectories(cluster.home(2).resolve("etc"));
        Files.writeString(etc.resolve("io.silkstone.gateway.redis.cfg"), "prot = 1\n");
        assertRefused(cluster.up(), "node-2: etc/io.silkstone.gateway.redis.cfg ", "prot");
        assertThat(cluster.process(1)).isEmpty();
        assertThat(cluster.process(2)).isEmpty();
    }

    @Test
    void up_inTheForeground_showsAllAndEndsAll() throws Exception {
        cluster = new OperatedCluster(2);
        Path output = cluster.workplace().folder().resolve("foreground");
        Process up =
                cluster.workplace()
                        .start(
                                new ProcessBuilder(cluster.line(cluster.upWords()))
                                        .redirectErrorStream(true)
                                        .redirectInput(new File("/dev/null"))
                                        .redirectOutput(output.toFile()));
        long deadlineNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (!Files.readString(output).contains("Ctrl-C stops what was started here")) {
            assertThat(up.isAlive()).as(Files.readString(output)).isTrue();
            assertThat(System.nanoTime() - deadlineNs).as(Files.readString(output)).isNegative();
            up.waitFor(100, TimeUnit.MILLISECONDS);
        }
        assertThat(output).content().contains("node-1 redis ", "node-2 redis ");
        ProcessHandle first = cluster.process(1).orElseThrow();
        ProcessHandle second = cluster.process(2).orElseThrow();
        second.destroyForcibly();
        second.onExit().get(60, TimeUnit.SECONDS);
        assertThat(first.isAlive()).isTrue();
        up.destroy();
        assertThat(up.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(first.isAlive()).isFalse();
        assertThat(output).content().contains("node-2: ended with 137");
    }
}
