package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SortCommandsTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();

    @AfterEach
    void close() {
        probe.close();
    }

    @ParameterizedTest
    @CsvSource({
        "SORT l, *4 $1 1 $1 2 $1 3 $2 10",
        "SORT l DESC, *4 $2 10 $1 3 $1 2 $1 1",
        "SORT l ALPHA, *4 $1 1 $2 10 $1 2 $1 3",
        "SORT l ALPHA DESC, *4 $1 3 $1 2 $2 10 $1 1",
        "SORT l LIMIT 1 2, *2 $1 2 $1 3",
        "SORT l LIMIT 1 -1, *3 $1 2 $1 3 $2 10",
        "SORT l LIMIT -5 2, *2 $1 1 $1 2",
        "SORT l LIMIT 9 2, *0",
        "SORT l BY nosort, *4 $1 3 $1 1 $1 2 $2 10",
        "SORT l BY nosort DESC LIMIT 0 2, *2 $2 10 $1 2",
        "SORT_RO l DESC LIMIT 0 1, *1 $2 10",
        "SORT none, *0",
        "SORT l LIMIT 1, -ERR syntax error",
        "SORT l LIMIT a 1, -ERR value is not an integer or out of range",
        "SORT l STORE, -ERR syntax error",
        "SORT_RO l STORE m, -ERR syntax error",
        "SORT s, -WRONGTYPE Operation against a key holding the wrong kind of value"
    })
    void sort_ordersAsTold(String request, String reply) {
        client.ask("RPUSH l 3 1 2 10");
        client.ask("SET s v");
        assertThat(client.ask(request)).isEqualTo(reply);
    }

    @Test
    void sort_byWeights_putsMissingOnesFirst() {
        client.ask("RPUSH l a b c");
        client.ask("MSET w:b:x 5 w:c:x -7");
        assertThat(client.ask("SORT l BY w:*:x")).isEqualTo("*3 $1 c $1 a $1 b");
        assertThat(client.ask("SORT l BY w:*:x ALPHA")).isEqualTo("*3 $1 a $1 c $1 b");
        assertThat(client.ask("SORT l BY h:*->field GET h:*->field")).isEqualTo("*3 $-1 $-1 $-1");
    }

    @Test
    void sort_get_fetchesForEachElement() {
        client.ask("SADD s 2 1");
        client.ask("SET o1 one");
        client.ask("RPUSH o2 x");
        assertThat(client.ask("SORT s GET # GET o* GET nothing"))
                .isEqualTo("*6 $1 1 $3 one $-1 $1 2 $-1 $-1");
    }

    @ParameterizedTest
    @CsvSource({
        "1.5 -2 1e2 inf -inf, $4 -inf $2 -2 $3 1.5 $3 1e2 $3 inf",
        "'7 +7 07', $2 +7 $2 07 $1 7"
    })
    void sort_numbers_readsWhatStrtodReads(String elements, String order) {
        client.ask("RPUSH l " + elements);
        assertThat(client.ask("SORT l")).endsWith(order);
    }

    @ParameterizedTest
    @CsvSource({"a", "1x", "nan", "1e999", "0x", "--1", "1.5f"})
    void sort_whatIsNoNumber_isRefused(String element) {
        client.ask("RPUSH l 1 " + element);
        assertThat(client.ask("SORT l"))
                .isEqualTo("-ERR One or more scores can't be converted into double");
    }

    @Test
    void sort_store_writesAList() {
        client.ask("SADD s c a b");
        client.ask("SET target v EX 100");
        assertThat(client.ask("SORT s ALPHA STORE target")).isEqualTo(":3");
        assertThat(client.ask("LRANGE target 0 -1")).isEqualTo("*3 $1 a $1 b $1 c");
        assertThat(client.ask("TTL target")).isEqualTo(":-1");
        assertThat(client.ask("SORT s BY nosort DESC STORE target")).isEqualTo(":3");
        assertThat(client.ask("LRANGE target 0 -1")).isEqualTo("*3 $1 c $1 b $1 a");
        assertThat(client.ask("SORT s ALPHA GET x* STORE target")).isEqualTo(":3");
        assertThat(client.ask("LRANGE target 0 0")).isEqualTo("*1 $0");
        assertThat(client.ask("SORT none STORE target")).isEqualTo(":0");
        assertThat(client.ask("EXISTS target")).isEqualTo(":0");
    }

    @Test
    void sort_storeInATransaction_isOneStepWithTheRest() {
        client.ask("RPUSH l 2 1");
        client.ask("MULTI");
        client.ask("SORT l STORE l");
        client.ask("RPUSH l 3");
        assertThat(client.ask("EXEC")).isEqualTo("*2 :2 :3");
        assertThat(client.ask("LRANGE l 0 -1")).isEqualTo("*3 $1 1 $1 2 $1 3");
    }

    @Test
    void sort_storeIntoAnotherTablet_isRefused() throws Exception {
        probe.store.splitTablet("default", 1L << 63);
        client.ask("RPUSH a 2 1");
        assertThat(client.ask("SORT a STORE b")).startsWith("-CROSSSLOT");
        client.ask("MULTI");
        client.ask("SORT a STORE b");
        assertThat(client.ask("EXEC")).startsWith("-CROSSSLOT");
        assertThat(client.ask("EXISTS b")).isEqualTo(":0");
        assertThat(client.ask("SORT a STORE {a}b")).isEqualTo(":2");
    }

    @Test
    void sort_storeBeyondAnObject_isRefused() {
        String value = "x".repeat(probe.server.valueBytesMax() / 10 * 4);
        client.ask("RPUSH l 1 1");
        client.send("SET", "g1", value);
        assertThat(client.ask("SORT l GET g* STORE target")).isEqualTo(":2");
        client.ask("RPUSH l 1");
        assertThat(client.ask("SORT l GET g* STORE target")).startsWith("-ERR the collection");
        assertThat(client.ask("LLEN target")).isEqualTo(":2");
    }

    @Test
    void sort_patterns_needAllKeys() {
        client.ask("ACL SETUSER alice on >pw ~l* +@all");
        client.ask("RPUSH l 1");
        Probe.Session alice = probe.connect();
        alice.ask("AUTH alice pw");
        assertThat(alice.ask("SORT l STORE l2")).isEqualTo(":1");
        assertThat(alice.ask("SORT l STORE other")).startsWith("-NOPERM No permissions to access");
        assertThat(alice.ask("SORT l BY w*")).startsWith("-ERR BY option of SORT denied");
        assertThat(alice.ask("SORT l GET #")).startsWith("-ERR GET option of SORT denied");
        assertThat(alice.ask("SORT l BY nosort")).isEqualTo("*1 $1 1");
    }

    @Test
    void sort_patternsInACluster_areRefused() {
        try (Probe cluster = new Probe(null, true)) {
            assertThat(cluster.connect().ask("SORT l BY w*")).contains("denied in cluster mode");
        }
    }

    @Test
    void getkeys_findsTheDestination() {
        assertThat(client.ask("COMMAND GETKEYS SORT l BY STORE STORE a LIMIT 0 STORE store b"))
                .isEqualTo("*2 $1 l $1 b");
        assertThat(client.ask("COMMAND GETKEYS SORT l DESC")).isEqualTo("*1 $1 l");
    }
}
