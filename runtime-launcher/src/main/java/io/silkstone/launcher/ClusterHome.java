package io.silkstone.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;

/**
 * The home of a cluster on this machine: {@code node-1} to {@code node-N} are homes of nodes like
 * any other, and {@code cluster.properties} remembers how many there are and from which port on.
 * Node 1 runs the coordinator.
 *
 * @param root the directory
 * @param nodes how many nodes
 * @param portBase the first port of node 1; each further node begins one higher
 */
record ClusterHome(Path root, int nodes, int portBase) {
    static final String FILE = "cluster.properties";

    private static final String NODES = "nodes";
    private static final String PORT_BASE = "port.base";

    /** From a node's first port to the one of its transport, as the transport has it by default. */
    private static final int TRANSPORT_OFFSET = 100;

    private static final int PORT_MAX = 65_535;

    /** The cluster whose home {@code root} is, if it is one. */
    static Optional<ClusterHome> find(Path root) throws StartRefused {
        Path file = root.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Properties properties = NodeSettings.properties(file);
        int nodes = number(properties, NODES);
        int portBase = number(properties, PORT_BASE);
        boolean isSound =
                nodes >= 1
                        && nodes <= Arguments.NODES_MAX
                        && portBase >= 1
                        && portBase <= portBaseMax(nodes);
        if (!isSound) {
            throw new StartRefused(
                    ("%s must have the numbers %s, from 1 to %d, and %s, from 1 to %d: restore it,"
                                    + " or take another home.")
                            .formatted(
                                    file,
                                    NODES,
                                    Arguments.NODES_MAX,
                                    PORT_BASE,
                                    Arguments.PORT_BASE_MAX));
        }
        return Optional.of(new ClusterHome(root, nodes, portBase));
    }

    /** A number of the file; -1, which none of them can be, when there is none. */
    private static int number(Properties properties, String key) {
        String text = properties.getProperty(key, "").strip();
        return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    }

    /** The highest first port with which {@code nodes} nodes have all of theirs. */
    private static int portBaseMax(int nodes) {
        return Math.min(Arguments.PORT_BASE_MAX, PORT_MAX - TRANSPORT_OFFSET - nodes + 1);
    }

    /**
     * The cluster that {@code arguments} want started: the one whose home that is, or a new one.
     *
     * @throws StartRefused when the home is another cluster's, or a node's, or ports would be
     *     beyond the last
     */
    static ClusterHome wanted(Arguments arguments) throws StartRefused {
        Path root = arguments.home();
        OptionalInt nodes = arguments.nodes();
        OptionalInt portBase = arguments.portBase();
        Optional<ClusterHome> found = find(root);
        if (found.isPresent()) {
            ClusterHome home = found.get();
            if (nodes.orElse(home.nodes) != home.nodes
                    || portBase.orElse(home.portBase) != home.portBase) {
                throw new StartRefused(
                        ("--home %s holds a cluster of %d nodes from port %d, which stays as it is:"
                                        + " start that one, or give a new cluster another home.")
                                .formatted(root, home.nodes, home.portBase));
            }
            return home;
        }
        if (Files.exists(root.resolve("etc"))) {
            throw new StartRefused(
                    "--home %s is the home of one node: give the cluster another one."
                            .formatted(root));
        }
        ClusterHome fresh =
                new ClusterHome(
                        root, nodes.orElse(1), portBase.orElse(arguments.portBaseOtherwise()));
        if (fresh.portBase > portBaseMax(fresh.nodes)) {
            throw new StartRefused(
                    "%d nodes have ports up to 65535 with --port-base %d at most, was %d."
                            .formatted(fresh.nodes, portBaseMax(fresh.nodes), fresh.portBase));
        }
        return fresh;
    }

    /** From 1 to {@link #nodes}. */
    List<Integer> numbers() {
        List<Integer> numbers = new ArrayList<>();
        for (int number = 1; number <= nodes; number++) {
            numbers.add(number);
        }
        return numbers;
    }

    static String name(int number) {
        return "node-" + number;
    }

    Path node(int number) {
        return root.resolve(name(number));
    }

    /** Where node {@code number} serves Redis clients unless its operator says otherwise. */
    int port(int number) {
        return portBase + number - 1;
    }

    /** Where others reach node {@code number} by UDP unless its operator says otherwise. */
    int transportPort(int number) {
        return port(number) + TRANSPORT_OFFSET;
    }

    /** The node of that number, if it runs. */
    Optional<RunningNode> running(int number) {
        return RunningNode.find(node(number));
    }

    /** Remembers the cluster. */
    void write() throws StartRefused {
        try {
            Files.createDirectories(root);
            if (!Files.exists(root.resolve(FILE))) {
                String text =
                        "# The cluster of this home, written when it was made.\n%s = %d\n%s = %d\n";
                Files.writeString(
                        root.resolve(FILE), text.formatted(NODES, nodes, PORT_BASE, portBase));
            }
        } catch (IOException e) {
            throw new StartRefused(
                    "--home %s cannot be written: %s.".formatted(root, Home.reason(e)), e);
        }
    }
}
