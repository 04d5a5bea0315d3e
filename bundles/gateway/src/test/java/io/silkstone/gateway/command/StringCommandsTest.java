package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StringCommandsTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void set_conditions_holdOrAnswerNothing() {
        assertThat(client.ask("SET k a XX")).isEqualTo("$-1");
        assertThat(client.ask("SET k a NX")).isEqualTo("+OK");
        assertThat(client.ask("SET k b NX")).isEqualTo("$-1");
        assertThat(client.ask("set k b xx get")).isEqualTo("$1 a");
        assertThat(client.ask("SET k c NX GET")).isEqualTo("$1 b");
        assertThat(client.ask("SET other c NX GET")).isEqualTo("$-1");
        assertThat(client.ask("GET k")).isEqualTo("$1 b");
        assertThat(client.ask("GETSET k d")).isEqualTo("$1 b");
    }

    @ParameterizedTest
    @CsvSource({
        "SET k v NX XX",
        "SET k v EX",
        "SET k v EX 10 PX 10",
        "SET k v EX 10 KEEPTTL",
        "SET k v WHAT",
        "GETEX k EX 10 PERSIST",
    })
    void set_contradictions_areSyntaxErrors(String request) {
        assertThat(client.ask(request)).isEqualTo("-ERR syntax error");
        assertThat(client.ask("EXISTS k")).isEqualTo(":0");
    }

    @Test
    void set_expiry_endsOrKeepsTheValue() {
        client.ask("SET k v PX 1500");
        assertThat(client.ask("PTTL k")).isEqualTo(":1500");
        assertThat(client.ask("TTL k")).isEqualTo(":2");
        client.ask("SET k w KEEPTTL");
        assertThat(client.ask("PTTL k")).isEqualTo(":1500");
        probe.nowMillis += 1501;
        assertThat(client.ask("GET k")).isEqualTo("$-1");
        client.ask("SET k v EX 10");
        client.ask("SET k v");
        assertThat(client.ask("TTL k")).isEqualTo(":-1");
        assertThat(client.ask("SETEX k 0 v"))
                .isEqualTo("-ERR invalid expire time in 'setex' command");
        assertThat(client.ask("SET k v EX 9223372036854775807"))
                .isEqualTo("-ERR invalid expire time in 'set' command");
    }

    @Test
    void getex_changesOnlyTheExpiry() {
        client.ask("SET k v");
        assertThat(client.ask("GETEX k PX 500")).isEqualTo("$1 v");
        assertThat(client.ask("PTTL k")).isEqualTo(":500");
        assertThat(client.ask("GETEX k")).isEqualTo("$1 v");
        assertThat(client.ask("PTTL k")).isEqualTo(":500");
        assertThat(client.ask("GETEX k PERSIST")).isEqualTo("$1 v");
        assertThat(client.ask("PTTL k")).isEqualTo(":-1");
        assertThat(client.ask("GETEX none PX 500")).isEqualTo("$-1");
    }

    @Test
    void getdel_returnsAndRemoves() {
        client.ask("SET k v");
        assertThat(client.ask("GETDEL k")).isEqualTo("$1 v");
        assertThat(client.ask("GETDEL k")).isEqualTo("$-1");
    }

    @Test
    void many_areReadAndWrittenTogether() {
        assertThat(client.ask("MSET a 1 b 2")).isEqualTo("+OK");
        assertThat(client.ask("MGET a none b")).isEqualTo("*3 $1 1 $-1 $1 2");
        assertThat(client.ask("MSETNX c 3 a 9")).isEqualTo(":0");
        assertThat(client.ask("EXISTS c a a")).isEqualTo(":2");
        assertThat(client.ask("MSETNX c 3 d 4")).isEqualTo(":1");
        assertThat(client.ask("MSET a 1 b"))
                .isEqualTo("-ERR wrong number of arguments for 'mset' command");
    }

    @Test
    void many_overSeveralTablets_areRefusedUnlessOneTag() throws Exception {
        probe.store.splitTablet("default", 1L << 63);
        // Slots 15495 and 3300: the two halves.
        assertThat(client.ask("MSET a 1 b 2")).startsWith("-CROSSSLOT");
        assertThat(client.ask("EXISTS a b")).isEqualTo(":0");
        assertThat(client.ask("MSET a{t} 1 b{t} 2")).isEqualTo("+OK");
        client.ask("SET a 1");
        assertThat(client.ask("RENAME a b")).startsWith("-CROSSSLOT");
        assertThat(client.ask("MGET a b")).isEqualTo("*2 $1 1 $-1");
    }

    @Test
    void many_thousandKeys_runInAThread() {
        StringBuilder request = new StringBuilder("MSET");
        StringBuilder question = new StringBuilder("EXISTS");
        for (int i = 0; i < 1500; i++) {
            request.append(" {t}").append(i).append(" v");
            question.append(" {t}").append(i);
        }
        assertThat(client.ask(request.toString())).isEqualTo("+OK");
        assertThat(client.ask(question.toString())).isEqualTo(":1500");
    }

    @Test
    void parts_areReadAndWritten() {
        assertThat(client.ask("APPEND k hello")).isEqualTo(":5");
        assertThat(client.ask("APPEND k !")).isEqualTo(":6");
        assertThat(client.ask("STRLEN k")).isEqualTo(":6");
        assertThat(client.ask("GETRANGE k 1 -2")).isEqualTo("$4 ello");
        assertThat(client.ask("SUBSTR k -100 1")).isEqualTo("$2 he");
        assertThat(client.ask("GETRANGE k 5 2")).isEqualTo("$0");
        assertThat(client.ask("SETRANGE k 8 xy")).isEqualTo(":10");
        assertThat(client.send("GET", "k")).isEqualTo("$10\r\nhello!\0\0xy\r\n");
        assertThat(client.ask("SETRANGE k -1 x")).isEqualTo("-ERR offset is out of range");
        assertThat(client.ask("SETRANGE k 4294967295 x"))
                .startsWith("-ERR string exceeds maximum allowed size");
    }

    @Test
    void append_keepsTheExpiry() {
        client.ask("SET k v PX 700");
        client.ask("APPEND k w");
        assertThat(client.ask("PTTL k")).isEqualTo(":700");
    }

    @Test
    void bits_areCountedFromTheHighest() {
        assertThat(client.ask("SETBIT k 1 1")).isEqualTo(":0");
        assertThat(client.ask("GET k")).isEqualTo("$1 @");
        assertThat(client.ask("SETBIT k 1 0")).isEqualTo(":1");
        assertThat(client.ask("GETBIT k 100")).isEqualTo(":0");
        assertThat(client.ask("SETBIT k 4294967296 1"))
                .isEqualTo("-ERR bit offset is not an integer or out of range");
        assertThat(client.ask("SETBIT k 0 2"))
                .isEqualTo("-ERR bit is not an integer or out of range");
    }

    @Test
    void numbers_countAndRefuse() {
        assertThat(client.ask("INCR n")).isEqualTo(":1");
        assertThat(client.ask("DECRBY n 11")).isEqualTo(":-10");
        assertThat(client.ask("INCRBY n 9223372036854775807")).isEqualTo(":9223372036854775797");
        assertThat(client.ask("INCRBY n 100"))
                .isEqualTo("-ERR increment or decrement would overflow");
        assertThat(client.ask("DECRBY n -9223372036854775808"))
                .isEqualTo("-ERR decrement would overflow");
        client.ask("SET s abc");
        assertThat(client.ask("INCR s")).isEqualTo("-ERR value is not an integer or out of range");
    }

    @ParameterizedTest
    @CsvSource({
        "'', 1.5, 1.5",
        "0.1, 0.2, 0.3",
        "3, -3, 0",
        "1.50, 0.5, 2",
        "17179869184, 1.5, 17179869185.5",
        "5e3, 1, 5001",
        "0e-999999, 1, 1",
    })
    void incrbyfloat_sums(String before, String added, String sum) {
        if (!before.isEmpty()) {
            client.send("SET", "f", before);
        }
        assertThat(client.send("INCRBYFLOAT", "f", added))
                .isEqualTo("$" + sum.length() + "\r\n" + sum + "\r\n");
    }

    @ParameterizedTest
    @CsvSource({
        "nan, valid float",
        "+inf, would produce",
        "1e99999999, valid float",
        "' 1', valid"
    })
    void incrbyfloat_otherNumbers_areRefused(String added, String error) {
        assertThat(client.send("INCRBYFLOAT", "f", added)).startsWith("-ERR").contains(error);
    }

    @Test
    void lcs_findsSequenceLengthAndRanges() {
        client.ask("MSET {t}a ohmytext {t}b mynewtext");
        assertThat(client.ask("LCS {t}a {t}b")).isEqualTo("$6 mytext");
        assertThat(client.ask("LCS {t}a {t}b LEN")).isEqualTo(":6");
        assertThat(client.ask("LCS {t}a {t}b IDX MINMATCHLEN 4 WITHMATCHLEN"))
                .isEqualTo("*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6");
    }

    @Test
    void lcs_tableTooLarge_isRefused() {
        client.send("SET", "{t}a", "x".repeat(100_000));
        client.send("SET", "{t}b", "x".repeat(100_000));
        assertThat(client.ask("LCS {t}a {t}b")).startsWith("-ERR Insufficient memory");
    }

    @Test
    void wrongType_isSaidByAll() {
        client.ask("RPUSH l a");
        for (String request :
                new String[] {
                    "GET l",
                    "APPEND l x",
                    "INCR l",
                    "SET l x GET",
                    "STRLEN l",
                    "GETDEL l",
                    "SETRANGE l 0 x",
                    "INCRBYFLOAT l 1",
                    "GETBIT l 1"
                }) {
            assertThat(client.ask(request)).as(request).startsWith("-WRONGTYPE");
        }
        assertThat(client.ask("MGET l")).isEqualTo("*1 $-1");
        assertThat(client.ask("SET l x")).isEqualTo("+OK");
    }

    @Test
    void argumentBeyondTheLimit_isAnErrorAndTheConnectionGoesOn() {
        int most = probe.store.valueBytesMax();
        assertThat(client.send("SET", "k", "x".repeat(most + 1)))
                .isEqualTo(
                        "-ERR an argument of 'SET' is larger than "
                                + most
                                + " bytes (the store's log.segment.bytes decides), or the request"
                                + " than 8388608 (request.limit.bytes)\r\n");
        assertThat(client.ask("PING")).isEqualTo("+PONG");
    }

    @Test
    void largestValue_isMadeByEachCommandAndOneByteMoreIsRefused() {
        int most = probe.store.valueBytesMax();
        String refusal =
                "-ERR string exceeds maximum allowed size (proto-max-bulk-len) of "
                        + most
                        + " bytes (the store's log.segment.bytes decides)";
        assertThat(client.send("SET", "a", "x".repeat(most - 1))).isEqualTo("+OK\r\n");
        assertThat(client.ask("APPEND a yz")).isEqualTo(refusal);
        assertThat(client.ask("APPEND a y")).isEqualTo(":" + most);
        assertThat(client.ask("GETRANGE a -2 -1")).isEqualTo("$2 xy");
        assertThat(client.ask("SETRANGE b " + (most - 1) + " yz")).isEqualTo(refusal);
        assertThat(client.ask("SETRANGE b " + (most - 1) + " y")).isEqualTo(":" + most);
        assertThat(client.ask("SETBIT c " + 8L * most + " 1"))
                .isEqualTo("-ERR bit offset is not an integer or out of range");
        assertThat(client.ask("SETBIT c " + (8L * most - 1) + " 1")).isEqualTo(":0");
        assertThat(client.ask("STRLEN c")).isEqualTo(":" + most);
        assertThat(client.ask("GETBIT c " + (8L * most - 1))).isEqualTo(":1");
        assertThat(client.ask("EXPIRE a 100")).isEqualTo(":1");
        assertThat(client.send("GET", "a"))
                .isEqualTo("$" + most + "\r\n" + "x".repeat(most - 1) + "y\r\n");
        assertThat(client.ask("CONFIG GET proto-max-bulk-len"))
                .isEqualTo("*2 $18 proto-max-bulk-len $7 " + most);
    }

    @ParameterizedTest
    @ValueSource(strings = {"MSET", "MSETNX"})
    void mset_withAKeyThatIsTooLong_writesNothing(String command) {
        assertThat(client.send(command, "a", "1", "k".repeat(65_536), "2")).startsWith("-ERR");
        assertThat(client.ask("EXISTS a")).isEqualTo(":0");
    }

    @Test
    void mset_ofTheSameKeyTwice_keepsTheLastValue() {
        assertThat(client.ask("MSET a 1 b 2 a 3")).isEqualTo("+OK");
        assertThat(client.ask("MGET a b")).isEqualTo("*2 $1 3 $1 2");
        assertThat(client.ask("MSETNX c 1 c 2")).isEqualTo(":1");
        assertThat(client.ask("GET c")).isEqualTo("$1 2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"MSET", "MSETNX"})
    void mset_withoutMemoryForAll_writesNothing(String command) {
        String large = "x".repeat(100_000);
        int count = 0;
        while (client.send("SET", "fill" + count, large).equals("+OK\r\n")) {
            count++;
        }
        client.ask("DEL fill0 fill1 fill2 fill3");
        client.ask("SET k old");
        List<String> request = new ArrayList<>(List.of(command));
        if (command.equals("MSET")) {
            request.addAll(List.of("k", "new"));
        }
        for (int number = 0; number < 15; number++) {
            request.addAll(List.of("many" + number, large));
        }
        assertThat(client.send(request.toArray(String[]::new))).startsWith("-OOM");
        assertThat(client.ask("GET k")).isEqualTo("$3 old");
        assertThat(client.ask("EXISTS many0 many1 many14")).isEqualTo(":0");
        assertThat(client.ask("DBSIZE")).isEqualTo(":" + (count - 4 + 1));
        for (int number = 4; number < count; number += 2) {
            client.ask("DEL fill" + number);
        }
        assertThat(client.send(request.toArray(String[]::new))).isIn("+OK\r\n", ":1\r\n");
        assertThat(client.ask("EXISTS many0 many1 many14")).isEqualTo(":3");
    }

    @Test
    void mset_ofMoreThanOneStepTakes_isMadeInSeveral() {
        String half = "x".repeat(probe.store.valueBytesMax() / 2);
        assertThat(client.send("MSET", "a", half, "b", half, "c", half)).isEqualTo("+OK\r\n");
        assertThat(client.send("MSETNX", "d", half, "e", half, "c", "1")).isEqualTo(":0\r\n");
        assertThat(client.ask("EXISTS a b c d e")).isEqualTo(":3");
        assertThat(client.send("MSETNX", "d", half, "e", half, "f", half)).isEqualTo(":1\r\n");
        List<String> request = new ArrayList<>(List.of("MSET"));
        for (int number = 0; number <= WriteBatch.CHANGES_MAX; number++) {
            request.addAll(List.of("n" + number, ""));
        }
        assertThat(client.send(request.toArray(String[]::new))).isEqualTo("+OK\r\n");
        assertThat(client.ask("DBSIZE")).isEqualTo(":" + (6 + WriteBatch.CHANGES_MAX + 1));
    }
}
