package io.silkstone.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The nodes that live in a cluster's home, seen from another process. */
final class RunningCluster {
    private static final List<String> HEADINGS =
            List.of("NODE", "STATE", "PROCESS", "UPTIME", "REDIS", "CLUSTER");
    private static final String REDIS = "redis ";

    private final ClusterHome home;

    RunningCluster(ClusterHome home) {
        this.home = home;
    }

    /**
     * Shows a line for each node.
     *
     * @throws StartRefused when one of them does not run
     */
    void status(PrintStream out) throws StartRefused, IOException {
        List<List<String>> rows = new ArrayList<>(List.of(HEADINGS));
        List<String> dead = new ArrayList<>();
        for (int number : home.numbers()) {
            Optional<RunningNode> node = home.running(number);
            rows.add(row(ClusterHome.name(number), node));
            if (node.isEmpty()) {
                dead.add(ClusterHome.name(number));
            }
        }
        table(rows).forEach(out::println);
        if (dead.size() == home.nodes()) {
            throw new StartRefused("No node runs in " + home.root() + ".");
        }
        if (!dead.isEmpty()) {
            throw new StartRefused(
                    "%s %s not run: `silkstone up --home %s --detach` starts what is missing."
                            .formatted(
                                    String.join(", ", dead),
                                    dead.size() == 1 ? "does" : "do",
                                    home.root()));
        }
    }

    private static List<String> row(String name, Optional<RunningNode> found) throws IOException {
        if (found.isEmpty()) {
            return List.of(name, "not running", "-", "-", "-", "-");
        }
        RunningNode node = found.get();
        Optional<List<String>> endpoints = node.endpoints();
        String redis =
                endpoints.orElse(List.of()).stream()
                        .filter(endpoint -> endpoint.startsWith(REDIS))
                        .map(endpoint -> endpoint.substring(REDIS.length()))
                        .collect(Collectors.joining(","));
        Optional<ClusterState> cluster = node.cluster();
        return List.of(
                name,
                endpoints.isPresent() ? "ready" : "starting",
                Long.toString(node.pid()),
                Main.uptime(Duration.between(node.started(), Instant.now())),
                redis.isEmpty() ? "-" : redis,
                cluster.map(ClusterState::words).orElse("-"));
    }

    /** Columns as wide as what is in them, two blanks apart. */
    static List<String> table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                line.append(row.get(column));
                line.repeat(' ', widths[column] - row.get(column).length() + 2);
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /**
     * Stops all nodes that run, the coordinator's last, and says which these were.
     *
     * @throws StartRefused when one of them does not stop within {@code seconds}
     */
    void stop(long seconds, PrintStream out) throws StartRefused, InterruptedException {
        List<Integer> numbers =
                home.numbers().reversed().stream()
                        .filter(number -> home.running(number).isPresent())
                        .toList();
        if (numbers.isEmpty()) {
            out.println("No node runs in " + home.root() + ".");
            return;
        }
        for (int number : numbers) {
            if (number > 1) {
                home.running(number).ifPresent(RunningNode::ask);
            }
        }
        List<String> stuck = new ArrayList<>();
        for (int number : numbers) {
            Optional<RunningNode> node = home.running(number);
            String name = ClusterHome.name(number);
            if (node.isPresent() && !node.get().stop(seconds)) {
                stuck.add("%s (process %d)".formatted(name, node.get().pid()));
            } else {
                out.println("Stopped " + name + ".");
            }
        }
        if (!stuck.isEmpty()) {
            throw new StartRefused(
                    "%s not stop within %d s: look into logs of its home, or kill it."
                            .formatted(
                                    String.join(", ", stuck)
                                            + (stuck.size() == 1 ? " does" : " do"),
                                    seconds));
        }
    }
}
