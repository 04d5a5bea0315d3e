package io.silkstone.gateway.command;

import static io.silkstone.gateway.cluster.HandMadeCluster.HALF;
import static io.silkstone.gateway.cluster.HandMadeCluster.ONE;
import static io.silkstone.gateway.cluster.HandMadeCluster.TWO;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.gateway.cluster.HandMadeCluster;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that are passed on. Another store stands for the cluster's, and has what is in no tablet
 * of the node's own: "bar" is here, "foo" and "{foo}2" are there.
 */
class ClusterProxyTest {
    private final Probe probe = new Probe(null, false, 0);
    private final HandMadeCluster cluster = new HandMadeCluster();
    private final Probe.Session client = probe.connect();
    private final Store others =
            Store.open(
                    StoreOptions.DEFAULTS.withMemoryBytes(64 << 20).withMemoryPrefaultBytes(0),
                    NanoClock.SYSTEM,
                    () -> probe.nowMillis,
                    new SplittableRandom(7),
                    new Metrics());

    @BeforeEach
    void join() throws StoreRefused {
        probe.store.takeTablet(probe.store.table("default").id(), 0, Long.MAX_VALUE, 1);
        probe.server.cluster(cluster.with(HandMadeCluster.halves(1)));
        probe.server.clusterStore(others);
        probe.server.proxy(true);
    }

    @AfterEach
    void close() {
        probe.close();
        others.close();
    }

    @Test
    void requests_forKeysOfOthers_arePassedOn() {
        assertThat(client.ask("SET foo v")).isEqualTo("+OK");
        assertThat(client.ask("GET foo")).isEqualTo("$1 v");
        assertThat(client.ask("APPEND foo w")).isEqualTo(":2");
        assertThat(client.ask("INCR {foo}n")).isEqualTo(":1");
        assertThat(client.ask("RPUSH {foo}l a b")).isEqualTo(":2");
        assertThat(client.ask("LRANGE {foo}l 0 -1")).isEqualTo("*2 $1 a $1 b");
        assertThat(client.ask("MSET {foo}1 a {foo}2 b")).isEqualTo("+OK");
        assertThat(client.ask("DEL {foo}1 {foo}2 {foo}3")).isEqualTo(":2");
        assertThat(client.ask("DBSIZE")).as("of this node").isEqualTo(":0");
        assertThat(others.usage().objects()).isEqualTo(3);
    }

    @Test
    void requests_forOwnKeys_stayHere() {
        assertThat(client.ask("SET bar v")).isEqualTo("+OK");
        assertThat(client.ask("DBSIZE")).isEqualTo(":1");
        assertThat(others.usage().objects()).isZero();
    }

    @Test
    void replies_stayInOrder() {
        String replies =
                client.raw("SET bar 1\r\nSET foo 2\r\nGET bar\r\nGET foo\r\nPING\r\nGET foo\r\n");
        assertThat(replies.replace("\r\n", " ")).isEqualTo("+OK +OK $1 1 $1 2 +PONG $1 2 ");
    }

    @ParameterizedTest
    @CsvSource({
        "MGET foo {foo}2 none{foo}, *3 $1 a $1 b $-1",
        "EXISTS foo foo {foo}2 none{foo}, :3",
        "TOUCH foo {foo}3, :1"
    })
    void reads_ofSeveralKeys_areOneReply(String request, String reply) {
        client.ask("MSET foo a {foo}2 b");
        assertThat(client.ask(request)).isEqualTo(reply);
    }

    @Test
    void reads_ofSeveralSlots_goWhereTheyAre() {
        client.ask("MSET foo a {foo}2 b");
        client.ask("SET a c");
        assertThat(client.ask("CLUSTER KEYSLOT a")).isEqualTo(":15495");
        assertThat(client.ask("MGET foo a")).isEqualTo("*2 $1 a $1 c");
        assertThat(client.ask("EXISTS a foo")).isEqualTo(":2");
    }

    @ParameterizedTest
    @CsvSource({"0 1 2 3", "3 2 1 0", "1 3 0 2", "2 0 3 1"})
    void values_areInTheOrderOfTheKeys_howeverTheyCome(String order) {
        client.ask("MSET {foo}0 zero {foo}1 one {foo}3 3");
        int[] told = Stream.of(order.split(" ")).mapToInt(Integer::parseInt).toArray();
        probe.server.clusterStore(telling(told));
        assertThat(client.ask("MGET {foo}0 {foo}1 {foo}2 {foo}3"))
                .isEqualTo("*4 $4 zero $3 one $-1 $1 3");
    }

    @Test
    void writes_ofSeveralSlots_areRefused() {
        assertThat(client.ask("MSET foo 1 bar 2")).startsWith("-CROSSSLOT");
        assertThat(client.ask("DEL foo bar")).startsWith("-CROSSSLOT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"WATCH foo"})
    void requests_thatOnlyTheOwnerCanServe_areRedirected(String request) {
        assertThat(client.ask(request)).startsWith("-MOVED 12182");
    }

    @Test
    void transactions_areNotPassedOn() {
        client.ask("MULTI");
        assertThat(client.ask("GET foo")).startsWith("-MOVED");
        assertThat(client.ask("EXEC")).startsWith("-EXECABORT");
    }

    @Test
    void requests_forWhatIsLost_areRefusedAtOnce() {
        cluster.with(
                HandMadeCluster.pair(2)
                        .slots(0, HALF - 1, ONE)
                        .slots(HALF, Key.SLOTS - 1, TWO, TabletState.LOST));
        assertThat(client.ask("GET foo")).startsWith("-CLUSTERDOWN server 2.1");
    }

    @Test
    void requests_passedOn_needNoLease() {
        client.ask("SET foo v");
        cluster.leaseChecksLeft = 0;
        assertThat(client.ask("GET foo")).isEqualTo("$1 v");
    }

    @Test
    void requests_withoutAWayToTheOthers_areRedirected() {
        probe.server.clusterStore(null);
        assertThat(client.ask("GET foo")).startsWith("-MOVED");
        probe.server.clusterStore(others);
        probe.server.proxy(false);
        assertThat(client.ask("GET foo")).startsWith("-MOVED");
    }

    @Test
    void requests_passedOn_leaveCallsToOthers() {
        Semaphore calls = probe.server.callsElsewhere;
        calls.acquireUninterruptibly(ServerContext.CALLS_ELSEWHERE_MAX);
        assertThat(client.ask("GET foo")).isEqualTo("-" + DetachedRequest.BUSY);
        calls.release(ServerContext.CALLS_OF_A_KEY);
        assertThat(client.ask("MGET foo {foo}2")).isEqualTo("-" + DetachedRequest.BUSY);
        for (int i = 0; i < 3; i++) {
            assertThat(client.ask("SET foo v")).isEqualTo("+OK");
        }
        assertThat(calls.availablePermits()).isEqualTo(ServerContext.CALLS_OF_A_KEY);
        assertThat(client.ask("SET bar v")).as("of this node").isEqualTo("+OK");
        assertThat(client.closed()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"GET foo, 2", "MSET foo a {foo}2 b, 2", "MGET foo {foo}2, 10", "EXISTS foo, 10"})
    void requests_passedOn_areCountedWhileTheyRun(String request, int calls) {
        int[] left = new int[1];
        probe.server.clusterStore(
                with(
                        (method, arguments) -> {
                            left[0] = probe.server.callsElsewhere.availablePermits();
                            return method.getReturnType() == Status.class ? Status.UNKNOWN : null;
                        }));
        client.ask(request);
        assertThat(left[0]).isEqualTo(ServerContext.CALLS_ELSEWHERE_MAX - calls);
    }

    @ParameterizedTest
    @CsvSource({
        "UNAVAILABLE, -CLUSTERDOWN the server that has the key does not answer",
        "UNKNOWN, -ERR no answer in time; the command may have been run or not",
        "RETRY_LATER, -TRYAGAIN",
        "NOT_OWNER, -MOVED 12182 127.0.0.1:7601",
        "NO_SUCH_TABLE, -CLUSTERDOWN The table was dropped"
    })
    void refusals_ofTheOthers_areClear(Status status, String reply) {
        probe.server.clusterStore(refusing(status));
        for (String request :
                new String[] {
                    "GET foo", "SET foo v", "MGET foo {foo}2", "EXISTS foo", "INCR foo"
                }) {
            assertThat(client.ask(request)).as(request).startsWith(reply);
        }
        assertThat(client.closed()).isFalse();
    }

    @Test
    void replies_thatTheOthersDoNotSettle_areNotTold() {
        client.ask("SET foo v");
        KvSession real = others.openSession();
        probe.server.clusterStore(
                with(
                        (method, arguments) ->
                                method.getName().equals("settle")
                                        ? Status.UNKNOWN
                                        : method.invoke(real, arguments)));
        assertThat(client.ask("GET foo")).isEqualTo("-" + Exchange.UNKNOWN);
        assertThat(client.closed()).isFalse();
    }

    @Test
    void refusals_ofATableThatNobodyKnows_areClear() {
        probe.server.clusterStore(
                (KvStore)
                        Proxy.newProxyInstance(
                                getClass().getClassLoader(),
                                new Class<?>[] {KvStore.class},
                                (proxy, method, arguments) -> null));
        assertThat(client.ask("GET foo")).isEqualTo("-CLUSTERDOWN nobody says who has which keys");
    }

    /** The other store, with sessions that show what they read in this order. */
    private KvStore telling(int... order) {
        KvSession real = others.openSession();
        return with(
                (method, arguments) -> {
                    if (!method.getName().equals("readAll")) {
                        return method.invoke(real, arguments);
                    }
                    Key[] keys = (Key[]) arguments[1];
                    for (int index : order) {
                        Status status = real.read((KvStore.Table) arguments[0], keys[index]);
                        ObjectView object = status == Status.OK ? real.object() : null;
                        ((ReadVisitor) arguments[3]).visit(index, status, object);
                    }
                    return null;
                });
    }

    /** The other store, with sessions that answer everything with {@code status}. */
    private KvStore refusing(Status status) {
        return with(
                (method, arguments) -> {
                    if (method.getName().equals("readAll")) {
                        for (int i = 0; i < (int) arguments[2]; i++) {
                            ((ReadVisitor) arguments[3]).visit(i, status, null);
                        }
                    } else if (method.getName().equals("settle")) {
                        return Status.OK;
                    }
                    return method.getReturnType() == Status.class ? status : null;
                });
    }

    /** What a session does. */
    private interface Answers {
        Object to(Method method, Object[] arguments) throws ReflectiveOperationException;
    }

    private KvStore with(Answers answers) {
        KvSession session =
                (KvSession)
                        Proxy.newProxyInstance(
                                getClass().getClassLoader(),
                                new Class<?>[] {KvSession.class},
                                (proxy, method, arguments) -> answers.to(method, arguments));
        return (KvStore)
                Proxy.newProxyInstance(
                        getClass().getClassLoader(),
                        new Class<?>[] {KvStore.class},
                        (proxy, method, arguments) ->
                                method.getName().equals("openSession")
                                        ? session
                                        : method.invoke(others, arguments));
    }
}
