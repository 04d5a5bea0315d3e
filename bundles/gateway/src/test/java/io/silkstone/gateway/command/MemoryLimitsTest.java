package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.gateway.resp.MemoryBudget;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a client can make the node hold is bounded, and costs nobody else. */
class MemoryLimitsTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();
    private final Probe.Session other = probe.connect();
    private long takenByTest;

    @AfterEach
    void close() {
        probe.server.memory.give(takenByTest);
        client.disconnect();
        other.disconnect();
        probe.close();
        assertThat(probe.server.memory.taken()).isZero();
        assertThat(probe.server.heap.taken()).isZero();
    }

    /** Leaves so many bytes for those who hold much. */
    private void leave(long bytes) {
        MemoryBudget memory = probe.server.memory;
        long most = memory.bytesMax() - memory.bytesMax() / 4;
        takenByTest = most - memory.taken() - bytes;
        assertThat(memory.take(takenByTest, 0)).isTrue();
    }

    @Test
    void keys_withoutMemoryForTheReply_isRefused() {
        for (int i = 0; i < 50; i++) {
            client.send("SET", i + "k".repeat(5000), "v");
        }
        leave(1 << 17);
        assertThat(client.ask("KEYS *")).startsWith("-OOM clients hold too much memory");
        assertThat(client.ask("PING")).isEqualTo("+PONG");
    }

    @Test
    void longRequest_withMoreRepliesThanTheLimit_endsItsConnection() {
        client.send("SET", "k", "x".repeat(10_000));
        assertThat(client.raw("MGET" + " k".repeat(1100) + "\r\n")).isEmpty();
        assertThat(client.closed()).isTrue();
        assertThat(other.ask("STRLEN k")).isEqualTo(":10000");
    }

    @Test
    void unfinishedRequest_withoutMemory_endsItsConnection() {
        leave(1 << 17);
        String part = "x".repeat(400_000);
        assertThat(client.raw(List.of("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000\r\n" + part)))
                .isEmpty();
        assertThat(client.closed()).isTrue();
        other.raw(List.of("GE", "T none\r\n"));
        assertThat(other.closed()).as("the last quarter is for small ones").isFalse();
    }

    @Test
    void unfinishedRequest_ofManyArguments_isPaidFor() {
        client.raw("*1000000\r\n" + "$1\r\nx\r\n".repeat(200_000));
        assertThat(probe.server.heap.taken()).isGreaterThanOrEqualTo(8 * 200_000);
        client.disconnect();
        assertThat(probe.server.heap.taken()).isZero();
    }

    @Test
    void watch_beyondTheRequestLimit_isRefused() {
        String keys = "";
        for (int i = 0; i < 20; i++) {
            keys += " " + i + "k".repeat(60_000);
        }
        for (int i = 0; i < 6; i++) {
            assertThat(client.ask("WATCH" + keys)).isEqualTo("+OK");
        }
        assertThat(probe.server.memory.taken()).isGreaterThan(7_200_000);
        assertThat(client.ask("WATCH" + keys)).isEqualTo("-ERR too many watched keys");
        assertThat(client.ask("UNWATCH")).isEqualTo("+OK");
        assertThat(probe.server.memory.taken()).isZero();
    }

    @Test
    void transaction_ofManyRequests_takesOneBufferOutsideTheHeap() {
        client.raw("MULTI\r\n" + "PING\r\n".repeat(Transaction.REQUESTS_MAX));
        assertThat(probe.server.memory.taken()).isBetween(2_000_000L, 8_000_000L);
        assertThat(client.ask("PING")).isEqualTo("-ERR the transaction is too large");
        assertThat(client.ask("DISCARD")).isEqualTo("+OK");
        assertThat(probe.server.memory.taken()).isZero();
    }

    @Test
    void transactions_withoutMemory_areRefusedOneByOne() {
        leave(1 << 17);
        String value = "x".repeat(60_000);
        client.ask("MULTI");
        for (int i = 0; i < 10; i++) {
            client.send("SET", "k", value);
        }
        assertThat(client.ask("EXEC")).startsWith("-EXECABORT");
        other.ask("MULTI");
        other.ask("SET k v");
        assertThat(other.ask("EXEC")).isEqualTo("*1 +OK");
    }

    @Test
    void lcs_withoutHeap_isRefused() {
        client.send("SET", "a", "ab".repeat(1500));
        client.send("SET", "b", "ba".repeat(1500));
        MemoryBudget heap = probe.server.heap;
        long most = heap.bytesMax() - heap.bytesMax() / 4;
        // A bit for each of nine million pairs, and little else.
        assertThat(heap.take(most - 1_200_000, 0)).isTrue();
        assertThat(client.ask("LCS a b LEN")).isEqualTo(":2999");
        assertThat(client.send("LCS", "a", "b")).startsWith("$2999\r\n");
        assertThat(heap.take(100_000, 0)).isTrue();
        assertThat(client.ask("LCS a b")).startsWith("-ERR Insufficient memory");
        heap.give(most - 1_100_000);
    }

    @Test
    void sort_withoutHeap_isRefused() {
        client.send("SET", "big", "x".repeat(100_000));
        client.ask("RPUSH l 1 2 3 4 5 6 7 8");
        MemoryBudget heap = probe.server.heap;
        long taken = heap.bytesMax() - heap.bytesMax() / 4 - 500_000;
        assertThat(heap.take(taken, 0)).isTrue();
        assertThat(client.ask("SORT l LIMIT 0 2")).isEqualTo("*2 $1 1 $1 2");
        assertThat(client.ask("SORT l BY nosort GET big*")).startsWith("*8 $-1");
        client.send("MSET", "big1", "x".repeat(400_000), "big2", "x".repeat(400_000));
        assertThat(client.ask("SORT l BY nosort GET big*")).startsWith("-OOM clients hold");
        heap.give(taken);
    }

    @Test
    void announcedArgument_takesNoMemoryInAdvance() {
        client.raw("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\nx");
        client.raw("*3\r\n");
        assertThat(probe.server.memory.taken()).isLessThan(3 << 20);
    }
}
