package io.silkstone.benchmarks.write;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.harness.ClusterProcesses;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.ServerProcess;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** A cluster of which one node has every key, and all others have a replica of each write. */
final class ReplicatedNodes implements ServerProcess {
    private static final String MASTER = "io.silkstone.store.master";
    private static final String MEMBERSHIP = "io.silkstone.store.membership";

    private final ClusterProcesses nodes;
    private final int replicas;

    /** Which of the nodes has the keys. */
    private final int owner;

    private ReplicatedNodes(ClusterProcesses nodes, int replicas, int owner) {
        this.nodes = nodes;
        this.replicas = replicas;
        this.owner = owner;
    }

    /**
     * Starts as many nodes as it takes.
     *
     * @param keeping when a backup says that it has a replica
     */
    static ReplicatedNodes start(Workplace workplace, int replicas, Keeping keeping)
            throws IOException, InterruptedException, BenchmarkFailed {
        ClusterProcesses nodes =
                ClusterProcesses.start(
                        workplace,
                        List.of(),
                        replicas + 1,
                        Map.of(
                                MASTER,
                                keeping.memory(),
                                MEMBERSHIP,
                                "backup.flush = " + keeping.name() + "\n"),
                        "table.replicas = " + replicas + "\ntablets.first = 1\n");
        try {
            return new ReplicatedNodes(nodes, replicas, owner(nodes));
        } catch (IOException | BenchmarkFailed e) {
            nodes.close();
            throw e;
        }
    }

    private static int owner(ClusterProcesses nodes) throws IOException, BenchmarkFailed {
        List<Integer> ports = nodes.ports();
        for (int node = 0; node < ports.size(); node++) {
            try (RespConnection connection = new RespConnection(ports.get(node))) {
                if (!(connection.call("GET", "any") instanceof RespConnection.Failure)) {
                    return node;
                }
            }
        }
        throw new BenchmarkFailed("no node of the cluster has the keys");
    }

    @Override
    public String name() {
        return "silkstone, " + replicas + " replicas";
    }

    @Override
    public int port() {
        return nodes.ports().get(owner);
    }

    @Override
    public long pid() {
        try {
            return nodes.pids().get(owner);
        } catch (IOException e) {
            throw new IllegalStateException("a node has gone: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        nodes.close();
    }
}
