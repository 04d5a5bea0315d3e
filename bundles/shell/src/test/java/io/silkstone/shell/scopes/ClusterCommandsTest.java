package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.cluster.RecoveryStatus;
import io.silkstone.api.cluster.ServerId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClusterCommandsTest {
    private static final ServerId FIRST = new ServerId(1, 1);
    private static final ServerId SECOND = new ServerId(2, 3);

    private final ThisNode node = new ThisNode();
    private final CommandRunner cluster = new CommandRunner(new ClusterCommands(() -> node));
    private final CommandRunner tablet =
            new CommandRunner(new TabletCommands(FakeStore::new, () -> node));
    private final CommandRunner migration =
            new CommandRunner(new MigrationCommands(FakeStore::new, () -> node, millis -> {}));

    /** A member of a cluster of two, of which one is down. */
    private static final class ThisNode implements Cluster {
        final List<String> created = new ArrayList<>();
        final List<String> assigned = new ArrayList<>();
        final List<String> migrated = new ArrayList<>();
        boolean member = true;
        boolean paused;
        boolean copying;
        String refusal;
        ClusterMap recovering;
        final List<ServerId> accepted = new ArrayList<>();

        @Override
        public ClusterMap map() {
            return recovering == null ? usual() : recovering;
        }

        private static ClusterMap usual() {
            return new ClusterMap(
                    7,
                    9,
                    List.of(server(FIRST, true, "a", 7700), server(SECOND, false, "b", 7701)),
                    List.of(new ClusterMap.Table(1, "default")),
                    List.of(
                            tablet(0, 0x7fff_ffff_ffff_ffffL, FIRST, TabletState.NORMAL),
                            tablet(0x8000_0000_0000_0000L, -1, SECOND, TabletState.LOST)));
        }

        private static Server server(ServerId id, boolean up, String digit, int port) {
            String address = "aeron:127.0.0.1:" + port + "?dir=/dev/shm/x;token=1";
            return new Server(id, up, digit.repeat(40), address, "127.0.0.1:" + (port - 100));
        }

        private static ClusterMap.Tablet tablet(
                long first, long last, ServerId owner, TabletState state) {
            return new ClusterMap.Tablet(1, first, last, owner, 1, state, ServerId.NONE);
        }

        @Override
        public ServerId self() {
            return FIRST;
        }

        @Override
        public boolean isMember() {
            return member;
        }

        @Override
        public String coordinator() {
            return "aeron:127.0.0.1:7701";
        }

        @Override
        public String status() {
            return "server 1.1";
        }

        @Override
        public void createTable(String name, int tablets, int replicas) {
            created.add("%s %d %d".formatted(name, tablets, replicas));
        }

        @Override
        public void dropTable(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void splitTablet(String table, long hash) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void assignTablet(String table, long hash, ServerId server) throws ClusterRefused {
            if (refusal != null) {
                throw new ClusterRefused(refusal);
            }
            assigned.add("%s %016x %s".formatted(table, hash, server));
        }

        @Override
        public long migrateTablet(String table, long hash, ServerId server, long rate)
                throws ClusterRefused {
            if (refusal != null) {
                throw new ClusterRefused(refusal);
            }
            String limit = rate == 0 ? "" : " " + rate;
            migrated.add("%s %016x %s".formatted(table, hash, server) + limit);
            return 7;
        }

        @Override
        public int acceptLoss(ServerId server) throws ClusterRefused {
            if (refusal != null) {
                throw new ClusterRefused(refusal);
            }
            accepted.add(server);
            return accepted.size();
        }

        /** Tablets of the default table depend on the logs of servers that are down. */
        void recovers(int tablets, ServerId... logs) {
            List<ClusterMap.Tablet> all = new ArrayList<>();
            for (int number = 0; number < tablets; number++) {
                all.add(
                        tablet((long) number << 50, number, FIRST, TabletState.RECOVERING)
                                .withLogs(List.of(logs)));
            }
            ClusterMap known = usual();
            recovering =
                    new ClusterMap(
                            7,
                            10,
                            known.servers(),
                            known.tables(),
                            all,
                            Stream.of(logs).map(log -> new ClusterMap.Log(log, 1)).toList());
        }

        @Override
        public List<MigrationStatus> migrations() {
            long quarter = 250_000_000;
            return List.of(
                    new MigrationStatus(
                            1,
                            0,
                            -1,
                            SECOND,
                            9,
                            quarter,
                            4 * quarter,
                            500_000_000,
                            paused,
                            "rocksteady built-in",
                            copying,
                            7_000_000));
        }

        @Override
        public int cancelMigrations() {
            return copying ? 1 : 0;
        }

        @Override
        public List<RecoveryStatus> recoveries() {
            ServerId other = new ServerId(3, 1);
            String waits = "waits: no replica of segment 5 of the log of server 3.1";
            return List.of(
                    new RecoveryStatus(1, 0, -1, List.of(SECOND, other), waits, 12_900_000_000L),
                    new RecoveryStatus(9, 1, 2, List.of(other), "takes the tablets", 5));
        }

        @Override
        public int pauseMigrations(boolean pause) {
            paused = pause;
            return 1;
        }
    }

    @Test
    void everyCommand_withoutAMembership_saysWhatThatMayMean() {
        new CommandRunner(new ClusterCommands(() -> null)).assertWellBehavedWithoutServices(3);
        new CommandRunner(new ClusterCommands(() -> null))
                .assertRefused(
                        "This node has no membership at the moment: it is alone unless coordinators"
                                + " in etc/io.silkstone.rpc.cluster.cfg names some, and then"
                                + " `node:why` and the node's log may say why.",
                        "servers");
    }

    @Test
    void servers_showsEachWithItsTablets() throws Exception {
        assertThat(cluster.run("servers"))
                .isEqualTo(
                        """
                        ID   STATE  TABLETS  REDIS           ADDRESS               NODE      SELF
                        1.1  up           1  127.0.0.1:7600  aeron:127.0.0.1:7700  aaaaaaaa  *
                        2.3  down         1  127.0.0.1:7601  aeron:127.0.0.1:7701  bbbbbbbb  -""");
    }

    @Test
    void servers_asData_isWhole() throws Exception {
        assertThat(cluster.run("servers", "--json"))
                .contains(
                        "\"node\":\"" + "a".repeat(40) + "\"",
                        "?dir=/dev/shm/x;token=1\"",
                        "\"self\":true");
    }

    @Test
    void servers_withoutALease_saysHowOldThatMayBe() throws Exception {
        node.member = false;
        assertThat(cluster.run("servers")).endsWith("as this node saw it last; it is server 1.1");
    }

    @Test
    void status_countsWhatIsUpAndLost() throws Exception {
        assertThat(cluster.run("status", "--json"))
                .contains(
                        "\"cluster\":\"0000000000000007\"",
                        "\"member\":true",
                        "\"self\":\"1.1\"",
                        "\"coordinator\":\"aeron:127.0.0.1:7701\"",
                        "\"servers_up\":1",
                        "\"servers_down\":1",
                        "\"tablets_lost\":1",
                        "\"tablets_recovering\":0");
    }

    @Test
    void acceptLoss_withoutForce_saysWhichTabletsDependOnTheLog() {
        node.recovers(1, SECOND);
        cluster.assertRefused(
                "1 tablet depends (default 0x0000000000000000) on the log of server 2.3; add"
                        + " --force to recover from what is left of it: objects and changes that"
                        + " are missing are lost, and what was removed may be there again.",
                "accept-loss",
                "2.3");
        node.recovers(6, SECOND);
        cluster.assertRefused(
                "6 tablets depend (default 0x0000000000000000, default 0x0004000000000000, default"
                        + " 0x0008000000000000, default 0x000c000000000000 and 2 more) on the log"
                        + " of server 2.3; add --force to recover from what is left of it: objects"
                        + " and changes that are missing are lost, and what was removed may be"
                        + " there again.",
                "accept-loss",
                "2");
        assertThat(node.accepted).isEmpty();
    }

    @Test
    void acceptLoss_withForce_asksTheCluster() throws Exception {
        node.recovers(1, SECOND);
        assertThat(cluster.run("accept-loss", "2", "--force"))
                .isEqualTo(
                        "1 tablet is recovered from what is left of the log of server 2.3;"
                                + " `tablet:list` shows when that is done.");
        assertThat(cluster.run("accept-loss", "2.3", "--force", "--json"))
                .isEqualTo("{\"server\":\"2.3\",\"tablets\":2}");
        assertThat(node.accepted).containsExactly(SECOND, SECOND);
        node.refusal = "no tablet depends on a log of server 2.3";
        cluster.assertRefused(
                "No tablet depends on a log of server 2.3.", "accept-loss", "2", "--force");
    }

    @Test
    void acceptLoss_ofALogThatNobodyNeeds_isRefusedInOneSentence() {
        cluster.assertRefused(
                "No tablet depends on the log of a server that is down.",
                "accept-loss",
                "2.3",
                "--force");
        node.recovers(1, new ServerId(2, 2), SECOND);
        String others = "; some depend on those of 2.2, 2.3.";
        cluster.assertRefused(
                "No tablet depends on a log of server 1.1" + others, "accept-loss", "1.1");
        cluster.assertRefused(
                "No tablet depends on a log of server x" + others, "accept-loss", "x");
        cluster.assertRefused(
                "Tablets depend on several logs of server 2; say which of 2.2, 2.3.",
                "accept-loss",
                "2");
    }

    @Test
    void acceptLoss_offersServersWhoseLogsAreNeeded() {
        assertThat(cluster.offers("accept-loss", 0)).isEmpty();
        node.recovers(1, SECOND);
        assertThat(cluster.offers("accept-loss", 0)).containsExactly("2.3");
    }

    @Test
    void createTable_withReplicas_asksTheCluster() throws Exception {
        FakeStore store = new FakeStore();
        CommandRunner table = new CommandRunner(new TableCommands(() -> store, () -> node));
        table.assertRefused(
                "The table orders was dropped as soon as it was there.",
                "create",
                "orders",
                "--replicas",
                "2");
        store.createTable("orders", 4);
        assertThat(table.run("create", "orders", "--tablets", "4", "--replicas", "2"))
                .isEqualTo("Created the table orders.");
        assertThat(node.created).containsExactly("orders 1 2", "orders 4 2");
    }

    @Test
    void tabletList_ofTabletsThatAreRecovered_saysWhoseLogsTheyNeed() throws Exception {
        node.recovers(1, SECOND, new ServerId(3, 1));
        assertThat(tablet.run("list").stripTrailing()).endsWith("2.3 3.1");
    }

    @Test
    void assign_byHashOrSlot_toAServerOrWhoeverHasItsPlace() throws Exception {
        assertThat(tablet.run("assign", "default", "0xc000000000000000", "1.1"))
                .isEqualTo("Server 1.1 has the tablet of default with 0xc000000000000000.");
        tablet.run("assign", "default", "8192", "2");
        assertThat(node.assigned)
                .containsExactly("default c000000000000000 1.1", "default 8000000000000000 2.3");
    }

    @Test
    void assign_offersTabletsAndServersThatAreUp() {
        assertThat(tablet.offers("assign", 1, "default")).containsExactly("0x0000000000000000");
        assertThat(tablet.offers("assign", 2, "default", "0x0")).containsExactly("1.1");
    }

    @Test
    void assign_whatCannotBe_isRefusedInOneSentence() {
        tablet.assertRefused(
                "There is no server 9; see `cluster:servers`.", "assign", "default", "0x0", "9");
        tablet.assertRefused(
                "SLOT must be a whole number from 0 to 16383, was '16384'.",
                "assign",
                "default",
                "16384",
                "1");
        node.refusal = "the tablet has objects";
        tablet.assertRefused("The tablet has objects.", "assign", "default", "0x0", "1");
        assertThat(node.assigned).isEmpty();
    }

    @Test
    void start_byHashOrSlot_toAServerOrWhoeverHasItsPlace() throws Exception {
        assertThat(migration.run("start", "default", "0xc000000000000000", "1.1"))
                .isEqualTo(
                        "Server 1.1 serves the tablet of default with 0xc000000000000000; its"
                                + " objects follow.");
        assertThat(migration.run("start", "default", "8192", "2", "--json"))
                .contains("\"server\":\"2.3\"", "\"epoch\":7");
        assertThat(node.migrated)
                .containsExactly("default c000000000000000 1.1", "default 8000000000000000 2.3");
    }

    @Test
    void start_withARate_saysItInBytes() throws Exception {
        migration.run("start", "default", "0", "2", "--rate", "20");
        assertThat(node.migrated).containsExactly("default 0000000000000000 2.3 20000000");
        migration.assertRefused(
                "--rate must be a whole number from 1 to 1000000, was '0'.",
                "start",
                "default",
                "0",
                "2",
                "--rate",
                "0");
    }

    @Test
    void list_aTabletOnItsWay_saysHowFarItIs() throws Exception {
        assertThat(migration.run("list"))
                .contains("default", "2.3", "moving", "[##........] 25%", "500", "2");
        assertThat(migration.run("list", "--json"))
                .contains("\"bytes\":250000000", "\"seconds_left\":2", "\"rate\":\"7\"");
    }

    @Test
    void list_whatIsRecovered_saysFromWhichLogsAndWhatItWaitsFor() throws Exception {
        CommandRunner recovery = new CommandRunner(new RecoveryCommands(() -> node));
        assertThat(recovery.run("list"))
                .containsPattern(
                        "default +0x0000000000000000 +0xffffffffffffffff +2\\.3, 3\\.1 +12"
                                + " +waits: no replica of segment 5 of the log of server 3\\.1\n")
                .containsPattern("9 +0x0000000000000001 +\\S+ +3\\.1 +0 +takes the tablets$");
        new CommandRunner(new RecoveryCommands(() -> null)).assertWellBehavedWithoutServices(1);
    }

    @Test
    void pause_andResume_sayHowManyTabletsThatConcerns() throws Exception {
        assertThat(migration.run("pause"))
                .isEqualTo("1 tablet paused: only what clients ask for comes.");
        assertThat(migration.run("list")).contains("paused");
        assertThat(migration.run("resume")).isEqualTo("1 tablet on the way again.");
    }

    @Test
    void cancel_saysWhatStaysAndWhatCannot() throws Exception {
        assertThat(migration.run("cancel"))
                .isEqualTo(
                        "No tablet is being copied to this node. 1 is this node's already: move it"
                                + " back when all has come.");
        node.copying = true;
        assertThat(migration.run("list")).contains("copying");
        assertThat(migration.run("cancel")).isEqualTo("1 tablet stays where it is.");
    }

    @Test
    void start_offersTablesTabletsAndServersThatAreUp() {
        assertThat(migration.offers("start", 0)).containsExactly("default");
        assertThat(migration.offers("start", 1, "default")).containsExactly("0x0000000000000000");
        assertThat(migration.offers("start", 2, "default", "0x0")).containsExactly("1.1");
    }

    @Test
    void start_whatCannotBe_isRefusedInOneSentence() {
        migration.assertRefused(
                "There is no server 9; see `cluster:servers`.", "start", "default", "0x0", "9");
        migration.assertRefused(
                "A hash must be 0x and up to 16 hexadecimal digits, was '0xg'.",
                "start",
                "default",
                "0xg",
                "1");
        node.refusal = "server 1.1 has the tablet already";
        migration.assertRefused(
                "Server 1.1 has the tablet already.", "start", "default", "0x0", "1");
        assertThat(node.migrated).isEmpty();
    }

    @Test
    void start_withoutServices_saysSo() {
        new CommandRunner(new MigrationCommands(() -> null, () -> null, millis -> {}))
                .assertWellBehavedWithoutServices(6);
    }
}
