package io.silkstone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.Tool;
import io.silkstone.javaclient.SilkstoneClient;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** All load is on one of three nodes, and some seconds later on all of them. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BalanceTest {
    private static final int NODES = 3;
    private static final int TABLETS = 8;
    private static final int KEYS = 5_000;
    private static final String TABLE = "busy";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Some rounds, of which each waits until the figures are of after the one before. */
    private static final long SPREAD_NANOS_MAX = Duration.ofSeconds(60).toNanos();

    private OperatedCluster cluster;
    private SilkstoneClient client;
    private Promises promises;
    private int leader;

    @BeforeAll
    void start() throws Exception {
        cluster = new OperatedCluster(NODES);
        cluster.beBrief();
        cluster.configure(
                1,
                "io.silkstone.coordinator.service",
                "enabled = true\nservers.first = %d\n".formatted(NODES));
        for (int node = 1; node <= NODES; node++) {
            cluster.configure(
                    node,
                    "io.silkstone.store.master",
                    "memory.bytes = 134217728\nmemory.prefault.bytes = 0\n");
            cluster.configure(node, "io.silkstone.threads.runtime", "policy.limit.ms = 60000\n");
            cluster.configure(
                    node,
                    "io.silkstone.coordinator.balance",
                    "period.ms = 1000\nmoves.at.once = 3\ncool.down.ms = 3000\n");
            cluster.configure(node, "io.silkstone.policies.balance.load", "least.load = 20\n");
        }
        Tool.Outcome outcome = cluster.up();
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
        leader = cluster.leader(1);
        client = SilkstoneClient.builder(cluster.address(1)).timeout(PATIENCE).connect();
        said("table:create %s --tablets %d --replicas 0".formatted(TABLE, TABLETS));
        ServerId first = tablets().getFirst().owner();
        for (Tablet each : tablets()) {
            if (!each.owner().equals(first)) {
                client.store().assignTablet(TABLE, each.firstHash(), first);
            }
        }
        assertThat(tablets()).allMatch(each -> each.owner().equals(first));
        promises = new Promises(client.table(TABLE), KEYS, new SplittableRandom(1));
        promises.fill();
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

    private String said(String command) throws Exception {
        String home = cluster.home(leader == 0 ? 1 : leader).toString();
        Tool.Outcome outcome = cluster.command("shell", "--home", home, "-c", command);
        assertThat(outcome.succeeded()).as(command + ": " + outcome.output()).isTrue();
        return outcome.output();
    }

    private List<Tablet> tablets() {
        ClusterMap map = client.store().refreshMap();
        return map.tablets().stream()
                .filter(each -> each.table() == map.table(TABLE).id())
                .sorted(Comparator.comparing(Tablet::firstHash, Long::compareUnsigned))
                .toList();
    }

    private long tabletsOf(ServerId server) {
        return tablets().stream().filter(each -> each.owner().equals(server)).count();
    }

    private boolean isSpread() {
        return client.store().refreshMap().servers().stream()
                .allMatch(each -> tabletsOf(each.id()) >= 2);
    }

    @Test
    @Order(1)
    void withoutTheStrategy_nothingMoves_andWithItNothingBeforeItIsOn() throws Exception {
        Matcher bundle =
                Pattern.compile("(?m)^\\s*(\\d+)\\|.*\\|io\\.silkstone\\.balance-load")
                        .matcher(said("felix:lb -s"));
        assertThat(bundle.find()).isTrue();
        said("felix:stop " + bundle.group(1));
        assertThat(said("policy:list")).containsPattern("balance +none +built-in +in use");
        assertThat(said("balance:show")).contains("off, by none", "moves nothing.");
        said("felix:start " + bundle.group(1));
        assertThat(said("policy:list")).containsPattern("balance +load +0\\S+ +in use");
        assertThat(said("balance:show")).contains("off, by load", "operations a second");
        assertThat(said("tablet:list --table " + TABLE + " --json"))
                .contains("\"load\":")
                .doesNotContain("\"load\":\"-\"");
    }

    @Test
    @Order(2)
    void load_isSpreadOverAllServers_andNothingIsLost() throws Exception {
        said("balance:on");
        long deadline = System.nanoTime() + SPREAD_NANOS_MAX;
        while (!isSpread()) {
            assertThat(System.nanoTime() - deadline).as("%s", said("balance:show")).isNegative();
            Thread.sleep(500);
        }
        said("balance:off");
        promises.stop();
        assertThat(promises.failures()).isEmpty();
        assertThat(promises.unknown()).isZero();
        assertThat(promises.broken()).isEmpty();
        assertThat(cluster.log(leader)).contains(TABLE + " 0x");
        for (int node = 1; node <= NODES; node++) {
            assertThat(cluster.log(node)).doesNotContain("ERROR").doesNotContain("\tat ");
        }
    }
}
