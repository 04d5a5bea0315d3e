package io.silkstone.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The home of a cluster and the start script, used as an operator uses them. Closing ends the nodes
 * that there are.
 */
public final class OperatedCluster implements AutoCloseable {
    private static final Pattern COORDINATOR = Pattern.compile("coordinator +aeron:[^ ]*?:(\\d+)");

    /** Several nodes at once, on a machine that may do other things. */
    private static final Duration COMMAND_MAX = Duration.ofMinutes(5);

    private final Workplace workplace = new Workplace("cluster");
    private final int nodes;
    private final List<String> upMore;
    private final int portBase;

    /**
     * Of {@code nodes} nodes, on ports that are free now; nothing is started.
     *
     * @param upMore further words of the command that starts it
     */
    public OperatedCluster(int nodes, String... upMore) throws IOException {
        this.nodes = nodes;
        portBase = Ports.freeForCluster(nodes);
        this.upMore = List.of(upMore);
    }

    /** Has nodes that are started from now on be such as {@link NodeProcess#BRIEF} says. */
    public void beBrief() throws IOException {
        for (int node = 1; node <= nodes; node++) {
            Path etc = Files.createDirectories(home(node).resolve("etc"));
            Files.writeString(etc.resolve("jvm.options"), NodeProcess.BRIEF);
        }
    }

    /** Files and processes of this cluster. */
    public Workplace workplace() {
        return workplace;
    }

    /** The home that commands use where nobody names one. */
    public Path home() {
        return workplace.folder().resolve("cluster");
    }

    /** The home of node {@code node}, from 1 on. */
    public Path home(int node) {
        return home().resolve("node-" + node);
    }

    /** Writes {@code text} to {@code etc/<pid>.cfg} of a node. */
    public void configure(int node, String pid, String text) throws IOException {
        Path etc = Files.createDirectories(home(node).resolve("etc"));
        Files.writeString(etc.resolve(pid + ".cfg"), text);
    }

    /** The first port of the first node. */
    public int portBase() {
        return portBase;
    }

    /** Where a node serves Redis clients. */
    public int port(int node) {
        return portBase + node - 1;
    }

    /** Where others reach a node's transport. */
    public String address(int node) {
        return "aeron:127.0.0.1:" + (port(node) + Ports.TRANSPORT_OFFSET);
    }

    /**
     * The node whose coordinator leads, as node {@code asked} has last met it.
     *
     * @throws IllegalStateException when it has met none; the message is what it says instead
     */
    public int leader(int asked) throws IOException, InterruptedException {
        String asks = home(asked).toString();
        Tool.Outcome status = command("shell", "--home", asks, "-c", "cluster:status");
        Matcher matcher = COORDINATOR.matcher(status.output());
        for (int node = 1; matcher.find() && node <= nodes; node++) {
            if (address(node).endsWith(":" + matcher.group(1))) {
                return node;
            }
            matcher.reset();
        }
        throw new IllegalStateException("no node leads: " + status.output());
    }

    /** What starts the cluster, without the script. */
    public List<String> upWords() {
        List<String> words = new ArrayList<>();
        words.addAll(List.of("up", "--nodes", Integer.toString(nodes)));
        words.addAll(List.of("--port-base", Integer.toString(portBase)));
        words.addAll(upMore);
        return words;
    }

    /** Starts the nodes in the background. */
    public Tool.Outcome up() throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(upWords());
        words.add("--detach");
        return command(words.toArray(String[]::new));
    }

    /** Runs one of the script's commands. */
    public Tool.Outcome command(String... words) throws IOException, InterruptedException {
        return Tool.run(workplace, workplace.folder(), COMMAND_MAX, line(List.of(words)));
    }

    /** The command line for {@code words}; the default homes lie in the workplace. */
    public List<String> line(List<String> words) {
        List<String> line = new ArrayList<>();
        line.addAll(List.of("/usr/bin/env", "-u", "SILKSTONE_HOME"));
        line.add("SILKSTONE_HOMES=" + workplace.folder());
        line.add(NodeProcess.checkout().resolve("silkstone").toString());
        line.addAll(words);
        return line;
    }

    /** The process of a node, if it runs. */
    public Optional<ProcessHandle> process(int node) throws IOException {
        Path file = home(node).resolve("run/node.pid");
        return Files.exists(file)
                ? ProcessHandle.of(Long.parseLong(Files.readString(file).split(" ")[0]))
                : Optional.empty();
    }

    /** A node's log. */
    public String log(int node) throws IOException {
        return Files.readString(home(node).resolve("logs/silkstone.log"));
    }

    @Override
    public void close() throws IOException {
        for (int node = 1; node <= nodes; node++) {
            Optional<ProcessHandle> process = process(node);
            process.ifPresent(ProcessHandle::destroyForcibly);
            process.ifPresent(ended -> ended.onExit().join());
        }
        workplace.close();
    }
}
