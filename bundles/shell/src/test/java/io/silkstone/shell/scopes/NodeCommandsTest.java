package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricDescriptor;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.DeployRefused;
import io.silkstone.api.node.Node;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeCommandsTest {
    @TempDir Path folder;

    private final CommandRunner node =
            new CommandRunner(new NodeCommands(FakeNode::new, FakeMetrics::new));

    private static final class FakeNode implements Node {
        @Override
        public String version() {
            return "0.1.0";
        }

        @Override
        public String id() {
            return "ab".repeat(20);
        }

        @Override
        public Instant started() {
            return Instant.EPOCH;
        }

        @Override
        public Path home() {
            return Path.of("h");
        }

        @Override
        public List<Endpoint> endpoints() {
            return List.of(
                    new Endpoint("redis", "127.0.0.1:7600"),
                    new Endpoint("redis", "[::1]:7600"),
                    new Endpoint("control", "run/control.sock"));
        }

        @Override
        public List<Health> health() {
            return List.of(new Health("memory", "warn", "Memory is 95 % full."));
        }

        @Override
        public List<Setting> config() {
            return List.of(
                    new Setting("io.silkstone.store.master", "log.bytes", "1", "2", "Log.", "s"),
                    new Setting("io.silkstone.shell.control", "sessions.max", "3", "4", "S.", "c"));
        }

        @Override
        public List<String> why(String component) {
            if (component.equals("nix")) {
                throw new IllegalArgumentException("Nothing is called nix. There are a and b.");
            }
            return List.of("asked for [" + component + "]", "It works.");
        }
    }

    private static final class FakeMetrics implements MetricRegistry {
        @Override
        public List<Metric> snapshot() {
            return List.of(
                    new Metric("gateway.requests_total", 17, "Requests."),
                    new Metric("store.reads_total", 5, "Reads."));
        }

        @Override
        public Counter counter(MetricDescriptor descriptor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public LatencyHistogram histogram(MetricDescriptor descriptor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public AutoCloseable gauge(MetricDescriptor descriptor, LongSupplier value) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void everyCommand_withoutServices_saysSo() {
        new CommandRunner(new NodeCommands(() -> null, () -> null))
                .assertWellBehavedWithoutServices(5);
        new CommandRunner(new BundleCommands(() -> null)).assertWellBehavedWithoutServices(3);
    }

    @Test
    void info_gathersEndpoints() throws Exception {
        assertThat(node.run("info").lines())
                .contains(
                        "version  0.1.0",
                        "started  1970-01-01T00:00:00Z",
                        "redis    127.0.0.1:7600, [::1]:7600",
                        "control  run/control.sock");
    }

    @Test
    void health_isATable() throws Exception {
        assertThat(node.run("health"))
                .isEqualTo("CHECK   STATUS  MESSAGE\nmemory  warn    Memory is 95 % full.");
    }

    @Test
    void metrics_ofAPart_showsOnlyThat() throws Exception {
        assertThat(node.run("metrics").lines()).hasSize(3);
        assertThat(node.run("metrics", "store"))
                .contains("store.reads_total")
                .doesNotContain("gateway");
        assertThat(node.offers("metrics", 0)).containsExactly("gateway", "store");
    }

    @Test
    void metricsAndConfig_thatNothingFits_areRefused() {
        node.assertRefused("No metric fits 'nosuch'.", "metrics", "nosuch");
        node.assertRefused("No setting fits 'nosuch'.", "config", "nosuch");
    }

    @Test
    void config_ofAPart_showsOnlyThat() throws Exception {
        assertThat(node.run("config", "shell"))
                .isEqualTo(
                        """
                        PID                         KEY           VALUE  DEFAULT  DESCRIPTION
                        io.silkstone.shell.control  sessions.max  3      4        S.
                        These values are in force. A setting is changed in etc/PID.cfg, at once \
                        where its description does not say otherwise.""");
        assertThat(node.run("config", "shell", "--json"))
                .isEqualTo(
                        "[{\"pid\":\"io.silkstone.shell.control\",\"key\":\"sessions.max\","
                                + "\"value\":\"3\",\"default\":\"4\",\"description\":\"S.\","
                                + "\"file\":\"c\"}]");
        assertThat(node.offers("config", 0))
                .containsExactly("io.silkstone.shell.control", "io.silkstone.store.master");
    }

    @Test
    void why_asksForThePart() throws Exception {
        assertThat(node.run("why", "store")).isEqualTo("asked for [store]\nIt works.");
        assertThat(node.run("why")).startsWith("asked for []");
        node.assertRefused("Nothing is called nix. There are a and b.", "why", "nix");
    }

    private final class FakeDeployer implements BundleDeployer {
        final List<Path> seen = new ArrayList<>();

        @Override
        public Deployed deploy(Path jar, boolean dryRun) throws DeployRefused {
            seen.add(jar);
            if (Files.exists(jar.resolveSibling("refuse"))) {
                throw new DeployRefused("The signature of " + jar.getFileName() + " is wrong.");
            }
            return new Deployed("com.x", "1.0", dryRun ? -1 : 44, "", "It works.");
        }

        @Override
        public void undeploy(String symbolicName) throws DeployRefused {
            throw new DeployRefused(symbolicName + " belongs to the node.");
        }

        @Override
        public List<Deployed> deployed() {
            return List.of(new Deployed("com.x", "1.0", 44, "0.9", "It works."));
        }
    }

    @Test
    void deploy_ofARelativePath_countsFromTheCallersFolder() throws Exception {
        Path jar = Files.createFile(folder.resolve("a.jar"));
        FakeDeployer deployer = new FakeDeployer();
        CommandRunner bundle = new CommandRunner(new BundleCommands(() -> deployer), folder);
        assertThat(bundle.run("deploy", "./a.jar", "--dry-run"))
                .isEqualTo(
                        """
                        bundle    com.x
                        version   1.0
                        number    -
                        replaced  -
                        note      It works.""");
        assertThat(deployer.seen).containsExactly(jar);
    }

    @Test
    void deploy_ofNothing_isRefusedBeforeTheDeployerSeesIt() {
        FakeDeployer deployer = new FakeDeployer();
        CommandRunner bundle = new CommandRunner(new BundleCommands(() -> deployer), folder);
        bundle.assertRefused(
                "There is no file " + folder.resolve("b.jar") + ".", "deploy", "b.jar");
        bundle.assertRefused(folder + " is a directory.", "deploy", folder.toString());
        assertThat(deployer.seen).isEmpty();
    }

    @Test
    void deploy_thatIsRefused_passesTheSentenceOn() throws Exception {
        Files.createFile(folder.resolve("a.jar"));
        Files.createFile(folder.resolve("refuse"));
        CommandRunner bundle = new CommandRunner(new BundleCommands(FakeDeployer::new), folder);
        bundle.assertRefused("The signature of a.jar is wrong.", "deploy", "a.jar");
    }

    @Test
    void undeploy_thatIsRefused_passesTheSentenceOn() {
        CommandRunner bundle = new CommandRunner(new BundleCommands(FakeDeployer::new), folder);
        bundle.assertRefused("com.y belongs to the node.", "undeploy", "com.y");
        assertThat(bundle.offers("undeploy", 0)).containsExactly("com.x");
    }

    @Test
    void deployed_isATable() throws Exception {
        CommandRunner bundle = new CommandRunner(new BundleCommands(FakeDeployer::new), folder);
        assertThat(bundle.run("deployed"))
                .isEqualTo(
                        "BUNDLE  VERSION  NUMBER  REPLACED  NOTE\n"
                                + "com.x   1.0          44  0.9       It works.");
    }
}
