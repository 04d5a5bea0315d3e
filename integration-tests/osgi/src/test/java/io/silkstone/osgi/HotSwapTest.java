package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The core policy is exchanged in every way there is while a client hammers the node. */
class HotSwapTest {
    private static final String POLICIES = "io.silkstone.policies.cfg";

    private final OperatedNode node;
    private Traffic traffic;

    HotSwapTest() throws Exception {
        node = new OperatedNode();
    }

    @BeforeEach
    void start() throws Exception {
        node.configure(OperatedNode.THREADS, OperatedNode.PATIENCE);
        node.configure(POLICIES, "cores = loadfactor\n");
        node.started();
        awaitInUse("loadfactor", "0\\.1\\.0\\S*");
        traffic = new Traffic(node);
    }

    @AfterEach
    void close() throws Exception {
        try {
            traffic.end();
        } finally {
            node.close();
        }
    }

    private void awaitInUse(String name, String version) throws Exception {
        Pattern row = Pattern.compile("(?m)^cores\\s+" + name + "\\s+" + version + "\\s+in use\\b");
        node.awaitSaid("policy:list", said -> row.matcher(said).find());
    }

    @Test
    void command_switches_andIsRememberedInTheConfiguration() throws Exception {
        traffic.flows();
        assertThat(node.said("policy:use cores fixed --dry-run")).contains("fixed");
        awaitInUse("loadfactor", "\\S+");
        node.said("policy:use cores fixed");
        awaitInUse("fixed", "\\S+");
        traffic.flows();
        assertThat(node.said("policy:history")).contains("command");
        assertThat(node.home().resolve("etc").resolve(POLICIES))
                .content()
                .contains("cores = fixed");
        assertThat(node.shell("policy:use cores none-such").exit()).isEqualTo(1);
        traffic.flows();
    }

    @Test
    void configurationEdit_switches() throws Exception {
        node.configure(POLICIES, "cores = fixed\n");
        awaitInUse("fixed", "\\S+");
        traffic.flows();
        node.configure(POLICIES, "cores = loadfactor\n");
        awaitInUse("loadfactor", "\\S+");
        traffic.flows();
        assertThat(node.said("policy:history")).contains("configuration");
    }

    @Test
    void settingsEdit_ofThePolicyInUse_keepsItInUse() throws Exception {
        traffic.flows();
        node.configure("io.silkstone.policies.cores.loadfactor.cfg", "interval.ms = 23\n");
        node.awaitSaid("node:config interval.ms", said -> said.matches("(?s).*\\b23\\b.*"));
        traffic.flows();
        awaitInUse("loadfactor", "0\\.1\\.0\\S*");
        assertThat(node.said("policy:history")).doesNotContain("withdrawn");
    }

    @Test
    void newerVersionDroppedIn_takesOver_andItsRemovalGoesBack() throws Exception {
        Path draft = node.workplace().folder().resolve("newer.jar");
        Jars.policy("cores-loadfactor", "9.0.0", draft);
        Path dropped = node.home().resolve("deploy/cores-loadfactor-9.jar");
        Files.move(draft, dropped, StandardCopyOption.ATOMIC_MOVE);
        awaitInUse("loadfactor", "9\\.0\\.0");
        traffic.flows();
        assertThat(node.said("policy:history")).contains("newer version");

        Files.delete(dropped);
        awaitInUse("loadfactor", "0\\.1\\.0\\S*");
        traffic.flows();
        assertThat(node.said("bundle:deployed")).doesNotContain("cores-loadfactor");
    }

    @Test
    void bundleStopped_itsPolicyIsReplaced_andReturnsWithIt() throws Exception {
        String bundle = bundleNumber("io.silkstone.cores-loadfactor");
        node.said("felix:stop " + bundle);
        Pattern gone = Pattern.compile("(?m)^cores\\s+loadfactor\\s+\\S+\\s+in use\\b");
        node.awaitSaid("policy:list", said -> !gone.matcher(said).find());
        traffic.flows();
        node.said("felix:start " + bundle);
        awaitInUse("loadfactor", "\\S+");
        traffic.flows();
        assertThat(node.said("policy:history")).contains("withdrawn");
    }

    private String bundleNumber(String symbolicName) throws Exception {
        Matcher row =
                Pattern.compile("(?m)^\\s*(\\d+)\\|.*\\|" + Pattern.quote(symbolicName))
                        .matcher(node.said("felix:lb -s"));
        assertThat(row.find()).isTrue();
        return row.group(1);
    }
}
