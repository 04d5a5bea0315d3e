package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionCommandsTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();
    private final Probe.Session other = probe.connect();

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void exec_runsAllInOrder() {
        client.ask("SET s x");
        assertThat(client.ask("MULTI")).isEqualTo("+OK");
        assertThat(client.ask("INCR n")).isEqualTo("+QUEUED");
        assertThat(client.ask("INCR s")).isEqualTo("+QUEUED");
        assertThat(client.ask("KEYS n")).isEqualTo("+QUEUED");
        assertThat(client.ask("GET n")).isEqualTo("+QUEUED");
        assertThat(other.ask("GET n")).isEqualTo("$-1");
        assertThat(client.ask("EXEC"))
                .isEqualTo("*4 :1 -ERR value is not an integer or out of range *1 $1 n $1 1");
        assertThat(client.ask("EXEC")).isEqualTo("-ERR EXEC without MULTI");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET k", "NOSUCH k", "FLUSHALL", "SAVE"})
    void exec_afterARefusal_runsNothing(String refused) {
        client.ask("MULTI");
        client.ask("SET k v");
        assertThat(client.ask(refused)).startsWith("-ERR");
        assertThat(client.ask("EXEC"))
                .isEqualTo("-EXECABORT Transaction discarded because of previous errors.");
        assertThat(client.ask("EXISTS k")).isEqualTo(":0");
    }

    @Test
    void discard_forgetsRequestsAndKeys() {
        client.ask("WATCH k");
        client.ask("MULTI");
        client.ask("SET k v");
        assertThat(client.ask("DISCARD")).isEqualTo("+OK");
        assertThat(client.ask("DISCARD")).isEqualTo("-ERR DISCARD without MULTI");
        other.ask("SET k w");
        client.ask("MULTI");
        client.ask("GET k");
        assertThat(client.ask("EXEC")).isEqualTo("*1 $1 w");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"SET k w", "DEL k", "EXPIRE k 100", "APPEND k x", "FLUSHALL", "RENAME k l"})
    void watch_keyChangedByAnother_refuses(String change) {
        client.ask("SET k v");
        client.ask("WATCH k");
        other.ask(change);
        client.ask("MULTI");
        client.ask("PING");
        assertThat(client.ask("EXEC")).isEqualTo("*-1");
        client.ask("MULTI");
        client.ask("PING");
        assertThat(client.ask("EXEC")).as("watched no longer").isEqualTo("*1 +PONG");
    }

    @Test
    void watch_keyExpiredOrCreated_refuses() {
        client.ask("SET k v PX 10");
        client.ask("WATCH k none");
        probe.nowMillis += 11;
        client.ask("MULTI");
        assertThat(client.ask("EXEC")).isEqualTo("*-1");
        client.ask("WATCH none");
        other.ask("SET none v");
        client.ask("MULTI");
        assertThat(client.ask("EXEC")).isEqualTo("*-1");
    }

    @Test
    void watch_keyUntouched_letsItRun() {
        client.ask("SET k v");
        client.ask("WATCH k");
        other.ask("GET k");
        client.ask("MULTI");
        client.ask("SET k w");
        assertThat(client.ask("WATCH l")).isEqualTo("-ERR WATCH inside MULTI is not allowed");
        assertThat(client.ask("MULTI")).isEqualTo("-ERR MULTI calls can not be nested");
        assertThat(client.ask("EXEC")).isEqualTo("*1 +OK");
        client.ask("WATCH k");
        other.ask("SET k x");
        client.ask("UNWATCH");
        client.ask("MULTI");
        assertThat(client.ask("EXEC")).isEqualTo("*0");
    }

    @Test
    void exec_keysOfTwoTablets_isRefused() throws Exception {
        probe.store.splitTablet("default", 1L << 63);
        client.ask("MULTI");
        client.ask("SET a 1");
        client.ask("SET b 2");
        assertThat(client.ask("EXEC")).startsWith("-CROSSSLOT");
        assertThat(client.ask("EXISTS a b")).isEqualTo(":0");
        client.ask("MULTI");
        client.ask("MSET a{x} 1 b{x} 2");
        assertThat(client.ask("EXEC")).isEqualTo("*1 +OK");
    }

    @Test
    void exec_aThousandRequests_runsInAThread() {
        client.ask("MULTI");
        for (int i = 0; i < 1000; i++) {
            client.ask("INCR n");
        }
        assertThat(client.ask("EXEC")).startsWith("*1000 :1 :2").endsWith(":1000");
        assertThat(client.ask("MULTI")).isEqualTo("+OK");
    }

    @Test
    void queue_beyondTheRequestLimit_spoilsTheTransaction() {
        String value = "x".repeat(1_000_000);
        client.ask("MULTI");
        String last = "";
        for (int i = 0; i < 9; i++) {
            last = client.send("SET", "k" + i, value);
        }
        assertThat(last).isEqualTo("-ERR the transaction is too large\r\n");
        assertThat(client.ask("EXEC")).startsWith("-EXECABORT");
    }

    @Test
    void exec_tabletBusy_saysThatItIsDiscarded() {
        client.ask("MULTI");
        client.ask("INCR n");
        KvStore.Table table = probe.store.table(KvStore.DEFAULT_TABLE);
        try (KvSession holder = probe.store.openSession()) {
            holder.enter();
            assertThat(holder.lockTablet(table, 0)).isEqualTo(Status.OK);
            assertThat(client.ask("EXEC"))
                    .isEqualTo(
                            "-EXECABORT Transaction discarded because its tablet is busy; try it"
                                    + " again.");
            holder.unlockTablet();
            holder.exit();
        }
        assertThat(client.ask("EXEC")).isEqualTo("-ERR EXEC without MULTI");
        assertThat(client.ask("EXISTS n")).isEqualTo(":0");
    }

    @Test
    void exec_ofLongReads_refusesThemBeyondItsShare() {
        client.send("SET", "a", "x".repeat(1500));
        client.send("SET", "b", "y".repeat(1500));
        client.ask("MULTI");
        client.ask("LCS a b LEN");
        client.ask("LCS a b LEN");
        client.ask("KEYS *");
        client.ask("SCAN 0 COUNT 100000");
        client.ask("INCR n");
        assertThat(client.ask("EXEC"))
                .isEqualTo(
                        "*5 :0 -ERR this takes too long for a transaction with keys; run it by"
                                + " itself *2 $1 b $1 a *2 $1 0 *2 $1 b $1 a :1");
        assertThat(client.ask("LCS a b LEN")).isEqualTo(":0");
    }

    @Test
    void queue_ofManyArguments_spoilsTheTransaction() {
        client.ask("MULTI");
        String many = "EXISTS" + " k".repeat(Transaction.ARGUMENTS_MAX / 4);
        for (int i = 0; i < 3; i++) {
            assertThat(client.ask(many)).isEqualTo("+QUEUED");
        }
        assertThat(client.ask(many)).isEqualTo("-ERR the transaction is too large");
    }

    @Test
    void configSet_inATransaction_works() {
        client.ask("MULTI");
        client.ask("SET k v");
        client.ask("CONFIG SET maxmemory bla");
        assertThat(client.ask("EXEC")).startsWith("*2 +OK -ERR CONFIG SET failed");
    }
}
