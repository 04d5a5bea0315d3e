package io.silkstone.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/** The nodes of a cluster as processes that can be killed and stopped. */
final class Nodes implements AutoCloseable {
    static final int COUNT = 3;

    private static final Duration SIGNAL_MAX = Duration.ofSeconds(30);

    private final OperatedCluster cluster;

    /**
     * Starts them; what each holds is nowhere else.
     *
     * @param isShared whether each has a coordinator
     */
    Nodes(boolean isShared) throws IOException, InterruptedException {
        cluster =
                isShared
                        ? new OperatedCluster(COUNT, "--coordinators", Integer.toString(COUNT))
                        : new OperatedCluster(COUNT);
        for (int node = 1; node <= (isShared ? COUNT : 1); node++) {
            cluster.configure(
                    node,
                    "io.silkstone.coordinator.service",
                    "enabled = true\nlog = %s\nservers.first = %d\ntable.replicas = 0\n"
                            .formatted(isShared ? "aeron-cluster" : "local", COUNT));
        }
        Tool.Outcome up = cluster.up();
        assertThat(up.succeeded()).as(up.output()).isTrue();
    }

    int port(int node) {
        return cluster.port(node);
    }

    /** Node by the port of its Redis clients. */
    Map<Integer, Integer> byPort() {
        Map<Integer, Integer> nodes = new TreeMap<>();
        for (int node = 1; node <= COUNT; node++) {
            nodes.put(cluster.port(node), node);
        }
        return nodes;
    }

    /** Where the nodes' transports are. */
    String[] addresses() {
        String[] addresses = new String[COUNT];
        for (int node = 1; node <= COUNT; node++) {
            addresses[node - 1] = cluster.address(node);
        }
        return addresses;
    }

    /** Which Redis slots are the node's. */
    IntPredicate slots(int node) throws IOException {
        try (RespConnection connection = new RespConnection(cluster.port(1))) {
            List<?> ranges = (List<?>) connection.call("CLUSTER", "SLOTS");
            return slot -> ranges.stream().anyMatch(range -> isOf((List<?>) range, slot, node));
        }
    }

    private boolean isOf(List<?> range, int slot, int node) {
        long port = (Long) ((List<?>) range.get(2)).get(1);
        boolean contains = (Long) range.get(0) <= slot && slot <= (Long) range.get(1);
        return contains && port == cluster.port(node);
    }

    /** See {@link OperatedCluster#leader}. */
    int leader(int asked) throws IOException, InterruptedException {
        return cluster.leader(asked);
    }

    /** Removes what the coordinator of a node that does not run has written. */
    void loseLog(int node) throws IOException {
        Path directory = cluster.home(node).resolve("data/coordinator-log");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Sends SIGKILL, and waits for the end. */
    void kill(int node) throws Exception {
        ProcessHandle process = process(node);
        process.destroyForcibly();
        process.onExit().get(SIGNAL_MAX.toSeconds(), TimeUnit.SECONDS);
    }

    /** Has it stand still, or go on. */
    void signal(int node, String name) throws Exception {
        String pid = Long.toString(process(node).pid());
        Path folder = cluster.workplace().folder();
        Tool.Outcome outcome =
                Tool.run(cluster.workplace(), folder, SIGNAL_MAX, List.of("kill", name, pid));
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
    }

    /** Starts what does not run, after {@code millis}; ends when that serves. */
    CompletableFuture<Tool.Outcome> startAfter(long millis) {
        CompletableFuture<Tool.Outcome> started = new CompletableFuture<>();
        Thread.ofPlatform()
                .name("faults-start")
                .start(
                        () -> {
                            try {
                                Thread.sleep(millis);
                                String home = cluster.home().toString();
                                started.complete(cluster.command("up", "--home", home, "--detach"));
                            } catch (IOException | InterruptedException e) {
                                started.completeExceptionally(e);
                            }
                        });
        return started;
    }

    private ProcessHandle process(int node) throws IOException {
        return cluster.process(node).orElseThrow();
    }

    /** Nodes that stop clear their shared memory away; whoever does not stop is killed. */
    @Override
    public void close() throws IOException {
        try {
            cluster.command("down");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            cluster.close();
        }
    }
}
