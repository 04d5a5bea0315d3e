package io.silkstone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.Tool;
import io.silkstone.javaclient.SilkstoneClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Three nodes in processes of their own, to be killed, and a client of them. One thread. */
final class KilledNodes implements AutoCloseable {
    static final int COUNT = 3;

    /** A machine that runs several builds may stop a process for longer than a second. */
    static final int LEASE_MS = 4_000;

    private static final long WAIT_NANOS_MAX = Duration.ofMinutes(2).toNanos();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    final OperatedCluster cluster;
    private final SilkstoneClient client;

    /**
     * Starts them.
     *
     * @param coordinators how many of them have one
     */
    KilledNodes(int coordinators) throws Exception {
        this(coordinators, "");
    }

    /** As the other, where coordinators are configured with {@code more} lines. */
    KilledNodes(int coordinators, String more) throws Exception {
        cluster = new OperatedCluster(COUNT, "--coordinators", Integer.toString(coordinators));
        cluster.beBrief();
        for (int node = 1; node <= COUNT; node++) {
            if (node <= coordinators) {
                cluster.configure(
                        node,
                        "io.silkstone.coordinator.service",
                        ("enabled = true\nlog = %s\nservers.first = %d\nserver.lease.ms = %d\n"
                                        + "table.replicas = 0\n%s")
                                .formatted(
                                        coordinators == 1 ? "local" : "aeron-cluster",
                                        COUNT,
                                        LEASE_MS,
                                        more));
            }
            cluster.configure(
                    node,
                    "io.silkstone.store.master",
                    "memory.bytes = 134217728\nmemory.prefault.bytes = 0\n");
            // A policy that does not answer in time on a busy machine is not what is tested here.
            cluster.configure(node, "io.silkstone.threads.runtime", "policy.limit.ms = 60000\n");
        }
        try {
            up();
            client =
                    SilkstoneClient.builder(
                                    cluster.address(1), cluster.address(2), cluster.address(3))
                            .timeout(PATIENCE)
                            .connect();
        } catch (Exception | AssertionError e) {
            cluster.close();
            throw e;
        }
    }

    SilkstoneClient client() {
        return client;
    }

    ClusterMap map() {
        return client.store().refreshMap();
    }

    /** Starts what does not run. */
    void up() throws IOException, InterruptedException {
        Tool.Outcome outcome = cluster.up();
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
    }

    String said(String command) throws IOException, InterruptedException {
        Tool.Outcome outcome = cluster.command("shell", "-c", command);
        assertThat(outcome.succeeded()).as(command + ": " + outcome.output()).isTrue();
        return outcome.output();
    }

    /** Sends SIGKILL to all of them, and then waits for their ends. */
    void kill(int... nodes) throws Exception {
        List<ProcessHandle> processes = new ArrayList<>();
        for (int node : nodes) {
            processes.add(cluster.process(node).orElseThrow());
        }
        processes.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : processes) {
            process.onExit().get(60, TimeUnit.SECONDS);
        }
    }

    /** Has a node do nothing more until it is killed. */
    void haveStandStill(int node) throws IOException, InterruptedException {
        String pid = Long.toString(cluster.process(node).orElseThrow().pid());
        Tool.Outcome outcome =
                Tool.run(
                        cluster.workplace(),
                        cluster.home(node),
                        PATIENCE,
                        List.of("kill", "-STOP", pid));
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
    }

    /** Which server a node is now. */
    ServerId server(int node) {
        String address = cluster.address(node) + "?";
        return map().servers().stream()
                .filter(each -> each.up() && each.address().startsWith(address))
                .findFirst()
                .orElseThrow()
                .id();
    }

    /** Which node a server is that is up. */
    int node(ServerId server) {
        for (int node = 1; node <= COUNT; node++) {
            if (map().server(server).address().startsWith(cluster.address(node) + "?")) {
                return node;
            }
        }
        throw new AssertionError("no node is server " + server);
    }

    /** The tablet of a table that has only one. */
    Tablet tablet(String table) {
        ClusterMap map = map();
        return map.tablet(map.table(table).id(), 0);
    }

    void await(String what, Predicate<ClusterMap> wanted) throws InterruptedException {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        ClusterMap map = map();
        while (!wanted.test(map)) {
            assertThat(System.nanoTime() - deadline).as("%s: %s", what, map.tablets()).isNegative();
            Thread.sleep(10);
            map = map();
        }
    }

    /** Waits until every tablet of tables that have replicas is served. */
    void awaitServed() throws InterruptedException {
        await("everything is served", KilledNodes::isAllServed);
    }

    private static boolean isAllServed(ClusterMap map) {
        return map.tablets().stream()
                .filter(each -> hasReplicas(map, each))
                .allMatch(each -> each.state() == TabletState.NORMAL);
    }

    private static boolean hasReplicas(ClusterMap map, Tablet tablet) {
        return map.tables().stream()
                .anyMatch(each -> each.id() == tablet.table() && each.replicas() > 0);
    }

    /** Waits until each of {@code all} has changed {@code more} keys. */
    static void awaitChanges(List<Promises> all, long more) throws InterruptedException {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        for (Promises each : all) {
            long wanted = each.changes() + more;
            while (each.changes() < wanted) {
                assertThat(System.nanoTime() - deadline).as("changes").isNegative();
                Thread.sleep(1);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            client.close();
        } finally {
            cluster.close();
        }
    }
}
