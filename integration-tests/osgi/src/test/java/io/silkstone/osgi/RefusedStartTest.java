package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Tool;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each start that cannot succeed ends non-zero with one sentence that says what to change. */
class RefusedStartTest {
    private final OperatedNode node;

    RefusedStartTest() throws Exception {
        node = new OperatedNode();
    }

    @AfterEach
    void close() throws Exception {
        node.close();
    }

    private void assertRefused(Tool.Outcome outcome, String... parts) {
        assertEnds(outcome, 1, parts);
    }

    private void assertEnds(Tool.Outcome outcome, int exit, String... parts) {
        assertThat(outcome.inTime()).isTrue();
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(exit);
        assertThat(outcome.output().lines()).as(outcome.output()).hasSize(1);
        assertThat(outcome.output()).startsWith("silkstone: ").contains(parts);
        assertThat(node.home().resolve("run/node.pid")).doesNotExist();
    }

    @Test
    void up_portTaken_namesPortAndWhereItIsConfigured() throws Exception {
        try (ServerSocket taken =
                new ServerSocket(node.port(), 1, InetAddress.getLoopbackAddress())) {
            assertThat(taken.isBound()).isTrue();
            assertRefused(node.up(), Integer.toString(node.port()), "io.silkstone.gateway.redis");
        }
        node.started();
    }

    @Test
    void up_foregroundAndRefused_endsToo() throws Exception {
        try (ServerSocket taken =
                new ServerSocket(node.port(), 1, InetAddress.getLoopbackAddress())) {
            assertThat(taken.isBound()).isTrue();
            Tool.Outcome outcome = node.command("up", "--port-base", Integer.toString(node.port()));
            assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
            assertThat(outcome.output()).contains("silkstone: ").doesNotContain("\tat ");
        }
    }

    @Test
    void up_wrongConfiguration_namesFileKeyAndWhatIsAllowed() throws Exception {
        node.configure("io.silkstone.gateway.redis.cfg", "port = many\n");
        Tool.Outcome outcome = node.up();
        assertRefused(outcome, "port must be a whole number between -1 and 65535, was \"many\".");
        assertThat(outcome.output()).startsWith("silkstone: etc/io.silkstone.gateway.redis.cfg ");
    }

    @Test
    void up_misspeltKey_isNamed() throws Exception {
        node.configure("io.silkstone.gateway.redis.cfg", "prot = 1\n");
        assertRefused(node.up(), "io.silkstone.gateway.redis.cfg", "prot");
    }

    @Test
    void up_wrongNodeProperties_namesFileKeyAndWhatIsAllowed() throws Exception {
        node.configure("node.properties", "log.level = LOUD\n");
        assertRefused(node.up(), "node.properties: log.level must be one of DEBUG, INFO");
    }

    @Test
    void up_tooLittleSharedMemory_saysBothFigures() throws Exception {
        node.configure("node.properties", "shm.bytes.min = " + Long.MAX_VALUE + "\n");
        assertRefused(node.up(), "/dev/shm has ", "the node needs " + Long.MAX_VALUE);
    }

    @Test
    void up_wrongJvmOption_isShown() throws Exception {
        node.configure("jvm.options", "-XX:+NoSuchOption\n");
        assertRefused(node.up(), "NoSuchOption");
    }

    @Test
    void up_homeThatCannotBeWritten_isRefused() throws Exception {
        Files.writeString(node.home(), "a file");
        assertRefused(node.up(), "--home " + node.home() + " cannot be ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "99999"})
    void up_wrongPortBase_isMisuseInOneSentence(String port) throws Exception {
        Tool.Outcome outcome = node.command("up", "--detach", "--port-base", port);
        assertEnds(outcome, 2, "--port-base must be a number from 1 to 65400, was \"" + port);
        assertThat(outcome.output()).startsWith("silkstone: --port-base");
    }

    @Test
    void findJdk_noneOf25_saysWhatToInstall() throws Exception {
        Path folder = node.workplace().newFolder("jdks");
        Path old = Files.createDirectories(folder.resolve("jdk-17/bin")).getParent();
        Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
        Path javac = Files.writeString(old.resolve("bin/javac"), "");
        assertThat(javac.toFile().setExecutable(true)).isTrue();
        // The script as it is, but for the folder where Linux keeps its JDKs.
        Path finder = folder.resolve("find-jdk.sh");
        String text = Files.readString(NodeProcess.checkout().resolve(".mvn/find-jdk.sh"));
        Files.writeString(finder, text.replace("/usr/lib/jvm", folder.toString()));

        String run = "unset JAVA_HOME; HOME=%s; . %s".formatted(folder, finder);
        Tool.Outcome outcome =
                Tool.run(
                        node.workplace(),
                        folder,
                        Duration.ofMinutes(1),
                        List.of("/bin/sh", "-c", run));
        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.output())
                .isEqualTo(
                        "Silkstone needs a JDK 25 or newer: install one (Temurin 25, for example)"
                                + " or set JAVA_HOME to it.\n");
    }
}
