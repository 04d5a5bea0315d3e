package io.silkstone.benchmarks.scale;

import io.silkstone.api.store.Key;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.ask.RedisSockets;
import io.silkstone.harness.Ports;
import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Processes of redis-server 7 that are one Redis Cluster without replicas. */
public final class RedisCluster implements AutoCloseable {
    private static final long FORMED_NANOS_MAX = 60_000_000_000L;
    private static final long LOOK_MILLIS = 50;

    private final List<RedisProcess> servers = new ArrayList<>();
    private final List<Integer> busPorts = new ArrayList<>();

    private RedisCluster() {}

    /**
     * Starts {@code nodes} servers, divides the slots among them as {@link RedisSockets#firstSlot}
     * has it, and waits until all of them know that.
     */
    public static RedisCluster start(Workplace workplace, List<String> prefix, int nodes)
            throws IOException, InterruptedException, BenchmarkFailed {
        RedisCluster cluster = new RedisCluster();
        try {
            for (int index = 0; index < nodes; index++) {
                cluster.add(workplace, prefix);
            }
            for (int index = 0; index < nodes; index++) {
                cluster.introduce(index);
            }
            for (RedisProcess server : cluster.servers) {
                awaitFormed(server, nodes);
            }
            return cluster;
        } catch (IOException | InterruptedException | BenchmarkFailed e) {
            cluster.close();
            throw e;
        }
    }

    private void add(Workplace workplace, List<String> prefix)
            throws IOException, InterruptedException {
        int busPort = Ports.free();
        List<String> settings =
                List.of("--cluster-enabled", "yes", "--cluster-port", Integer.toString(busPort));
        servers.add(RedisProcess.start(workplace, "redis-node", prefix, settings));
        busPorts.add(busPort);
    }

    /** Gives server {@code index} its slots, and tells it where the first one is. */
    private void introduce(int index) throws IOException, BenchmarkFailed {
        int first = RedisSockets.firstSlot(index, servers.size());
        int last = RedisSockets.firstSlot(index + 1, servers.size()) - 1;
        try (RespConnection connection = new RespConnection(servers.get(index).port())) {
            done(connection, "SET-CONFIG-EPOCH", Integer.toString(index + 1));
            done(connection, "ADDSLOTSRANGE", Integer.toString(first), Integer.toString(last));
            if (index > 0) {
                String port = Integer.toString(servers.get(0).port());
                done(connection, "MEET", "127.0.0.1", port, Integer.toString(busPorts.get(0)));
            }
        }
    }

    private static void done(RespConnection connection, String... words)
            throws IOException, BenchmarkFailed {
        List<String> command = new ArrayList<>(List.of("CLUSTER"));
        command.addAll(List.of(words));
        Object reply = connection.call(command.toArray(String[]::new));
        if (!"OK".equals(reply)) {
            throw new BenchmarkFailed("redis-server answered " + command + " with " + reply);
        }
    }

    private static void awaitFormed(RedisProcess server, int nodes)
            throws IOException, InterruptedException, BenchmarkFailed {
        List<String> wanted =
                List.of(
                        "cluster_state:ok",
                        "cluster_slots_ok:" + Key.SLOTS,
                        "cluster_size:" + nodes);
        long deadline = System.nanoTime() + FORMED_NANOS_MAX;
        try (RespConnection connection = new RespConnection(server.port())) {
            String info = "";
            while (!wanted.stream().allMatch(info::contains)) {
                if (System.nanoTime() - deadline > 0) {
                    throw new BenchmarkFailed("Redis Cluster is not formed: " + info);
                }
                Thread.sleep(LOOK_MILLIS);
                info = String.valueOf(connection.call("CLUSTER", "INFO"));
            }
        }
    }

    /** Where clients are served, a port for each server. */
    public List<Integer> ports() {
        return servers.stream().map(RedisProcess::port).toList();
    }

    List<Long> pids() {
        return servers.stream().map(RedisProcess::pid).toList();
    }

    @Override
    public void close() {
        servers.forEach(RedisProcess::close);
    }
}
