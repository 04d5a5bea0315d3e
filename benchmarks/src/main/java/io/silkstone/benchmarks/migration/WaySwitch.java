package io.silkstone.benchmarks.migration;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.operator.ControlSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Has all nodes fetch tablets in some {@link Way}: an operator at each of them. One thread. */
final class WaySwitch implements AutoCloseable {
    private static final String PID = "io.silkstone.policies.migration.";
    private static final long HEARD_NANOS_MAX = 20_000_000_000L;
    private static final long LOOK_MILLIS = 50;

    private final List<Node> nodes = new ArrayList<>();

    private record Node(Path home, ControlSession session) {}

    /** Of the nodes in {@code homes}. */
    WaySwitch(List<Path> homes) throws IOException {
        for (Path home : homes) {
            nodes.add(new Node(home, new ControlSession(home)));
        }
    }

    /** Returns when all nodes do so, with what runs and with what begins. */
    void use(Way way) throws IOException, BenchmarkFailed, InterruptedException {
        for (Node node : nodes) {
            if (!way.settings().isEmpty()) {
                configure(node, way);
            }
            node.session.run("policy:use migration " + way.strategy());
        }
    }

    private static void configure(Node node, Way way)
            throws IOException, BenchmarkFailed, InterruptedException {
        Path etc = node.home.resolve("etc");
        String name = PID + way.strategy() + ".cfg";
        Path draft = Files.write(etc.resolve("." + name + ".draft"), way.settings());
        Files.move(draft, etc.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        long deadline = System.nanoTime() + HEARD_NANOS_MAX;
        while (!hasHeard(node, way)) {
            if (System.nanoTime() - deadline > 0) {
                throw new BenchmarkFailed("a node does not hear of " + name);
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static boolean hasHeard(Node node, Way way) throws IOException, BenchmarkFailed {
        String list = node.session.run("node:config " + PID + way.strategy() + " --json");
        boolean all = true;
        for (String setting : way.settings()) {
            String[] words = setting.split(" = ");
            all &= ControlSession.hasSetting(list, words[0], words[1]);
        }
        return all;
    }

    @Override
    public void close() throws IOException {
        for (Node node : nodes) {
            node.session.close();
        }
    }
}
