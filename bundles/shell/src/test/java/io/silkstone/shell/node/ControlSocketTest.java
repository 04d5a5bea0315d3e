package io.silkstone.shell.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.DeployRefused;
import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceRegistration;

/** The bundle in a real framework, with real client processes. */
@Timeout(240)
class ControlSocketTest {
    @TempDir static Path home;
    private static LiveNode node;

    @BeforeAll
    static void start() throws Exception {
        node = LiveNode.start(home);
    }

    @AfterAll
    static void stop() throws Exception {
        node.close();
    }

    private static ClientProcess client(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("--home", home.toString()));
        all.addAll(List.of(words));
        return new ClientProcess(all);
    }

    @Test
    void client_withCommands_showsTheirAnswers() throws Exception {
        ClientProcess client = client("-c", "help table; echo done", "-c", "help | grep node:");
        assertThat(client.exitCode()).isZero();
        assertThat(client.out().lines())
                .contains(
                        "table:create  Creates a table.",
                        "done",
                        "node:health          Runs the health checks.");
        assertThat(client.err()).isEmpty();
    }

    @Test
    void client_withACommandThatFails_exitsWithOne() throws Exception {
        ClientProcess client = client("-c", "policy:list", "-c", "echo on");
        assertThat(client.exitCode()).isEqualTo(1);
        assertThat(client.out()).isEqualTo("on\n");
        assertThat(client.err()).startsWith("This node has no policy directory").hasLineCount(1);
    }

    @Test
    void client_withLinesOnItsInput_runsEach() throws Exception {
        ClientProcess client = client();
        client.type("name = Kiel\n\necho $name\nnix\necho end\n");
        assertThat(client.exitCode()).isEqualTo(1);
        assertThat(client.out()).isEqualTo("Kiel\nKiel\nend\n");
        assertThat(client.err()).isEqualTo("There is no command 'nix'; `help` lists them.\n");
    }

    @Test
    void client_thatSaysExit_endsAndTheNodeGoesOn() throws Exception {
        ClientProcess lines = client();
        lines.type("echo before\nexit\necho after\n");
        assertThat(lines.exitCode()).isZero();
        assertThat(lines.out()).isEqualTo("before\n");
        ClientProcess commands = client("-c", " exit ", "-c", "nix");
        assertThat(commands.exitCode()).isZero();
        assertThat(commands.err()).isEmpty();
        ClientProcess parts = client("-c", "echo one; exit; echo two");
        assertThat(parts.exitCode()).isZero();
        assertThat(parts.out()).isEqualTo("one\n");
        assertThat(parts.err()).isEmpty();
        assertThat(client("-c", "echo still").out()).isEqualTo("still\n");
    }

    @Test
    void client_whereNoNodeRuns_saysSo(@TempDir Path elsewhere) throws Exception {
        ClientProcess client = new ClientProcess(List.of("--home", elsewhere.toString()));
        assertThat(client.exitCode()).isEqualTo(1);
        assertThat(client.err()).isEqualTo("silkstone: No node runs in " + elsewhere + ".\n");
    }

    @Test
    void client_whoseNodeIsDead_saysSo(@TempDir Path elsewhere) throws Exception {
        Path socket = Files.createDirectory(elsewhere.resolve("run")).resolve("control.sock");
        Files.createFile(socket);
        ClientProcess client = new ClientProcess(List.of("--home", elsewhere.toString()));
        assertThat(client.exitCode()).isEqualTo(1);
        assertThat(client.err()).startsWith("silkstone: No node runs in ");
    }

    @Test
    void client_misused_explainsItself() throws Exception {
        ClientProcess client = new ClientProcess(List.of("--hom"));
        assertThat(client.exitCode()).isEqualTo(2);
        assertThat(client.err())
                .isEqualTo(
                        "silkstone: shell does not take \"--hom\": it takes --home DIR and -c"
                                + " COMMANDS.\n");
    }

    @Test
    void services_thatComeAndGo_areNoticed() throws Exception {
        ServiceRegistration<BundleDeployer> registration =
                node.context().registerService(BundleDeployer.class, new OneBundle(), null);
        assertThat(client("-c", "bundle:deployed --json").out())
                .startsWith("[{\"bundle\":\"com.x\",\"version\":\"1.0\",\"number\":44");
        registration.unregister();
        assertThat(client("-c", "bundle:deployed").err())
                .startsWith("This node has no bundle deployer");
    }

    private static final class OneBundle implements BundleDeployer {
        @Override
        public Deployed deploy(Path jar, boolean dryRun) throws DeployRefused {
            throw new DeployRefused("No.");
        }

        @Override
        public void undeploy(String symbolicName) throws DeployRefused {
            throw new DeployRefused("No.");
        }

        @Override
        public List<Deployed> deployed() {
            return List.of(new Deployed("com.x", "1.0", 44, "", "It works."));
        }
    }

    @Test
    void endpoint_isPublished() throws Exception {
        assertThat(node.await(EndpointProvider.class).endpoints())
                .containsExactly(new Node.Endpoint("control", node.socket().toString()));
    }

    @Test
    void secondNode_onTheSameHome_leavesTheSocketAlone() throws Exception {
        try (LiveNode second = LiveNode.startWithoutWaiting(home, "felix-2", false)) {
            assertThat(second.serviceOrNull(EndpointProvider.class)).isNull();
            assertThat(client("-c", "echo first").out()).isEqualTo("first\n");
        }
        assertThat(client("-c", "echo still").out()).isEqualTo("still\n");
    }

    @Test
    void bundle_thatStopsAndStarts_servesAgain() throws Exception {
        Bundle shell = node.bundle("io.silkstone.shell");
        shell.stop();
        assertThat(node.socket()).doesNotExist();
        shell.start();
        node.await(EndpointProvider.class);
        assertThat(client("-c", "help kv | grep kv:get").exitCode()).isZero();
    }
}
