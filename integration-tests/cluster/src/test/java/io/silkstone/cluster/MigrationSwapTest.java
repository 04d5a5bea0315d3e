package io.silkstone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.Tool;
import io.silkstone.javaclient.SilkstoneClient;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Policies are exchanged while a tablet is on its way and a client changes what is in it. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MigrationSwapTest {
    private static final int NODES = 2;
    private static final int KEYS = 20_000;
    private static final int CHANGES = 2_000;
    private static final String TABLE = "moving";
    private static final String ROCKSTEADY = "rocksteady";
    private static final String STOP_AND_COPY = "stop-and-copy";
    private static final String SOURCE_RETAINS = "source-retains";

    /** A tablet takes some seconds, so that an operator's command falls into them. */
    private static final String SLOWLY = "rate.bytes = 1048576\n";

    private static final long WAIT_NANOS_MAX = Duration.ofMinutes(2).toNanos();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private OperatedCluster cluster;
    private SilkstoneClient client;
    private Promises promises;

    @BeforeAll
    void start() throws Exception {
        cluster = new OperatedCluster(NODES);
        cluster.beBrief();
        cluster.configure(
                1,
                "io.silkstone.coordinator.service",
                "enabled = true\nservers.first = %d\nserver.lease.ms = 4000\n".formatted(NODES));
        for (int node = 1; node <= NODES; node++) {
            cluster.configure(
                    node,
                    "io.silkstone.store.master",
                    "memory.bytes = 134217728\nmemory.prefault.bytes = 0\n");
            // A policy that does not answer in time on a busy machine is not what is tested here.
            cluster.configure(node, "io.silkstone.threads.runtime", "policy.limit.ms = 60000\n");
            for (String strategy : new String[] {ROCKSTEADY, STOP_AND_COPY, SOURCE_RETAINS}) {
                cluster.configure(node, "io.silkstone.policies.migration." + strategy, SLOWLY);
            }
        }
        Tool.Outcome outcome = cluster.up();
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
        client = SilkstoneClient.builder(cluster.address(1)).timeout(PATIENCE).connect();
        said(1, "table:create %s --tablets 1 --replicas 0".formatted(TABLE));
        promises = new Promises(client.table(TABLE), KEYS, new SplittableRandom(1));
        promises.fill();
    }

    @BeforeEach
    void startChanging() {
        promises.start();
    }

    @AfterAll
    void close() throws Exception {
        try {
            if (client != null) {
                client.close();
            }
        } finally {
            cluster.close();
        }
    }

    private String said(int node, String command) throws Exception {
        String home = cluster.home(node).toString();
        Tool.Outcome outcome = cluster.command("shell", "--home", home, "-c", command);
        assertThat(outcome.succeeded()).as(command + ": " + outcome.output()).isTrue();
        return outcome.output();
    }

    private int nodeOf(ServerId server) {
        String address = client.store().refreshMap().server(server).address();
        return address.startsWith(cluster.address(1) + "?") ? 1 : 2;
    }

    private Tablet tablet() {
        ClusterMap map = client.store().refreshMap();
        return map.tablet(map.table(TABLE).id(), 0);
    }

    private ServerId other(ServerId owner) {
        return client.store().refreshMap().servers().stream()
                .map(ClusterMap.Server::id)
                .filter(each -> !each.equals(owner))
                .findFirst()
                .orElseThrow();
    }

    private void awaitChanges() throws Exception {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        long wanted = promises.changes() + CHANGES;
        while (promises.changes() < wanted) {
            assertThat(System.nanoTime() - deadline).as("changes").isNegative();
            Thread.sleep(10);
        }
    }

    private void stopAndCheck() throws Exception {
        promises.stop();
        assertThat(promises.failures()).isEmpty();
        assertThat(promises.unknown()).isZero();
        assertThat(promises.broken()).isEmpty();
        for (int node = 1; node <= NODES; node++) {
            assertThat(cluster.log(node)).doesNotContain("ERROR").doesNotContain("\tat ");
        }
    }

    /**
     * Has the tablet move to the other node, as {@code strategy} has it; {@code meanwhile} are
     * commands for that node while it is on its way.
     */
    private void move(String strategy, String... meanwhile) throws Exception {
        ServerId source = tablet().owner();
        ServerId target = other(source);
        int node = nodeOf(target);
        said(node, "policy:use migration " + strategy);
        said(node, "migration:start %s 0 %s".formatted(TABLE, target));
        assertThat(said(node, "policy:why migration")).contains("migration/" + strategy);
        for (String command : meanwhile) {
            said(node, command);
        }
        assertThat(said(node, "migration:list")).as("still on its way").contains(TABLE);
        awaitTablet(target);
        awaitChanges();
    }

    private void awaitTablet(ServerId target) throws Exception {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        Tablet now = tablet();
        while (!now.owner().equals(target) || now.state() != TabletState.NORMAL) {
            assertThat(System.nanoTime() - deadline).as("%s", now).isNegative();
            Thread.sleep(10);
            now = tablet();
        }
    }

    @Test
    void strategyAndCorePolicy_exchangedMeanwhile_loseNothing() throws Exception {
        awaitChanges();
        move(ROCKSTEADY, "policy:use migration stop-and-copy", "policy:use cores fixed");
        move(STOP_AND_COPY, "policy:use migration rocksteady", "policy:use cores fixed");
        move(ROCKSTEADY, "policy:use cores loadfactor");
        move(SOURCE_RETAINS, "policy:use migration rocksteady");
        stopAndCheck();
    }

    @Test
    void bundleOfTheStrategy_stoppedMeanwhile_losesNothing() throws Exception {
        String bundle = bundleNumber("io.silkstone.migration-rocksteady");
        move(ROCKSTEADY, "felix:stop " + bundle);
        int node = nodeOf(tablet().owner());
        assertThat(said(node, "policy:list")).containsPattern("rocksteady +built-in +in use");
        assertThat(said(node, "policy:history")).contains("withdrawn");
        said(node, "felix:start " + bundle);
        assertThat(said(node, "policy:list")).containsPattern("rocksteady +0\\S+ +in use");
        stopAndCheck();
    }

    @ParameterizedTest
    @ValueSource(strings = {STOP_AND_COPY, SOURCE_RETAINS})
    void cancel_ofWhatIsCopiedFirst_leavesItWhereItWas(String strategy) throws Exception {
        ServerId source = tablet().owner();
        ServerId target = other(source);
        int node = nodeOf(target);
        said(node, "policy:use migration " + strategy);
        assertThat(said(node, "migration:start %s 0 %s".formatted(TABLE, target)))
                .contains("copies the tablet of " + TABLE);
        assertThat(said(node, "migration:list")).contains("copying");
        assertThat(said(node, "migration:cancel")).contains("1 tablet stays where it is.");
        awaitChanges();
        assertThat(tablet().owner()).isEqualTo(source);
        assertThat(said(node, "migration:list")).doesNotContain(TABLE);
        assertThat(cluster.log(node)).contains("does not come here: ", "it was cancelled");
        stopAndCheck();
    }

    @Test
    void rate_ofOneMove_beatsTheStrategys_andIsShown() throws Exception {
        ServerId source = tablet().owner();
        ServerId target = other(source);
        int node = nodeOf(target);
        said(node, "policy:use migration " + ROCKSTEADY);
        said(node, "migration:start %s 0 %s --rate 3".formatted(TABLE, target));
        long began = System.nanoTime();
        assertThat(said(node, "migration:list --json")).contains("\"rate\":\"3\"");
        awaitTablet(target);
        // Seven megabytes, and the strategy's limit is one in a second.
        assertThat(System.nanoTime() - began).isLessThan(Duration.ofSeconds(5).toNanos());
        awaitChanges();
        stopAndCheck();
    }

    /** The same in both nodes, which install the same in the same order. */
    private String bundleNumber(String symbolicName) throws Exception {
        Matcher row =
                Pattern.compile("(?m)^\\s*(\\d+)\\|.*\\|" + Pattern.quote(symbolicName))
                        .matcher(said(1, "felix:lb -s"));
        assertThat(row.find()).isTrue();
        return row.group(1);
    }
}
