package io.silkstone.clients;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Ports;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Two nodes that form a cluster, the first with the coordinator. The second passes on what it has
 * not got.
 */
final class SmallCluster implements AutoCloseable {
    private static final int SERVERS = 2;
    private static final long FORMED_NANOS_MAX = Duration.ofMinutes(3).toNanos();
    private static final String SMALL = "memory.bytes = 67108864\nmemory.prefault.bytes = 0\n";

    private final Workplace workplace = new Workplace("cluster");
    private final List<NodeProcess> nodes = new ArrayList<>();

    /** Starts it, and waits until every slot is served. */
    static SmallCluster start() throws IOException, InterruptedException {
        SmallCluster cluster = new SmallCluster();
        try {
            String coordinator = null;
            for (int number = 1; number <= SERVERS; number++) {
                int port = Ports.free();
                coordinator = coordinator == null ? "aeron:127.0.0.1:" + port : coordinator;
                cluster.nodes.add(
                        NodeProcess.start(
                                cluster.workplace,
                                List.of(),
                                configuration(number, port, coordinator)));
            }
            cluster.awaitAllSlots();
            return cluster;
        } catch (IOException | InterruptedException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private static Map<String, String> configuration(int number, int port, String coordinator) {
        Map<String, String> files = new HashMap<>();
        files.put("io.silkstone.store.master", SMALL);
        files.put("io.silkstone.transport-aeron.transport", "port = " + port + "\n");
        files.put("io.silkstone.rpc.cluster", "coordinators = " + coordinator + "\n");
        if (number == 1) {
            // A loaded machine must not let a lease run out.
            files.put(
                    "io.silkstone.coordinator.service",
                    "enabled = true\nserver.lease.ms = 10000\nservers.first = " + SERVERS + "\n");
        } else {
            files.put("io.silkstone.gateway.redis", "cluster.proxy = true\n");
        }
        return files;
    }

    private void awaitAllSlots() throws IOException {
        long deadline = System.nanoTime() + FORMED_NANOS_MAX;
        for (NodeProcess node : nodes) {
            try (RespConnection connection = new RespConnection(node.port())) {
                String info = "";
                while (!info.contains("cluster_state:ok")) {
                    if (System.nanoTime() - deadline > 0) {
                        throw new IOException("node " + node.port() + " still says " + info);
                    }
                    info = String.valueOf(connection.call("CLUSTER", "INFO"));
                }
            }
        }
    }

    /** Where Redis clients of a node come; the first is 0. */
    int port(int node) {
        return nodes.get(node).port();
    }

    /** The first node, which redirects. */
    int redirecting() {
        return port(0);
    }

    /** The second node, which passes requests on. */
    int passing() {
        return port(1);
    }

    @Override
    public void close() {
        nodes.forEach(NodeProcess::close);
        workplace.close();
    }
}
