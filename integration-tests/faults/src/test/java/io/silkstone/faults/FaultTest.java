package io.silkstone.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.faults.Fault.Blow;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import io.silkstone.javaclient.SilkstoneClient;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History.Moment;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Nodes that are killed and stopped while clients use them. Properties: {@code faults.log} ({@code
 * local} or {@code aeron-cluster}), {@code faults.rounds}, {@code faults.seed}, {@code
 * faults.gap.ms} (how long a node that was spared may answer nobody while its lease lasts); the
 * module's README has the command.
 */
class FaultTest {
    private static final String LOG = System.getProperty("faults.log", "local");
    private static final boolean IS_SHARED = LOG.equals("aeron-cluster");
    private static final int ROUNDS = Integer.getInteger("faults.rounds", 2);
    private static final long SEED = Long.getLong("faults.seed", System.nanoTime() & 0xffff_ffffL);

    /** For a machine on which others build, and yet half a lease; alone it is 2 s. */
    private static final long GAP_MILLIS_MAX = Long.getLong("faults.gap.ms", 10_000);

    /** What is left of a lease at any moment: 20 s, renewed each 750 ms. */
    private static final long LEASE_LEFT_MILLIS = 19_000;

    private static final Duration OPERATION_MAX = Duration.ofSeconds(4);
    private static final int JAVA_THREADS = 2;
    private static final long WHOLE_SECONDS_MAX = 120;
    private static final long LOOK_MILLIS = 50;
    private static final long QUIET_MILLIS = 1_000;
    private static final PrintStream OUT = System.out;

    /**
     * What was done.
     *
     * @param beganAt before the first blow
     * @param endedAt when the last one that had stood still went on
     * @param started ends when everything runs again that is to run
     */
    private record Strike(long beganAt, long endedAt, CompletableFuture<Tool.Outcome> started) {}

    /** When a node was first seen to have another process. */
    private record Sight(long nanos, Moment moment) {}

    /** What a node that was killed loses besides. */
    @FunctionalInterface
    private interface Loss {
        void of(int node) throws IOException;
    }

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<NodeRecord> records = new ArrayList<>();
    private final Clients clients = new Clients();
    private Nodes nodes;
    private SilkstoneClient client;

    @BeforeEach
    void start() throws Exception {
        nodes = new Nodes(IS_SHARED);
        client = SilkstoneClient.builder(nodes.addresses()).timeout(OPERATION_MAX).connect();
        for (int node = 1; node <= Nodes.COUNT; node++) {
            NodeRecord record = new NodeRecord(node, nodes.slots(node));
            records.add(record);
            for (int thread = 0; thread < JAVA_THREADS; thread++) {
                JavaDoor door = new JavaDoor(client.table("default"), OPERATION_MAX.toNanos());
                clients.start(record, door, random.split());
            }
            clients.start(record, new RedisDoor(nodes.port(node)), random.split());
        }
    }

    @AfterEach
    void close() throws Exception {
        clients.close();
        if (client != null) {
            client.close();
        }
        if (nodes != null) {
            nodes.close();
        }
    }

    private NodeRecord record(int node) {
        return records.get(node - 1);
    }

    @Test
    @Timeout(value = 14, unit = TimeUnit.MINUTES)
    void nodes_killedAndStopped_loseNothingThatSurvivorsAcknowledged() throws Exception {
        OUT.printf("faults: log %s, %d rounds, seed %d%n", LOG, ROUNDS, SEED);
        awaitWhole(System.nanoTime(), lives(), new HashMap<>());
        List<String> wrong = new ArrayList<>();
        int round = 0;
        for (int kind : Fault.plan(ROUNDS, random)) {
            int leader = nodes.leader(1 + random.nextInt(Nodes.COUNT));
            Fault fault = Fault.of(kind, leader, Nodes.COUNT, random);
            wrong.addAll(round(++round, fault, leader, node -> {}));
        }
        if (IS_SHARED) {
            wrong.addAll(diskLost(round));
        }
        clients.close();
        records.forEach(record -> wrong.addAll(record.judge()));
        assertThat(wrong).as("seed " + SEED).isEmpty();
        plant();
    }

    /** One that was lost by our own doing has to be seen, or all of this means nothing. */
    private void plant() throws Exception {
        NodeRecord record = record(2);
        String key = record.keyApart();
        JavaDoor door = new JavaDoor(client.table("default"), OPERATION_MAX.toNanos());
        var write = record.begin(1, key, Call.write("kept"));
        write.ended(door.ask(key, write.call()), Long.MAX_VALUE);
        try (RespConnection secret = new RespConnection(nodes.port(2))) {
            assertThat(secret.call("DEL", key)).isEqualTo(1L);
        }
        var read = record.begin(1, key, Call.read());
        read.ended(door.ask(key, read.call()), Long.MAX_VALUE);
        assertThat(record.judge()).hasSize(1).allMatch(violation -> violation.contains(key));
    }

    /** A coordinator that lost its disk takes part again: with it and one other there is a log. */
    private List<String> diskLost(int round) throws Exception {
        int leader = nodes.leader(1);
        int blank = leader % Nodes.COUNT + 1;
        Fault loss = new Fault(List.of(new Blow(blank, 0)), 0);
        List<String> wrong = round(round + 1, loss, leader, nodes::loseLog);
        int next = nodes.leader(blank);
        Fault other = new Fault(List.of(new Blow(next, 0)), 5_000);
        wrong.addAll(round(round + 2, other, next, node -> {}));
        return wrong;
    }

    private List<String> round(int number, Fault fault, int leader, Loss loss) throws Exception {
        Lives before = lives();
        List<String> wrong = new ArrayList<>();
        records.forEach(NodeRecord::beginRound);
        clients.beginRound();
        Map<Integer, Moment> since = new TreeMap<>();
        records.forEach(record -> since.put(record.node(), record.now()));
        // Looked for meanwhile: whoever is killed beside one that stands still is back before that.
        FutureTask<Strike> striking = new FutureTask<>(() -> strike(fault, loss));
        Thread.ofPlatform().daemon().name("faults-strike").start(striking);
        Map<Integer, Sight> until = new HashMap<>();
        while (!striking.isDone() || !striking.get().started.isDone()) {
            look(before, until);
        }
        Strike strike = striking.get();
        Tool.Outcome outcome = strike.started.get();
        if (!outcome.succeeded()) {
            wrong.add("up said: " + outcome.output());
        }
        long startedAt = System.nanoTime();
        awaitWhole(startedAt, before, until);
        long wholeAt = System.nanoTime();
        Thread.sleep(QUIET_MILLIS);

        wrong.addAll(lives().contradictions(before, fault.killed()));
        until.forEach((node, sight) -> record(node).lost(since.get(node), sight.moment));
        records.forEach(record -> wrong.addAll(record.judge()));
        long awayMillis =
                (coordinatorBackAt(fault, leader, strike, until) - strike.beganAt) / 1_000_000;
        long millisMax = Math.max(0, awayMillis - LEASE_LEFT_MILLIS) + GAP_MILLIS_MAX;
        List<String> gaps = new ArrayList<>();
        for (NodeRecord record : records) {
            long millis = record.longestGap(System.nanoTime(), clients.stalls()) / 1_000_000;
            boolean spared = !fault.struck().contains(record.node());
            gaps.add((spared ? "" : "(") + millis + (spared ? "" : ")"));
            if (spared && millis > millisMax) {
                wrong.add(
                        "node-%d answered nobody for %d ms, more than %d"
                                .formatted(record.node(), millis, millisMax));
            }
        }
        OUT.printf(
                "round %2d  %-28s runs after %5d ms, serves all %4d ms later  longest gaps %s ms"
                        + " of %d (clients %d ms)  %s%n",
                number,
                fault,
                (startedAt - strike.beganAt) / 1_000_000,
                (wholeAt - startedAt) / 1_000_000,
                String.join(" ", gaps),
                millisMax,
                clients.stalls().longest() / 1_000_000,
                wrong.isEmpty() ? "ok" : "WRONG " + wrong);
        return wrong;
    }

    /**
     * When there was a coordinator again that could renew leases, at the latest: one alone is back
     * with its node, of three that share a log any two suffice. It is seen by its own node's new
     * generation, which it gives out when it already serves the others, so this is no earlier than
     * the truth, and later by what that node takes to enlist.
     */
    private long coordinatorBackAt(
            Fault fault, int leader, Strike strike, Map<Integer, Sight> until) {
        long backAt = strike.beganAt;
        for (Blow blow : fault.blows()) {
            boolean counts = IS_SHARED ? fault.blows().size() > 1 : blow.node() == leader;
            if (counts) {
                Sight sight = until.get(blow.node());
                long at = blow.isKill() && sight != null ? sight.nanos : strike.endedAt;
                backAt = at - backAt > 0 ? at : backAt;
            }
        }
        return backAt;
    }

    private Strike strike(Fault fault, Loss loss) throws Exception {
        long beganAt = System.nanoTime();
        long longest = 0;
        for (Blow blow : fault.blows()) {
            if (blow.isKill()) {
                nodes.kill(blow.node());
                loss.of(blow.node());
            } else {
                nodes.signal(blow.node(), "-STOP");
                longest = Math.max(longest, blow.stopMillis());
            }
        }
        CompletableFuture<Tool.Outcome> started =
                fault.killed().isEmpty()
                        ? CompletableFuture.completedFuture(new Tool.Outcome(true, 0, ""))
                        : nodes.startAfter(fault.pauseMillis());
        List<Blow> stopped =
                fault.blows().stream()
                        .filter(blow -> !blow.isKill())
                        .sorted((a, b) -> Integer.compare(a.stopMillis(), b.stopMillis()))
                        .toList();
        long stoppedAt = System.nanoTime();
        for (Blow blow : stopped) {
            long passed = (System.nanoTime() - stoppedAt) / 1_000_000;
            Thread.sleep(Math.max(0, blow.stopMillis() - passed));
            nodes.signal(blow.node(), "-CONT");
        }
        return new Strike(beganAt, System.nanoTime(), started);
    }

    private Lives lives() {
        return Lives.of(client.store().refreshMap(), nodes.byPort());
    }

    /** Notes when a node is first seen to have another process than {@code before}. */
    private ClusterMap look(Lives before, Map<Integer, Sight> until) throws InterruptedException {
        ClusterMap map = client.store().refreshMap();
        Lives now = Lives.of(map, nodes.byPort());
        for (NodeRecord record : records) {
            if (now.isAnother(record.node(), before)) {
                until.computeIfAbsent(
                        record.node(), node -> new Sight(System.nanoTime(), record.now()));
            }
        }
        Thread.sleep(LOOK_MILLIS);
        return map;
    }

    /** Until every key is served, and every client has been answered since {@code nanos}. */
    private void awaitWhole(long nanos, Lives before, Map<Integer, Sight> until)
            throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WHOLE_SECONDS_MAX);
        boolean whole = false;
        while (!whole) {
            ClusterMap map = look(before, until);
            whole =
                    Lives.isWhole(map)
                            && records.stream()
                                    .allMatch(each -> each.hasServed(JAVA_THREADS + 1, nanos));
            assertThat(System.nanoTime() - deadline)
                    .as("seed %d: %s, %s", SEED, map, client.store().map().servers())
                    .isNegative();
        }
    }
}
