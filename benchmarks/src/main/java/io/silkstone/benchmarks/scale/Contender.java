package io.silkstone.benchmarks.scale;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.ask.Asker;
import io.silkstone.benchmarks.ask.ClusterAsker;
import io.silkstone.benchmarks.ask.RedisSockets;
import io.silkstone.benchmarks.measure.Compilers;
import io.silkstone.benchmarks.measure.CpuClock;
import io.silkstone.benchmarks.operator.ControlSession;
import io.silkstone.harness.ClusterProcesses;
import io.silkstone.harness.Workplace;
import io.silkstone.transport.aeron.AeronOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Some processes that are one store, and a client that asks them. */
final class Contender {
    private static final String SENT = "transport.aeron.sent_total";
    private static final String RECEIVED = "transport.aeron.received_total";
    private static final double NANOS_PER_SECOND = 1e9;

    private final String prefix;
    private final List<Long> pids;
    private final Asker asker;
    private final List<ControlSession> sessions = new ArrayList<>();

    /** In the order in which they were opened. */
    private final List<AutoCloseable> open = new ArrayList<>();

    private Contender(String prefix, List<Long> pids, AutoCloseable processes, Asker asker) {
        this.prefix = prefix;
        this.pids = pids;
        this.asker = asker;
        open.add(processes);
        open.add(asker);
    }

    /** A cluster of nodes, asked by the Java client. */
    static Contender silkstone(Workplace workplace, List<String> bound, int nodes, int keys)
            throws IOException, InterruptedException, BenchmarkFailed {
        ClusterProcesses cluster = ClusterProcesses.start(workplace, bound, nodes);
        ClusterAsker asker = new ClusterAsker(cluster.seed(), AeronOptions.Route.AUTO, keys);
        Contender contender = new Contender("", cluster.pids(), cluster, asker);
        asker.fill();
        for (Path home : cluster.homes()) {
            ControlSession session = new ControlSession(home);
            contender.sessions.add(session);
            contender.open.add(session);
        }
        return contender;
    }

    /** A Redis Cluster, asked by a raw client. */
    static Contender redis(Workplace workplace, List<String> bound, int nodes, int keys)
            throws IOException, InterruptedException, BenchmarkFailed {
        RedisCluster cluster = RedisCluster.start(workplace, bound, nodes);
        Asker asker = new RedisSockets("Redis Cluster", cluster.ports(), keys);
        return new Contender("redis_", cluster.pids(), cluster, asker);
    }

    /** What its figures' keys begin with. */
    String prefix() {
        return prefix;
    }

    int nodes() {
        return pids.size();
    }

    Asker asker() {
        return asker;
    }

    /** Whether its nodes count their messages. */
    boolean countsMessages() {
        return !sessions.isEmpty();
    }

    /**
     * Messages that its nodes have sent and received so far: a request and its reply are two. One
     * from node to node counts twice.
     */
    long messages() throws IOException, BenchmarkFailed {
        long messages = 0;
        for (ControlSession session : sessions) {
            Map<String, Long> metrics = session.metrics("transport.aeron");
            if (!metrics.keySet().containsAll(List.of(SENT, RECEIVED))) {
                throw new BenchmarkFailed("a node does not count its messages: " + metrics);
            }
            messages += metrics.get(SENT) + metrics.get(RECEIVED);
        }
        return messages;
    }

    /** Maps of the cluster that the client has fetched so far; 0 where it needs none. */
    long mapsFetched() throws BenchmarkFailed {
        return asker instanceof ClusterAsker client
                ? client.counted("client.maps.fetched_total")
                : 0;
    }

    /** CPU time that its processes have used so far, of all threads that they have and had. */
    double cpuSeconds() throws BenchmarkFailed {
        long nanos = 0;
        for (long pid : pids) {
            OptionalLong used = CpuClock.nanos(pid);
            if (used.isEmpty()) {
                throw new BenchmarkFailed("process " + pid + " has ended");
            }
            nanos += used.getAsLong();
        }
        return nanos / NANOS_PER_SECOND;
    }

    /** What the compilers of its JVMs, if there are any, have done so far. */
    List<Compilers> compilers() {
        return pids.stream().map(Compilers::of).toList();
    }

    /** CPU time that its JVMs' compilers have used since {@code before}. */
    double compilerSecondsSince(List<Compilers> before) {
        List<Compilers> now = compilers();
        double seconds = 0;
        for (int index = 0; index < now.size(); index++) {
            seconds += now.get(index).secondsSince(before.get(index));
        }
        return seconds;
    }

    /** Whether one of its compilers has ended since {@code before}: nobody knows what that used. */
    boolean hasLostCompilersSince(List<Compilers> before) {
        List<Compilers> now = compilers();
        boolean lost = false;
        for (int index = 0; index < now.size(); index++) {
            lost |= now.get(index).lacksAnyOf(before.get(index));
        }
        return lost;
    }

    /** Ends client and processes. */
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }
}
