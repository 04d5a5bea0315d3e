package io.silkstone.launcher;

import io.silkstone.launcher.ClusterState.Stage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The command {@code up} for a cluster: every node of it that does not run, each in a process of
 * its own. They start at once; the coordinator is in one of them, and the others ask until it is
 * there.
 *
 * <p>In the foreground this process stays, shows what the nodes say, and ends them when it ends.
 * Detached, it ends when the cluster serves. A node that cannot start ends what this has started.
 */
final class ClusterStart {
    private static final long POLL_MILLIS = 50;

    /** A node gives itself up after 120 s at most unless its operator says otherwise. */
    private static final long SERVE_NANOS = 60_000_000_000L;

    private final Arguments arguments;
    private final Distribution distribution;
    private final Machine machine;
    private final PrintStream out;
    private final PrintStream err;
    private final Map<Integer, ChildNode> children = new TreeMap<>();
    private Path reports;
    private volatile boolean keep;

    ClusterStart(
            Arguments arguments,
            Distribution distribution,
            Machine machine,
            PrintStream out,
            PrintStream err) {
        this.arguments = arguments;
        this.distribution = distribution;
        this.machine = machine;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts the nodes, says what serves where, and returns: when the cluster serves, or in the
     * foreground when all have ended.
     *
     * @throws StartRefused when one of them did not start, or ended by itself in the foreground
     */
    void run() throws StartRefused, IOException, InterruptedException {
        ClusterHome home = ClusterHome.wanted(arguments);
        List<Integer> numbers =
                home.numbers().stream().filter(number -> home.running(number).isEmpty()).toList();
        if (numbers.isEmpty()) {
            throw new StartRefused(
                    "--home %s is in use: %d node(s) run; `silkstone down --home %s` stops them."
                            .formatted(home.root(), home.nodes(), home.root()));
        }
        machine.require(home, numbers);
        home.write();
        new ClusterSettings(home).write(distribution.catalog());
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "silkstone-launcher-end-0"));
        reports = Files.createTempDirectory("silkstone-cluster-");
        try {
            for (int number : numbers) {
                children.put(number, start(home, number));
            }
            List<String> lines = awaitReady();
            awaitServing(home);
            lines.forEach(out::println);
            if (arguments.detach()) {
                keep = true;
                return;
            }
            err.println(
                    ("silkstone: Ctrl-C stops what was started here; `silkstone shell --home %s`"
                                    + " opens a shell.")
                            .formatted(home.root()));
            awaitEnd();
        } finally {
            end();
        }
    }

    private ChildNode start(ClusterHome home, int number) throws IOException {
        Path script = distribution.script();
        String name = ClusterHome.name(number);
        return arguments.detach()
                ? ChildNode.detached(script, name, home.node(number))
                : ChildNode.attached(script, name, home.node(number), reports.resolve(name), out);
    }

    /** What the nodes serve, a line each, when all have started. */
    private List<String> awaitReady() throws StartRefused, IOException, InterruptedException {
        Map<Integer, List<String>> ready = new TreeMap<>();
        while (ready.size() < children.size()) {
            for (Map.Entry<Integer, ChildNode> each : children.entrySet()) {
                if (ready.containsKey(each.getKey())) {
                    continue;
                }
                Optional<ChildNode.Outcome> outcome = each.getValue().outcome();
                if (outcome.isPresent() && outcome.get().refusal() != null) {
                    throw new StartRefused(each.getValue().name() + ": " + outcome.get().refusal());
                }
                outcome.ifPresent(done -> ready.put(each.getKey(), done.endpoints()));
            }
            Thread.sleep(POLL_MILLIS);
        }
        List<String> lines = new ArrayList<>();
        ready.forEach(
                (number, endpoints) ->
                        endpoints.stream()
                                .filter(endpoint -> !endpoint.startsWith("cluster "))
                                .map(endpoint -> ClusterHome.name(number) + " " + endpoint)
                                .forEach(lines::add));
        return lines;
    }

    /**
     * Waits until each node says that the whole cluster serves. At the limit, a node that is not
     * even a server of it is a failure; keys that are not served may be those of servers elsewhere.
     */
    private void awaitServing(ClusterHome home)
            throws StartRefused, IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + SERVE_NANOS;
        Map<String, ClusterState> behind = behind(home);
        while (!behind.isEmpty() && System.nanoTime() - deadlineNs < 0) {
            Thread.sleep(POLL_MILLIS);
            behind = behind(home);
        }
        if (behind.isEmpty()) {
            return;
        }
        String words =
                behind.entrySet().stream()
                        .map(each -> each.getKey() + " is " + each.getValue().words())
                        .collect(Collectors.joining(", "));
        if (behind.values().stream().anyMatch(state -> state.stage() == Stage.JOINING)) {
            throw new StartRefused("The cluster does not serve: " + words + ".");
        }
        err.println("silkstone: The cluster does not serve all of its keys: " + words + ".");
    }

    /** The nodes that do not say yet that all is served, and what they say. */
    private Map<String, ClusterState> behind(ClusterHome home) throws StartRefused, IOException {
        Map<String, ClusterState> behind = new TreeMap<>();
        for (int number : children.keySet()) {
            String name = ClusterHome.name(number);
            RunningNode node =
                    home.running(number)
                            .orElseThrow(() -> new StartRefused(name + " ended by itself."));
            ClusterState state =
                    node.cluster().orElse(new ClusterState(Stage.JOINING, "in no cluster"));
            if (state.stage() != Stage.SERVING) {
                behind.put(name, state);
            }
        }
        return behind;
    }

    private void awaitEnd() throws StartRefused, InterruptedException {
        List<String> ended = new ArrayList<>();
        for (ChildNode child : children.values()) {
            if (!child.awaitEnd()) {
                ended.add(child.name());
            }
        }
        if (!ended.isEmpty()) {
            throw new StartRefused(
                    "Nobody had asked %s to end.".formatted(String.join(", ", ended)));
        }
    }

    /**
     * Ends what was started here, unless it is to stay; at every end of this process, and twice.
     */
    private void end() {
        if (!keep) {
            List<ChildNode> all = List.copyOf(children.values()).reversed();
            // The coordinator's node last, so that the others can still say that they go.
            all.stream().limit(Math.max(0, all.size() - 1)).forEach(ChildNode::ask);
            all.forEach(ChildNode::stop);
        }
        try {
            if (reports != null) {
                Home.removeTree(reports);
            }
        } catch (IOException e) {
            System.getLogger(ClusterStart.class.getName())
                    .log(System.Logger.Level.DEBUG, reports + " is not removed", e);
        }
    }
}
