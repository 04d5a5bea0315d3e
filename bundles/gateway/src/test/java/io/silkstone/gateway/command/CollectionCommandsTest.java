package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CollectionCommandsTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void lrange_betweenTheFarthestPlaces_isEmpty() {
        String beyond = "9223372036854775807 -9223372036854775808";
        assertThat(client.ask("LRANGE none " + beyond)).isEqualTo("*0");
        client.ask("RPUSH l a b");
        assertThat(client.ask("LRANGE l " + beyond)).isEqualTo("*0");
        assertThat(client.ask("LRANGE l -9223372036854775808 9223372036854775807"))
                .isEqualTo("*2 $1 a $1 b");
    }

    @Test
    void list_growsAndShrinksAtBothEnds() {
        assertThat(client.ask("LPUSHX l a")).isEqualTo(":0");
        assertThat(client.ask("RPUSH l c d")).isEqualTo(":2");
        assertThat(client.ask("LPUSH l b a")).isEqualTo(":4");
        assertThat(client.ask("LRANGE l 0 -1")).isEqualTo("*4 $1 a $1 b $1 c $1 d");
        assertThat(client.ask("LRANGE l -3 2")).isEqualTo("*2 $1 b $1 c");
        assertThat(client.ask("LRANGE l 5 9")).isEqualTo("*0");
        assertThat(client.ask("LINDEX l -1")).isEqualTo("$1 d");
        assertThat(client.ask("LINDEX l 9")).isEqualTo("$-1");
        assertThat(client.ask("LPOP l")).isEqualTo("$1 a");
        assertThat(client.ask("RPOP l 2")).isEqualTo("*2 $1 d $1 c");
        assertThat(client.ask("LLEN l")).isEqualTo(":1");
        assertThat(client.ask("RPOP l 0")).isEqualTo("*0");
        assertThat(client.ask("RPOP l")).isEqualTo("$1 b");
        assertThat(client.ask("EXISTS l")).isEqualTo(":0");
        assertThat(client.ask("LPOP l")).isEqualTo("$-1");
        assertThat(client.ask("LPOP l 2")).isEqualTo("*-1");
    }

    @Test
    void set_holdsEachMemberOnce() {
        assertThat(client.ask("SADD s a b a")).isEqualTo(":2");
        assertThat(client.ask("SADD s b c")).isEqualTo(":1");
        assertThat(client.ask("SCARD s")).isEqualTo(":3");
        assertThat(client.ask("SISMEMBER s b")).isEqualTo(":1");
        assertThat(client.ask("SMEMBERS s")).isEqualTo("*3 $1 a $1 b $1 c");
        assertThat(client.ask("SREM s a x")).isEqualTo(":1");
        assertThat(client.ask("SISMEMBER s a")).isEqualTo(":0");
        assertThat(client.ask("SRANDMEMBER s 10")).isEqualTo("*2 $1 b $1 c");
        assertThat(client.ask("SRANDMEMBER s -3")).startsWith("*3 ");
        assertThat(client.ask("SRANDMEMBER none")).isEqualTo("$-1");
        assertThat(client.ask("SPOP s")).isIn("$1 b", "$1 c");
        client.ask("SPOP s");
        assertThat(client.ask("EXISTS s")).isEqualTo(":0");
    }

    @Test
    void pop_ofManyLongElements_answersInOrder() {
        String filler = "x".repeat(1000);
        StringBuilder front = new StringBuilder("*300 ");
        StringBuilder back = new StringBuilder("*300 ");
        for (int i = 0; i < 700; i++) {
            String element = filler + (100 + i);
            client.send("RPUSH", "l", element);
            front.append(i < 300 ? "$1003 " + element + " " : "");
            back.append(i < 300 ? "$1003 " + filler + (100 + 699 - i) + " " : "");
        }
        assertThat(client.ask("LPOP l 300")).isEqualTo(front.toString().strip());
        assertThat(client.ask("RPOP l 300")).isEqualTo(back.toString().strip());
        assertThat(client.ask("LLEN l")).isEqualTo(":100");
    }

    @Test
    void spop_ofSeveral_takesEachOnce() {
        client.ask("SADD s a b c d e");
        TreeSet<String> left = new TreeSet<>(List.of("a", "b", "c", "d", "e"));
        String[] taken = client.ask("SPOP s 2").split(" ");
        assertThat(taken).hasSize(5).startsWith("*2");
        assertThat(left.remove(taken[2]) && left.remove(taken[4])).isTrue();
        assertThat(client.ask("SCARD s")).isEqualTo(":3");
        left.forEach(member -> assertThat(client.ask("SISMEMBER s " + member)).isEqualTo(":1"));
        assertThat(client.ask("SPOP s 0")).isEqualTo("*0");
        assertThat(client.ask("SPOP s 9")).startsWith("*3 ");
        assertThat(client.ask("EXISTS s")).isEqualTo(":0");
        assertThat(client.ask("SPOP s 9")).isEqualTo("*0");
        assertThat(client.ask("SPOP s")).isEqualTo("$-1");
        assertThat(client.ask("SPOP s -1")).startsWith("-ERR value is out of range");
        assertThat(client.ask("SPOP s 1 2")).isEqualTo("-ERR syntax error");
        client.ask("HELLO 3");
        assertThat(client.ask("SPOP s 1")).isEqualTo("~0");
    }

    @ParameterizedTest
    @CsvSource({
        "SSCAN s 0, *2 $1 0 *3 $3 foo $3 fab $1 1",
        "SSCAN s 7 MATCH f* COUNT 1, *2 $1 0 *2 $3 foo $3 fab",
        "SSCAN none 0 NONSENSE, *2 $1 0 *0",
        "SSCAN none x, -ERR invalid cursor",
        "SSCAN s 0 COUNT 0, -ERR syntax error",
        "SSCAN s 0 COUNT a, -ERR value is not an integer or out of range",
        "SSCAN s 0 TYPE string, -ERR syntax error",
        "SSCAN s 0 MATCH, -ERR syntax error"
    })
    void sscan_returnsAllThatMatch(String request, String reply) {
        client.ask("SADD s foo fab 1");
        assertThat(client.ask(request)).isEqualTo(reply);
    }

    @Test
    void srandmember_ofMoreThanThereAre_returnsAll() {
        client.ask("SADD s a b");
        assertThat(client.ask("SRANDMEMBER s 9223372036854775807")).isEqualTo("*2 $1 a $1 b");
        assertThat(client.ask("SRANDMEMBER s -10001")).startsWith("-ERR value is out of range");
        assertThat(client.ask("SRANDMEMBER s 1 2")).isEqualTo("-ERR syntax error");
    }

    @Test
    void change_keepsTheExpiry() {
        client.ask("RPUSH l a");
        client.ask("PEXPIRE l 300");
        client.ask("RPUSH l b");
        client.ask("LPOP l");
        assertThat(client.ask("PTTL l")).isEqualTo(":300");
    }

    @Test
    void otherType_isRefused() {
        client.ask("SET k v");
        client.ask("SADD s a");
        assertThat(client.ask("LPUSH k a")).startsWith("-WRONGTYPE");
        assertThat(client.ask("LRANGE s 0 1")).startsWith("-WRONGTYPE");
        assertThat(client.ask("SADD k a")).startsWith("-WRONGTYPE");
    }

    @Test
    void collectionBeyondAnObject_isRefusedAndStays() {
        String half = "x".repeat(probe.store.valueBytesMax() * 6 / 10);
        client.send("RPUSH", "l", half);
        assertThat(client.send("RPUSH", "l", half)).startsWith("-ERR the collection would exceed");
        assertThat(client.ask("LLEN l")).isEqualTo(":1");
    }
}
