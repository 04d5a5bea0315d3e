package io.silkstone.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Nodes that are one cluster, each in a process, started by the script as an operator does it. */
public final class ClusterProcesses implements AutoCloseable {
    private static final String COORDINATOR = "io.silkstone.coordinator.service";
    private static final String NO_REPLICAS = "table.replicas = 0\n";

    private final Workplace workplace;
    private final Path home;
    private final int nodes;
    private final int portBase;
    private final Process process;

    private ClusterProcesses(
            Workplace workplace, Path home, int nodes, int portBase, Process process) {
        this.workplace = workplace;
        this.home = home;
        this.nodes = nodes;
        this.portBase = portBase;
        this.process = process;
    }

    /**
     * Starts {@code nodes} of them with fresh homes and waits until all keys are served. Their
     * tables have no replicas unless it is said, as those of most that they are measured beside.
     *
     * @param prefix words before the command, such as a pinning to a processor
     */
    public static ClusterProcesses start(Workplace workplace, List<String> prefix, int nodes)
            throws IOException, InterruptedException {
        return start(workplace, prefix, nodes, Map.of(), NO_REPLICAS);
    }

    /**
     * As the other.
     *
     * @param configuration contents of {@code etc/PID.cfg} of each node, by PID
     */
    public static ClusterProcesses start(
            Workplace workplace, List<String> prefix, int nodes, Map<String, String> configuration)
            throws IOException, InterruptedException {
        return start(workplace, prefix, nodes, configuration, NO_REPLICAS);
    }

    /**
     * As the others.
     *
     * @param coordinator further lines of the coordinator's configuration
     */
    public static ClusterProcesses start(
            Workplace workplace,
            List<String> prefix,
            int nodes,
            Map<String, String> configuration,
            String coordinator)
            throws IOException, InterruptedException {
        int portBase = Ports.freeForCluster(nodes);
        Path home = workplace.newFolder("cluster-" + portBase);
        for (int node = 1; node <= nodes; node++) {
            Path etc = Files.createDirectories(home.resolve("node-" + node).resolve("etc"));
            for (Map.Entry<String, String> each : configuration.entrySet()) {
                Files.writeString(etc.resolve(each.getKey() + ".cfg"), each.getValue());
            }
        }
        if (nodes > 1) {
            Files.writeString(
                    home.resolve("node-1/etc/" + COORDINATOR + ".cfg"),
                    "enabled = true\nservers.first = " + nodes + "\n" + coordinator);
        }
        List<String> words =
                List.of(
                        "--nodes",
                        Integer.toString(nodes),
                        "--port-base",
                        Integer.toString(portBase));
        // It says where they listen when all keys are served, and not before.
        String said = "node-" + nodes + " redis 127.0.0.1:";
        Process process =
                NodeProcess.up(workplace, home, prefix, words, output -> output.contains(said));
        return new ClusterProcesses(workplace, home, nodes, portBase, process);
    }

    /** The homes of the nodes. */
    public List<Path> homes() {
        List<Path> homes = new ArrayList<>();
        for (int node = 1; node <= nodes; node++) {
            homes.add(home.resolve("node-" + node));
        }
        return homes;
    }

    /** The Java processes of the nodes. */
    public List<Long> pids() throws IOException {
        List<Long> pids = new ArrayList<>();
        for (Path each : homes()) {
            String file = Files.readString(each.resolve("run").resolve("node.pid"));
            pids.add(Long.parseLong(file.split(" ")[0]));
        }
        return pids;
    }

    /** Where Redis clients are served, a port for each node. */
    public List<Integer> ports() {
        return IntStream.range(portBase, portBase + nodes).boxed().toList();
    }

    /** Where Java clients begin: the address of the first node, which has the coordinator. */
    public String seed() {
        return "aeron:127.0.0.1:" + (portBase + Ports.TRANSPORT_OFFSET);
    }

    /** Ends all nodes. */
    @Override
    public void close() {
        workplace.end(process);
    }
}
