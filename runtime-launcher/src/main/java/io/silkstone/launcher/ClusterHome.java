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
 * any other, and {@code cluster.properties} remembers how many there are, how many of them, from
 * the first on, run a coordinator, and from which port on.
 *
 * @param root the directory
 * @param nodes how many nodes
 * @param coordinators how many run a coordinator: 1, 3 or 5
 * @param portBase the first port of node 1; each further node begins one higher
 */
record ClusterHome(Path root, int nodes, int coordinators, int portBase) {
    static final String FILE = "cluster.properties";

    private static final String NODES = "nodes";
    private static final String COORDINATORS = "coordinators";
    private static final String PORT_BASE = "port.base";

    /** From a node's first port to the one of its transport, as the transport has it by default. */
    private static final int TRANSPORT_OFFSET = 100;

    /** The same to the ports of the log that coordinators share. */
    private static final int LOG_OFFSET = 200;

    /** Ports that a member of such a log has, one after the other. */
    private static final int LOG_PORTS = 5;

    private static final int PORT_MAX = 65_535;

    /** With one coordinator. */
    ClusterHome(Path root, int nodes, int portBase) {
        this(root, nodes, 1, portBase);
    }

    /** The cluster whose home {@code root} is, if it is one. */
    static Optional<ClusterHome> find(Path root) throws StartRefused {
        Path file = root.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Properties properties = NodeSettings.properties(file);
        int nodes = number(properties, NODES);
        int portBase = number(properties, PORT_BASE);
        int coordinators =
                properties.containsKey(COORDINATORS) ? number(properties, COORDINATORS) : 1;
        boolean isSound =
                nodes >= 1
                        && nodes <= Arguments.NODES_MAX
                        && List.of(1, 3, 5).contains(coordinators)
                        && coordinators <= nodes
                        && portBase >= 1
                        && portBase <= portBaseMax(nodes, coordinators);
        if (!isSound) {
            throw new StartRefused(
                    ("%s must have the numbers %s, from 1 to %d, %s, which is 1, 3 or 5 and no"
                                    + " more than that, and %s, from 1 to %d: restore it, or take"
                                    + " another home.")
                            .formatted(
                                    file,
                                    NODES,
                                    Arguments.NODES_MAX,
                                    COORDINATORS,
                                    PORT_BASE,
                                    Arguments.PORT_BASE_MAX));
        }
        return Optional.of(new ClusterHome(root, nodes, coordinators, portBase));
    }

    /** A number of the file; -1, which none of them can be, when there is none. */
    private static int number(Properties properties, String key) {
        String text = properties.getProperty(key, "").strip();
        return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    }

    /** The highest first port with which {@code nodes} nodes have all of theirs. */
    private static int portBaseMax(int nodes, int coordinators) {
        int last = TRANSPORT_OFFSET + nodes - 1;
        if (coordinators > 1) {
            last = LOG_OFFSET + LOG_PORTS * coordinators - 1;
        }
        return Math.min(Arguments.PORT_BASE_MAX, PORT_MAX - last);
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
        OptionalInt coordinators = arguments.coordinators();
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
            if (coordinators.orElse(home.coordinators) != home.coordinators) {
                throw new StartRefused(
                        ("--home %s holds a cluster whose coordinators are %d: docs/operating/"
                                        + "cluster.md says how to change that.")
                                .formatted(root, home.coordinators));
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
                        root,
                        nodes.orElse(1),
                        coordinators.orElse(1),
                        portBase.orElse(arguments.portBaseOtherwise()));
        if (fresh.coordinators > fresh.nodes) {
            throw new StartRefused(
                    "%d coordinators need as many nodes: --nodes was %d."
                            .formatted(fresh.coordinators, fresh.nodes));
        }
        int portBaseMax = portBaseMax(fresh.nodes, fresh.coordinators);
        if (fresh.portBase > portBaseMax) {
            throw new StartRefused(
                    "%d nodes have ports up to 65535 with --port-base %d at most, was %d."
                            .formatted(fresh.nodes, portBaseMax, fresh.portBase));
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

    /** Whether node {@code number} runs a coordinator unless its operator says otherwise. */
    boolean coordinates(int number) {
        return number <= coordinators;
    }

    /** The first port of node {@code number} for the log that coordinators share. */
    int logPort(int number) {
        return portBase + LOG_OFFSET + LOG_PORTS * (number - 1);
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
                        "# The cluster of this home, written when it was made.\n"
                                + "%s = %d\n%s = %d\n%s = %d\n";
                Files.writeString(
                        root.resolve(FILE),
                        text.formatted(
                                NODES, nodes, COORDINATORS, coordinators, PORT_BASE, portBase));
            }
        } catch (IOException e) {
            throw new StartRefused(
                    "--home %s cannot be written: %s.".formatted(root, Home.reason(e)), e);
        }
    }
}
