package io.silkstone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Status;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import io.silkstone.harness.Tool;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three nodes in processes of their own, with tables that have replicas, and kill -9. */
@Timeout(600)
class NodeRecoveryTest {
    private static final long SEED =
            Long.getLong("recovery.seed", System.nanoTime() & 0xffff_ffffL);
    private static final int KEYS = 8_000;
    private static final int CHANGES = 4_000;

    /** So many take longer to move than a process to be killed. */
    private static final int MOVED_KEYS = 40_000;

    private static final int FRESH_KEYS = 100;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<Promises> all = new ArrayList<>();
    private KilledNodes nodes;

    @BeforeEach
    void start() throws Exception {
        nodes = new KilledNodes(1);
    }

    @AfterEach
    void close() throws Exception {
        nodes.close();
    }

    /** A table, full, of tablets that lie on all servers. */
    private Promises table(String name, int replicas, int tablets) throws Exception {
        return table(name, replicas, tablets, KEYS);
    }

    private Promises table(String name, int replicas, int tablets, int keys) throws Exception {
        nodes.said("table:create %s --tablets %d --replicas %d".formatted(name, tablets, replicas));
        Promises promises = new Promises(nodes.client().table(name), keys, random.split());
        all.add(promises);
        promises.fill();
        return promises;
    }

    /** Waits until {@code dead} is given up, and then until everything is served again. */
    private void awaitRecovery(String what, ServerId dead, long killed) throws Exception {
        nodes.await(dead + " is down", map -> !map.server(dead).up());
        long noticed = System.nanoTime();
        nodes.awaitServed();
        tell(
                "%s: noticed after %d ms (with leases of %d ms), and served %d ms later",
                what,
                millis(killed, noticed),
                KilledNodes.LEASE_MS,
                millis(noticed, System.nanoTime()));
    }

    private static long millis(long from, long to) {
        return (to - from) / 1_000_000;
    }

    private static void tell(String format, Object... arguments) {
        System.out.printf("recovery: " + format + "%n", arguments);
    }

    private void startAll() {
        all.forEach(Promises::start);
    }

    private void awaitChanges(long more) throws Exception {
        KilledNodes.awaitChanges(all, more);
    }

    private void stopAndCheck(String when) throws Exception {
        for (Promises each : all) {
            each.stop();
        }
        for (Promises each : all) {
            assertThat(each.failures()).as("%s, seed %d", when, SEED).isEmpty();
            tell("%s: %d changes, %d of them unknown", when, each.changes(), each.unknown());
            assertThat(each.broken()).as("%s, seed %d", when, SEED).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void kill9_ofAnOwnerUnderLoad_losesNothingThatWasAcknowledged(int replicas) throws Exception {
        table("kept", replicas, 4);
        startAll();
        awaitChanges(CHANGES);
        ServerId dead = nodes.server(2);
        long killed = System.nanoTime();
        nodes.kill(2);
        awaitRecovery("a table of %d replicas".formatted(replicas), dead, killed);
        awaitChanges(CHANGES);
        stopAndCheck("after the first kill");

        if (replicas == 1) {
            // What comes back is the same with more of them.
            return;
        }
        // The one that comes back has nothing, and is as good a server as any.
        nodes.up();
        startAll();
        awaitChanges(CHANGES);
        dead = nodes.server(3);
        killed = System.nanoTime();
        nodes.kill(3);
        awaitRecovery("the same, from a server that recovered it", dead, killed);
        awaitChanges(CHANGES);
        stopAndCheck("after the second kill");
    }

    @Test
    void down_ofAnOwnerUnderLoad_isRecoveredAtOnce() throws Exception {
        table("kept", 1, 4);
        startAll();
        awaitChanges(CHANGES);
        ServerId left = nodes.server(3);
        long began = System.nanoTime();
        Tool.Outcome down =
                nodes.cluster.command("down", "--home", nodes.cluster.home(3).toString());
        assertThat(down.succeeded()).as(down.output()).isTrue();
        awaitRecovery("a node that was stopped", left, began);
        awaitChanges(CHANGES);
        stopAndCheck("after the stop");
        for (int node = 1; node <= KilledNodes.COUNT; node++) {
            assertThat(nodes.cluster.log(node)).doesNotContain("ERROR").doesNotContain("\tat ");
        }
    }

    /** Has the one tablet of a table move to {@code server}, if it is not there. */
    private void bring(String name, ServerId server) throws Exception {
        Predicate<ClusterMap> isThere =
                map -> {
                    Tablet tablet = map.tablet(map.table(name).id(), 0);
                    return tablet.owner().equals(server) && tablet.state() == TabletState.NORMAL;
                };
        if (!isThere.test(nodes.map())) {
            nodes.client().store().migrateTablet(name, 0, server);
            nodes.await(name + " is at " + server, isThere);
        }
    }

    @Test
    void kill9_ofTwoOfThreeNodes_twoReplicasAreEnough() throws Exception {
        table("kept", 2, 4);
        startAll();
        awaitChanges(CHANGES);
        for (Promises each : all) {
            each.stop();
        }
        ServerId second = nodes.server(2);
        ServerId third = nodes.server(3);
        nodes.kill(2, 3);
        // With disks that are gone for good, so that what is left is all there is.
        for (int node = 2; node <= 3; node++) {
            Tool.run(
                    nodes.cluster.workplace(),
                    nodes.cluster.home(node),
                    PATIENCE,
                    List.of("rm", "-r", "data/backup"));
        }
        nodes.await("both are down", map -> !map.server(second).up() && !map.server(third).up());
        nodes.up();
        nodes.awaitServed();
        for (Promises each : all) {
            assertThat(each.broken()).as("after the kills, seed " + SEED).isEmpty();
        }
    }

    /** Of one replica each, half of which are on a disk that is gone for good. */
    @Test
    void acceptLoss_moreIsGoneThanThereAreReplicas_theRestIsRecovered() throws Exception {
        Promises kept = table("kept", 1, 4);
        startAll();
        awaitChanges(4 * CHANGES);
        kept.stop();
        ServerId second = nodes.server(2);
        ServerId third = nodes.server(3);
        nodes.kill(2, 3);
        Tool.run(
                nodes.cluster.workplace(),
                nodes.cluster.home(3),
                PATIENCE,
                List.of("rm", "-r", "data/backup"));
        nodes.await("both are down", map -> !map.server(second).up() && !map.server(third).up());
        nodes.up();
        nodes.await("only what needs that disk waits", map -> isWaitingFor(map, second));
        awaitLog("a recovery waits: no replica of");
        assertThat(recoveries())
                .anyMatch(
                        each ->
                                each.contains("kept")
                                        && each.contains(second.toString())
                                        && each.contains("waits: no replica of"));

        Tool.Outcome refused =
                nodes.cluster.command("shell", "-c", "cluster:accept-loss " + second);
        assertThat(refused.succeeded()).isFalse();
        assertThat(refused.output()).contains("(kept 0x").contains("add --force");
        refused =
                nodes.cluster.command(
                        "shell", "-c", "cluster:accept-loss %s --force".formatted(third));
        assertThat(refused.succeeded()).isFalse();
        assertThat(refused.output()).contains("No tablet depends on a log of server " + third);
        assertThat(isWaitingFor(nodes.map(), second)).isTrue();

        nodes.said("cluster:accept-loss %s --force".formatted(second));
        nodes.awaitServed();
        awaitLog("what is left of the log of server " + second + " was taken");
        tell("an accepted loss: %d of %d keys are as promised", kept.kept(), KEYS);
        assertThat(kept.impossible()).as("seed " + SEED).isEmpty();
        // Two of four tablets are whole, at least.
        assertThat(kept.kept()).as("seed " + SEED).isGreaterThan(KEYS / 3);
        startAll();
        awaitChanges(CHANGES);
        kept.stop();
        assertThat(kept.failures()).as("seed " + SEED).isEmpty();
    }

    /** What had come, and what was written since, is in the memory of the target alone. */
    @Test
    void acceptLoss_ofTheSourcesLogWhileATabletMoves_theTargetKeepsWhatItHas() throws Exception {
        Promises moving = table("moving", 1, 1, MOVED_KEYS);
        ServerId second = nodes.server(2);
        ServerId third = nodes.server(3);
        bring("moving", second);
        startAll();
        awaitChanges(CHANGES);
        moving.stop();
        Tool.run(
                nodes.cluster.workplace(),
                nodes.cluster.home(1),
                PATIENCE,
                List.of("sh", "-c", "rm -r data/backup/log-*-%d-1".formatted(second.index())));
        nodes.client().store().migrateTablet("moving", 0, third);
        // What has not come by now stays where it is.
        nodes.haveStandStill(2);
        TableClient table = nodes.client().table("moving");
        for (int number = 0; number < FRESH_KEYS; number++) {
            Answer answer = table.write(fresh(number), fresh(-number));
            assertThat(answer.status()).as("seed " + SEED).isEqualTo(Status.OK);
        }
        nodes.kill(2);
        nodes.await(second + " is down", map -> !map.server(second).up());
        nodes.await("the source's log is read", map -> isWaitingFor(map, second));
        awaitLog("a recovery waits: no replica of");

        nodes.said("cluster:accept-loss %s --force".formatted(second));
        nodes.awaitServed();
        awaitLog("what is left of the log of server " + second + " was taken");
        assertThat(moving.impossible()).as("seed " + SEED).isEmpty();
        tell("of a tablet that moved: %d of %d keys are left", moving.kept(), MOVED_KEYS);
        for (int number = 0; number < FRESH_KEYS; number++) {
            assertThat(table.read(fresh(number)).value())
                    .as("fresh key %d, seed %d", number, SEED)
                    .isEqualTo(fresh(-number));
        }
    }

    private static byte[] fresh(int number) {
        return ("fresh" + number).getBytes(StandardCharsets.UTF_8);
    }

    /** What any node says of what it recovers. */
    private List<String> recoveries() throws Exception {
        List<String> lines = new ArrayList<>();
        for (int node = 1; node <= KilledNodes.COUNT; node++) {
            String home = nodes.cluster.home(node).toString();
            Tool.Outcome said =
                    nodes.cluster.command("shell", "--home", home, "-c", "recovery:list");
            assertThat(said.succeeded()).as(said.output()).isTrue();
            lines.addAll(said.output().lines().toList());
        }
        return lines;
    }

    private static boolean isWaitingFor(ClusterMap map, ServerId dead) {
        List<Tablet> recovering =
                map.tablets().stream()
                        .filter(each -> each.state() == TabletState.RECOVERING)
                        .toList();
        return !recovering.isEmpty()
                && recovering.stream().allMatch(each -> each.logs().equals(List.of(dead)));
    }

    /** Waits until the log of some node has this in it. */
    private void awaitLog(String text) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean isThere = false;
        while (!isThere) {
            assertThat(System.nanoTime() - deadline).as(text).isNegative();
            for (int node = 1; node <= KilledNodes.COUNT; node++) {
                isThere |= nodes.cluster.log(node).contains(text);
            }
            Thread.sleep(10);
        }
    }

    @Test
    void kill9_ofAllNodes_everythingIsBackWhenTheyAre() throws Exception {
        table("one", 1, 2);
        table("two", 2, 4);
        startAll();
        awaitChanges(CHANGES);
        for (Promises each : all) {
            each.stop();
        }
        long killed = System.nanoTime();
        nodes.kill(1, 2, 3);
        nodes.up();
        long upAgain = System.nanoTime();
        nodes.awaitServed();
        tell(
                "all nodes: up again %d ms after kill -9, and served %d ms later",
                millis(killed, upAgain), millis(upAgain, System.nanoTime()));
        for (Promises each : all) {
            assertThat(each.broken()).as("after the cold start, seed " + SEED).isEmpty();
        }
        startAll();
        awaitChanges(CHANGES);
        stopAndCheck("afterwards");
    }
}
