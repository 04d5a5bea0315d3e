package io.silkstone.osgi;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The home of a cluster and the start script, used as an operator uses them. Closing ends the nodes
 * that there are.
 */
final class OperatedCluster implements AutoCloseable {
    /** Several nodes at once, on a machine that may do other things. */
    private static final Duration COMMAND_MAX = Duration.ofMinutes(5);

    private static final int TRIES = 100;
    private static final int TRANSPORT_OFFSET = 100;

    private final Workplace workplace = new Workplace("cluster");

    /** The ports of the log that several coordinators share: five for each. */
    private static final int LOG_OFFSET = 200;

    private static final int LOG_PORTS = 5;

    private final int nodes;
    private final int coordinators;
    private final int portBase;

    OperatedCluster(int nodes) throws IOException {
        this(nodes, 1);
    }

    OperatedCluster(int nodes, int coordinators) throws IOException {
        this.nodes = nodes;
        this.coordinators = coordinators;
        portBase = freePorts(nodes, coordinators == 1 ? 0 : LOG_PORTS * coordinators);
    }

    /** A base from which on all ports that the nodes need were free a moment ago. */
    private static int freePorts(int nodes, int logPorts) throws IOException {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            int base = ThreadLocalRandom.current().nextInt(10_000, 30_000);
            try {
                for (int port = base; port < base + nodes; port++) {
                    InetAddress here = InetAddress.getLoopbackAddress();
                    new ServerSocket(port, 1, here).close();
                    new DatagramSocket(new InetSocketAddress(here, port + TRANSPORT_OFFSET))
                            .close();
                }
                for (int port = 0; port < logPorts; port++) {
                    InetAddress here = InetAddress.getLoopbackAddress();
                    new ServerSocket(base + LOG_OFFSET + port, 1, here).close();
                    new DatagramSocket(new InetSocketAddress(here, base + LOG_OFFSET + port))
                            .close();
                }
                return base;
            } catch (IOException e) {
                // Somebody has one of them; the next base is drawn.
                continue;
            }
        }
        throw new IOException("no free ports in " + TRIES + " tries");
    }

    Workplace workplace() {
        return workplace;
    }

    /** The home that commands use where nobody names one. */
    Path home() {
        return workplace.folder().resolve("cluster");
    }

    Path home(int node) {
        return home().resolve("node-" + node);
    }

    int portBase() {
        return portBase;
    }

    int port(int node) {
        return portBase + node - 1;
    }

    /** What starts the cluster, without the script. */
    List<String> upWords() {
        return List.of(
                "up",
                "--nodes",
                Integer.toString(nodes),
                "--coordinators",
                Integer.toString(coordinators),
                "--port-base",
                Integer.toString(portBase));
    }

    /** Starts the nodes in the background. */
    Tool.Outcome up() throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(upWords());
        words.add("--detach");
        return command(words.toArray(String[]::new));
    }

    /** Runs one of the script's commands. */
    Tool.Outcome command(String... words) throws IOException, InterruptedException {
        return Tool.run(workplace, workplace.folder(), COMMAND_MAX, line(List.of(words)));
    }

    /** The command line for {@code words}; the default homes lie in the workplace. */
    List<String> line(List<String> words) {
        List<String> line = new ArrayList<>();
        line.addAll(List.of("/usr/bin/env", "-u", "SILKSTONE_HOME"));
        line.add("SILKSTONE_HOMES=" + workplace.folder());
        line.add(NodeProcess.checkout().resolve("silkstone").toString());
        line.addAll(words);
        return line;
    }

    /** The process of a node, if it runs. */
    Optional<ProcessHandle> process(int node) throws IOException {
        Path file = home(node).resolve("run/node.pid");
        return Files.exists(file)
                ? ProcessHandle.of(Long.parseLong(Files.readString(file).split(" ")[0]))
                : Optional.empty();
    }

    /** A node's log. */
    String log(int node) throws IOException {
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
