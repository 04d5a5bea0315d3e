package io.silkstone.gateway.command;

import static io.silkstone.gateway.cluster.HandMadeCluster.HALF;
import static io.silkstone.gateway.cluster.HandMadeCluster.ONE;
import static io.silkstone.gateway.cluster.HandMadeCluster.TWO;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.gateway.cluster.HandMadeCluster;
import io.silkstone.store.Filling;
import io.silkstone.store.Reservation;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A node that has the lower half of the slots: "bar" is in it (5061), "foo" is not (12182). */
class ClusterRequestsTest {
    private static final String MOVED = "-MOVED 12182 127.0.0.1:7601";
    private static final String NOT_TOLD = "-" + Untold.ERROR;
    private static final String NO_LEASE = "-" + Untold.NO_LEASE;
    private static final long LOWER_LAST = Long.MAX_VALUE;

    private final Probe probe = new Probe(null, false, 0);
    private final HandMadeCluster cluster = new HandMadeCluster();
    private final Probe.Session client = probe.connect();
    private final int table = probe.store.table("default").id();

    @BeforeEach
    void join() throws StoreRefused {
        probe.store.takeTablet(table, 0, LOWER_LAST, 1);
        probe.server.cluster(cluster.with(HandMadeCluster.halves(1)));
    }

    @AfterEach
    void close() {
        probe.close();
    }

    private String stored(String key) {
        try (KvSession session = probe.store.openSession()) {
            session.enter();
            Key wanted = new Key().wrap(key.getBytes(StandardCharsets.ISO_8859_1));
            Status status = session.read(probe.store.table("default"), wanted);
            session.exit();
            return status.name();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET foo",
                "SET foo v",
                "DEL foo {foo}2",
                "MGET foo {foo}2",
                "OBJECT ENCODING foo",
                "MEMORY USAGE foo",
                "SORT foo",
                "LPUSH foo a",
                "WATCH foo",
                "SILKSTONE.GETV foo"
            })
    void requests_forKeysOfOthers_areRedirected(String request) {
        assertThat(client.ask(request)).isEqualTo(MOVED);
    }

    @Test
    void requests_forOwnKeys_areServed() {
        assertThat(client.ask("SET bar v")).isEqualTo("+OK");
        assertThat(client.ask("MGET bar {bar}2")).isEqualTo("*2 $1 v $-1");
        assertThat(client.ask("MSET {bar}1 a {bar}2 b")).isEqualTo("+OK");
        assertThat(client.ask("RENAME {bar}1 {bar}3")).isEqualTo("+OK");
        assertThat(client.ask("DEL bar {bar}2 {bar}3")).isEqualTo(":3");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MGET bar hello",
                "MSET bar 1 hello 2",
                "DEL bar {bar}2 hello",
                "RENAME bar hello",
                "COPY bar hello",
                "LCS bar hello",
                "SORT bar STORE hello"
            })
    void requests_ofSeveralSlots_areRefused(String request) {
        assertThat(client.ask(request))
                .isEqualTo("-CROSSSLOT Keys in request don't hash to the same slot");
    }

    @Test
    void requests_wrongInThemselves_areToldThatFirst() {
        assertThat(client.ask("GET")).startsWith("-ERR wrong number");
        assertThat(client.ask("NOSUCH foo")).startsWith("-ERR unknown command");
    }

    @Test
    void requests_forWhatIsLost_sayThatItIs() {
        cluster.with(
                HandMadeCluster.pair(2)
                        .slots(0, HALF - 1, ONE)
                        .slots(HALF, Key.SLOTS - 1, TWO, TabletState.LOST));
        assertThat(client.ask("GET foo"))
                .isEqualTo("-CLUSTERDOWN server 2.1, which had hash slot" + " 12182, is down");
    }

    @Test
    void requests_whileATabletIsOnItsWay_areToBeTriedAgain() throws StoreRefused {
        cluster.with(HandMadeCluster.pair(2).slots(0, Key.SLOTS - 1, ONE));
        for (String request : new String[] {"GET foo", "SET foo v", "MGET foo {foo}2", "TTL foo"}) {
            assertThat(client.ask(request)).as(request).startsWith("-TRYAGAIN");
        }
        probe.store.takeTablet(table, Long.MIN_VALUE, -1, 2);
        assertThat(client.ask("SET foo v")).isEqualTo("+OK");
    }

    @Test
    void requests_forWhatCameBeforeTheMap_areServed() throws StoreRefused {
        cluster.take(12_182);
        assertThat(client.ask("SET foo v")).startsWith("-TRYAGAIN");
        probe.store.takeTablet(table, Long.MIN_VALUE, -1, 2);
        assertThat(client.ask("SET foo v")).isEqualTo("+OK");
        assertThat(client.ask("MSET foo a {foo}2 b")).isEqualTo("+OK");
        assertThat(client.ask("MGET foo {foo}2")).isEqualTo("*2 $1 a $1 b");
    }

    @Test
    void requests_forKeysThatAreStillToCome_waitForThem() throws Exception {
        AtomicReference<Filling> filling = new AtomicReference<>();
        cluster.with(
                HandMadeCluster.pair(2)
                        .slots(0, HALF - 1, ONE)
                        .slots(HALF, Key.SLOTS - 1, ONE, TabletState.MIGRATING));
        Reservation reservation = probe.store.reserveTablet(table, Long.MIN_VALUE, -1);
        AtomicInteger wanted = new AtomicInteger();
        filling.set(
                reservation.fill(
                        3,
                        () -> {
                            // Whoever brings them needs a moment for each.
                            wanted.incrementAndGet();
                            probe.threads.create(
                                    ThreadRuntime.NORMAL, () -> bringWanted(filling.get()));
                        }));
        assertThat(client.ask("GET foo")).isEqualTo("$-1");
        assertThat(client.raw("SET {foo}1 a\r\nINCR {foo}2\r\nSET {foo}2 8\r\nINCR {foo}2\r\n"))
                .isEqualTo("+OK\r\n:1\r\n+OK\r\n:9\r\n");
        assertThat(client.ask("DEL {foo}1 {foo}3 {foo}4")).isEqualTo(":1");
        assertThat(client.ask("MGET {foo}2 {foo}1 {foo}5")).isEqualTo("*3 $1 9 $-1 $-1");
        assertThat(wanted.get()).isPositive();
    }

    private static void bringWanted(Filling filling) {
        long[] hashes = new long[8];
        int count = filling.wanted(hashes);
        for (int index = 0; index < count; index++) {
            filling.know(hashes[index]);
        }
    }

    @Test
    void requests_forKeysThatDoNotCome_areToBeTriedAgainInTheEnd() throws StoreRefused {
        cluster.with(HandMadeCluster.pair(2).slots(0, Key.SLOTS - 1, ONE));
        probe.store.reserveTablet(table, Long.MIN_VALUE, -1).fill(3, () -> {});
        assertThat(client.ask("GET foo")).startsWith("-TRYAGAIN The key is busy");
        assertThat(client.ask("SET foo v")).isEqualTo("+OK");
        assertThat(client.ask("GET foo")).isEqualTo("$1 v");
    }

    @Test
    void requests_afterATabletHasGone_followTheNewestMap() throws StoreRefused {
        client.ask("SET bar v");
        probe.store.dropTablet(table, 0, LOWER_LAST);
        assertThat(client.ask("GET bar")).startsWith("-TRYAGAIN");
        cluster.with(HandMadeCluster.pair(2).slots(0, Key.SLOTS - 1, TWO));
        assertThat(client.ask("GET bar")).isEqualTo("-MOVED 5061 127.0.0.1:7601");
    }

    @Test
    void requests_afterTheClusterWentAway_areRefused() {
        client.ask("SET bar v");
        probe.server.cluster(null);
        assertThat(client.ask("GET bar")).startsWith("-CLUSTERDOWN this node");
        assertThat(client.ask("CLUSTER INFO")).contains("cluster_state:fail");
        probe.server.cluster(cluster);
        assertThat(client.ask("GET bar")).isEqualTo("$1 v");
    }

    @Test
    void nodeLocalCommands_actOnWhatIsHere() {
        client.ask("SET bar v");
        assertThat(client.ask("DBSIZE")).isEqualTo(":1");
        assertThat(client.ask("KEYS *")).isEqualTo("*1 $3 bar");
        assertThat(client.ask("SCAN 0")).isEqualTo("*2 $1 0 *1 $3 bar");
        assertThat(client.ask("RANDOMKEY")).isEqualTo("$3 bar");
        assertThat(client.ask("CLUSTER COUNTKEYSINSLOT 5061")).isEqualTo(":1");
        assertThat(client.ask("FLUSHALL")).isEqualTo("+OK");
        assertThat(client.ask("DBSIZE")).isEqualTo(":0");
    }

    // ---- the lease ----

    @Test
    void lease_overWhenARequestHasRun_leavesItUntold() {
        client.ask("SET bar v");
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask("GET bar")).isEqualTo(NOT_TOLD);
        assertThat(client.ask("SET {bar}2 w")).as("known by now").isEqualTo(NO_LEASE);
        assertThat(stored("{bar}2")).isEqualTo("NOT_FOUND");
        cluster.leaseChecksLeft = -1;
        assertThat(client.ask("GET bar")).isEqualTo("$1 v");
    }

    @Test
    void lease_overAfterAWrite_leavesItsOutcomeUnknown() {
        client.ask("GET bar");
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask("SET bar v")).isEqualTo(NOT_TOLD);
        assertThat(stored("bar")).isEqualTo("OK");
    }

    @Test
    void lease_neverHad_runsNothing() {
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask("SET bar v")).isEqualTo(NO_LEASE);
        assertThat(client.ask("GET foo")).as("needs no lease").isEqualTo(MOVED);
        assertThat(client.ask("PING")).isEqualTo("+PONG");
        assertThat(stored("bar")).isEqualTo("NOT_FOUND");
    }

    @Test
    void lease_ofAServerEnlistedAfresh_isAnother() {
        client.ask("SET bar v");
        client.ask("CONFIG SET slowlog-log-slower-than 0");
        probe.atNextLook = () -> cluster.as(new ServerId(1, 2));
        assertThat(client.ask("GET bar")).isEqualTo(NOT_TOLD);
    }

    @Test
    void lease_overWithinAPipeline_concernsRequestsOnDataSinceTheLastLook() {
        client.ask("SET bar v");
        cluster.leaseChecksLeft = 1;
        String replies =
                client.raw(
                        "GET bar\r\nGET bar\r\nPING\r\nGET bar\r\nGET foo\r\nGET bar\r\nPING\r\n");
        assertThat(replies.replace("\r\n", " ").strip())
                .isEqualTo("$1 v $1 v +PONG " + NOT_TOLD + " " + MOVED + " " + NO_LEASE + " +PONG");
    }

    @Test
    void lease_overWhileALongReplyLeaves_endsTheConnection() {
        String value = "v".repeat(300_000);
        client.send("SET", "bar", value);
        cluster.leaseChecksLeft = 2;
        String replies = client.send("MGET", "bar", "bar", "bar");
        assertThat(replies).startsWith("*3\r\n$300000\r\n").hasSizeLessThan(700_000);
        assertThat(client.closed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "KEYS *",
                "FLUSHALL",
                "LCS bar {bar}2",
                "SORT {bar}l",
                "CLUSTER COUNTKEYSINSLOT 5061",
                "CLUSTER GETKEYSINSLOT 5061 10"
            })
    void lease_overWhenALongRequestHasRun_leavesItUntold(String request) {
        client.ask("MSET bar v {bar}2 v");
        client.ask("RPUSH {bar}l 1 2");
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask(request)).isEqualTo(NOT_TOLD);
        assertThat(client.closed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ACL SETUSER other", "CONFIG SET maxclients 9", "CLUSTER MYID"})
    void lease_over_concernsNothingButData(String request) {
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask(request)).doesNotStartWith("-");
    }

    @Test
    void lease_overWhileNobodyListens_isNoMatter() {
        client.ask("CLIENT REPLY OFF");
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask("SET bar v")).isEmpty();
        cluster.leaseChecksLeft = -1;
        assertThat(client.ask("CLIENT REPLY ON")).isEqualTo("+OK");
        assertThat(client.ask("GET bar")).isEqualTo("$-1");
    }

    // ---- transactions ----

    @Test
    void transaction_onOwnKeys_runs() {
        client.ask("WATCH bar");
        client.ask("MULTI");
        client.ask("SET bar v");
        client.ask("GET bar");
        assertThat(client.ask("EXEC")).isEqualTo("*2 +OK $1 v");
    }

    @ParameterizedTest
    @CsvSource({"GET foo, -MOVED", "MGET bar hello, -CROSSSLOT"})
    void transaction_withARefusedRequest_isDropped(String request, String refusal) {
        client.ask("MULTI");
        client.ask("SET bar v");
        assertThat(client.ask(request)).startsWith(refusal);
        assertThat(client.ask("EXEC")).startsWith("-EXECABORT");
        assertThat(stored("bar")).isEqualTo("NOT_FOUND");
    }

    @Test
    void transaction_ofSeveralSlots_isRefused() {
        client.ask("MULTI");
        client.ask("SET bar v");
        client.ask("SET hello v");
        assertThat(client.ask("EXEC")).startsWith("-CROSSSLOT");
        assertThat(stored("bar")).isEqualTo("NOT_FOUND");
    }

    @Test
    void transaction_whoseTabletWent_isRedirected() throws StoreRefused {
        client.ask("MULTI");
        client.ask("SET bar v");
        probe.store.dropTablet(table, 0, LOWER_LAST);
        cluster.with(HandMadeCluster.pair(2).slots(0, Key.SLOTS - 1, TWO));
        assertThat(client.ask("EXEC")).isEqualTo("-MOVED 5061 127.0.0.1:7601");
        assertThat(client.ask("EXEC")).isEqualTo("-ERR EXEC without MULTI");
    }

    @Test
    void transaction_afterWhichTheLeaseIsOver_isNotTold() {
        client.ask("MULTI");
        client.ask("SET bar v");
        client.ask("PING");
        probe.atNextLook = () -> cluster.leaseChecksLeft = 0;
        assertThat(client.ask("EXEC")).isEqualTo(NOT_TOLD);
        assertThat(stored("bar")).isEqualTo("OK");
    }

    // ---- what clients are told ----

    @Test
    void node_saysThatItIsClustered() {
        assertThat(client.ask("INFO cluster")).contains("cluster_enabled:1");
        assertThat(client.ask("INFO server")).contains("redis_mode:cluster");
        assertThat(client.ask("HELLO 2")).contains("$4 mode $7 cluster");
        assertThat(client.ask("READONLY")).isEqualTo("+OK");
        assertThat(client.ask("READWRITE")).isEqualTo("+OK");
        assertThat(client.ask("ASKING")).isEqualTo("+OK");
        assertThat(client.ask("SELECT 0")).isEqualTo("+OK");
        assertThat(client.ask("SELECT 1")).isEqualTo("-ERR SELECT is not allowed in cluster mode");
    }

    @Test
    void slots_areThoseThatAreServed() {
        cluster.with(
                HandMadeCluster.pair(2)
                        .slots(0, 99, ONE)
                        .slots(100, 199, TWO, TabletState.LOST)
                        .slots(200, Key.SLOTS - 1, TWO));
        assertThat(client.ask("CLUSTER SLOTS"))
                .isEqualTo(
                        "*2 *3 :0 :99 *4 $9 127.0.0.1 :7600 $40 "
                                + HandMadeCluster.node(1)
                                + " *0 *3 :200 :16383 *4 $9 127.0.0.1 :7601 $40 "
                                + HandMadeCluster.node(2)
                                + " *0");
    }

    @Test
    void slots_whileTheyMigrate_areTheirOwners() {
        String whole = client.ask("CLUSTER SLOTS");
        String shards = client.ask("CLUSTER SHARDS");
        cluster.with(
                HandMadeCluster.pair(2)
                        .slots(0, HALF - 1, ONE, TabletState.MIGRATING)
                        .slots(HALF, Key.SLOTS - 1, TWO, TabletState.MIGRATING));
        assertThat(client.ask("CLUSTER SLOTS")).isEqualTo(whole).startsWith("*2 *3 :0 :8191 ");
        assertThat(client.ask("CLUSTER SHARDS")).isEqualTo(shards);
    }

    @Test
    void shards_areMapsInVersionThree() {
        String shard =
                "%2 $5 slots *2 :0 :8191 $5 nodes *1 %7 $2 id $40 "
                        + HandMadeCluster.node(1)
                        + " $4 port :7600 $2 ip $9 127.0.0.1 $8 endpoint $9 127.0.0.1"
                        + " $4 role $6 master $18 replication-offset :0 $6 health $6 online";
        assertThat(client.ask("CLUSTER SHARDS"))
                .startsWith("*2 " + shard.replace("%2", "*4").replace("%7", "*14") + " *4 ");
        client.ask("HELLO 3");
        assertThat(client.ask("CLUSTER SHARDS")).startsWith("*2 " + shard + " %2 ");
    }

    @Test
    void subcommands_thatAsk_areAnswered() {
        String node = "$40 " + HandMadeCluster.node(1);
        assertThat(client.ask("CLUSTER MYID")).isEqualTo(node);
        assertThat(client.ask("CLUSTER MYSHARDID")).isEqualTo(node);
        assertThat(client.ask("CLUSTER KEYSLOT {bar}x")).isEqualTo(":5061");
        assertThat(client.ask("CLUSTER LINKS")).isEqualTo("*0");
        assertThat(client.ask("CLUSTER REPLICAS " + HandMadeCluster.node(2))).isEqualTo("*0");
        assertThat(client.ask("CLUSTER REPLICAS x")).isEqualTo("-ERR Unknown node x");
        assertThat(client.ask("CLUSTER NODES")).contains(HandMadeCluster.node(1), "8192-16383");
        assertThat(client.ask("CLUSTER INFO")).contains("cluster_state:ok");
        assertThat(client.ask("CLUSTER SLOTS x")).startsWith("-ERR wrong number");
        assertThat(client.ask("CLUSTER NONSENSE")).startsWith("-ERR unknown subcommand");
    }

    @ParameterizedTest
    @ValueSource(strings = {"MEET 127.0.0.1 1", "ADDSLOTS 1", "SETSLOT 1 STABLE", "FORGET x"})
    void subcommands_thatDecide_areRefusedInASentence(String subcommand) {
        assertThat(client.ask("CLUSTER " + subcommand)).contains("tablet:assign");
    }

    @Test
    void command_tellsWhereKeysAre() {
        assertThat(client.ask("COMMAND INFO get")).contains(":1 :1 :1").doesNotContain("movable");
        assertThat(client.ask("COMMAND INFO mset")).contains(":1 :-1 :2");
        assertThat(client.ask("COMMAND INFO sort")).contains(":1 :1 :1", "+movablekeys");
        assertThat(client.ask("COMMAND GETKEYS SORT a STORE b")).isEqualTo("*2 $1 a $1 b");
        assertThat(client.ask("COMMAND GETKEYS MEMORY USAGE a")).isEqualTo("*1 $1 a");
    }
}
