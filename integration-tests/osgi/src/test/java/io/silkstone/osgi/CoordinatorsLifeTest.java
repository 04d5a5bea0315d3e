package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Three nodes of which each runs a coordinator; the one that leads is killed and loses its disk.
 */
class CoordinatorsLifeTest {
    private static final String LEADS = "this node leads the coordinators";

    private OperatedCluster cluster;

    @AfterEach
    void close() throws Exception {
        cluster.close();
    }

    private static void assertDone(Tool.Outcome outcome) {
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
    }

    /** When {@code node} last began to lead, as its log says; nothing when it never did. */
    private String ledSince(int node) {
        try (Stream<String> lines = cluster.log(node).lines()) {
            return lines.filter(line -> line.contains(LEADS))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .max(Comparator.naturalOrder())
                    .orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int leader() {
        return IntStream.rangeClosed(1, 3)
                .boxed()
                .max(Comparator.comparing(this::ledSince))
                .orElseThrow();
    }

    private void awaitLeaderOtherThan(int killed) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (leader() == killed) {
            assertThat(System.nanoTime() - deadlineNs).as("another one leads").isNegative();
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** Writes a key that {@code node} has, until it does. */
    private void awaitServed(int node) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        try (RespConnection client = new RespConnection(cluster.port(node))) {
            boolean served = false;
            for (int key = 0; !served; key = (key + 1) % 32) {
                assertThat(System.nanoTime() - deadlineNs).as("a key is served").isNegative();
                served = client.call("SET", "key-" + key, "x").equals("OK");
            }
        }
    }

    private static void remove(Path folder) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void leader_killed_isFollowed_andComesBackWithoutItsDisk() throws Exception {
        cluster = new OperatedCluster(3, "--coordinators", "3");
        assertDone(cluster.up());
        int killed = leader();
        int other = killed == 1 ? 2 : 1;
        awaitServed(other);

        ProcessHandle process = cluster.process(killed).orElseThrow();
        process.destroyForcibly();
        process.onExit().get(60, TimeUnit.SECONDS);
        awaitLeaderOtherThan(killed);
        awaitServed(other);
        // The next leader knows what the one before had decided.
        String home = cluster.home(other).toString();
        Tool.Outcome tablets = cluster.command("shell", "--home", home, "-c", "tablet:list");
        assertDone(tablets);
        assertThat(tablets.output().lines().filter(line -> line.startsWith("default"))).hasSize(3);

        Path log = cluster.home(killed).resolve("data/coordinator-log");
        assertThat(log.resolve("joined")).hasContent("ESTABLISHED\n");
        remove(log);
        assertDone(cluster.command("up", "--home", cluster.home().toString(), "--detach"));
        long deadlineNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!Files.exists(log.resolve("joined"))) {
            assertThat(System.nanoTime() - deadlineNs).as("it is given the log").isNegative();
            TimeUnit.MILLISECONDS.sleep(100);
        }
        assertThat(log.resolve("joined")).hasContent("GIVEN\n");
        assertDone(cluster.command("down"));
        for (int node = 1; node <= 3; node++) {
            assertThat(cluster.log(node)).doesNotContain("ERROR").doesNotContain("\tat ");
        }
    }
}
