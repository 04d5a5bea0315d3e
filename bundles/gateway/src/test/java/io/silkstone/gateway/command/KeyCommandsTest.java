package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyCommandsTest {
    private static final Pattern KEY = Pattern.compile("key[0-9]+");
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void keys_areRemovedCountedAndTyped() {
        client.ask("MSET a 1 b 2");
        client.ask("SADD s x");
        client.ask("LPUSH l x");
        assertThat(client.ask("DBSIZE")).isEqualTo(":4");
        assertThat(client.ask("TYPE s")).isEqualTo("+set");
        assertThat(client.ask("TYPE l")).isEqualTo("+list");
        assertThat(client.ask("TYPE a")).isEqualTo("+string");
        assertThat(client.ask("TYPE none")).isEqualTo("+none");
        assertThat(client.ask("TOUCH a b none")).isEqualTo(":2");
        assertThat(client.ask("DEL a none")).isEqualTo(":1");
        assertThat(client.ask("UNLINK b s l")).isEqualTo(":3");
        assertThat(client.ask("RANDOMKEY")).isEqualTo("$-1");
    }

    @Test
    void expire_conditions_decide() {
        client.ask("SET k v");
        assertThat(client.ask("EXPIRE k 100 XX")).isEqualTo(":0");
        assertThat(client.ask("EXPIRE k 100 GT")).isEqualTo(":0");
        assertThat(client.ask("EXPIRE k 100 LT")).isEqualTo(":1");
        assertThat(client.ask("EXPIRE k 50 NX")).isEqualTo(":0");
        assertThat(client.ask("EXPIRE k 50 GT")).isEqualTo(":0");
        assertThat(client.ask("EXPIRE k 200 LT")).isEqualTo(":0");
        assertThat(client.ask("EXPIRE k 200 XX GT")).isEqualTo(":1");
        assertThat(client.ask("TTL k")).isEqualTo(":200");
        assertThat(client.ask("EXPIRETIME k")).isEqualTo(":1700000200");
        assertThat(client.ask("PEXPIRETIME k")).isEqualTo(":1700000200000");
        assertThat(client.ask("PERSIST k")).isEqualTo(":1");
        assertThat(client.ask("PERSIST k")).isEqualTo(":0");
        assertThat(client.ask("TTL none")).isEqualTo(":-2");
        assertThat(client.ask("EXPIRE k -1")).isEqualTo(":1");
        assertThat(client.ask("EXISTS k")).isEqualTo(":0");
    }

    @Test
    void expiretime_roundsToTheNearestSecond() {
        client.ask("SET k v PXAT 1700000009499");
        assertThat(client.ask("EXPIRETIME k")).isEqualTo(":1700000009");
        client.ask("PEXPIREAT k 1700000009500");
        assertThat(client.ask("EXPIRETIME k")).isEqualTo(":1700000010");
    }

    @ParameterizedTest
    @CsvSource({
        "EXPIRE k 10 LT GT",
        "EXPIRE k 10 NX XX",
        "EXPIRE k 10 AB",
        "EXPIRE k 9223372036854775807",
        "PEXPIRE k 9223372036854775807",
        "EXPIRE k abc"
    })
    void expire_nonsense_isRefused(String request) {
        client.ask("SET k v");
        assertThat(client.ask(request)).startsWith("-ERR");
        assertThat(client.ask("TTL k")).isEqualTo(":-1");
    }

    @Test
    void rename_movesValueTypeAndExpiry() {
        client.ask("SADD a x");
        client.ask("PEXPIRE a 500");
        client.ask("SET b y");
        assertThat(client.ask("RENAMENX a b")).isEqualTo(":0");
        assertThat(client.ask("RENAME a b")).isEqualTo("+OK");
        assertThat(client.ask("SMEMBERS b")).isEqualTo("*1 $1 x");
        assertThat(client.ask("PTTL b")).isEqualTo(":500");
        assertThat(client.ask("EXISTS a")).isEqualTo(":0");
        assertThat(client.ask("RENAME a b")).isEqualTo("-ERR no such key");
        assertThat(client.ask("RENAME b b")).isEqualTo("+OK");
        assertThat(client.ask("RENAMENX b b")).isEqualTo(":0");
    }

    @Test
    void copy_replacesOnlyWhenTold() {
        client.ask("MSET a 1 b 2");
        assertThat(client.ask("COPY a b")).isEqualTo(":0");
        assertThat(client.ask("COPY a b REPLACE")).isEqualTo(":1");
        assertThat(client.ask("GET b")).isEqualTo("$1 1");
        assertThat(client.ask("COPY none b")).isEqualTo(":0");
        assertThat(client.ask("COPY a b DB 3")).isEqualTo("-ERR DB index is out of range");
        assertThat(client.ask("COPY a a")).startsWith("-ERR source and destination");
    }

    @Test
    void scan_fromCursorToCursor_seesEveryKeyOnce() {
        for (int i = 0; i < 500; i++) {
            client.ask("SET key" + i + " v");
        }
        client.ask("SADD other x");
        TreeSet<String> seen = new TreeSet<>();
        String cursor = "0";
        do {
            String reply = client.ask("SCAN " + cursor + " COUNT 37 TYPE string");
            cursor = reply.split(" ")[2];
            seen.addAll(keysIn(reply));
        } while (!cursor.equals("0"));
        assertThat(seen).hasSize(500);
        assertThat(keysIn(client.ask("SCAN 0 COUNT 100000 MATCH key?"))).hasSize(10);
        assertThat(keysIn(client.ask("KEYS key4[12]*"))).hasSize(2 + 20);
        assertThat(client.ask("SCAN x")).isEqualTo("-ERR invalid cursor");
        assertThat(client.ask("SCAN 0 COUNT 0")).isEqualTo("-ERR syntax error");
    }

    private static List<String> keysIn(String reply) {
        List<String> keys = new ArrayList<>();
        Matcher matcher = KEY.matcher(reply);
        while (matcher.find()) {
            keys.add(matcher.group());
        }
        return keys;
    }

    @Test
    void flushall_removesEverything() {
        client.ask("MSET a 1 b 2");
        assertThat(client.ask("FLUSHALL ASYNC")).isEqualTo("+OK");
        assertThat(client.ask("DBSIZE")).isEqualTo(":0");
        assertThat(client.ask("FLUSHDB WHAT")).isEqualTo("-ERR syntax error");
    }

    @Test
    void object_tellsFairly() {
        client.ask("MSET i 12 s hello");
        assertThat(client.ask("OBJECT ENCODING i")).isEqualTo("$3 int");
        assertThat(client.ask("OBJECT ENCODING s")).isEqualTo("$6 embstr");
        assertThat(client.ask("OBJECT REFCOUNT s")).isEqualTo(":1");
        assertThat(client.ask("OBJECT IDLETIME none")).isEqualTo("$-1");
        assertThat(client.ask("MEMORY USAGE s")).startsWith(":");
        assertThat(client.ask("OBJECT WHAT s")).startsWith("-ERR unknown subcommand");
    }

    @Test
    void patterns_longerThanAllowed_areRefused() {
        String pattern = "a".repeat(4097);
        assertThat(client.send("KEYS", pattern))
                .isEqualTo("-ERR a pattern is at most 4096 bytes long\r\n");
        assertThat(client.send("SCAN", "0", "MATCH", pattern))
                .isEqualTo("-ERR a pattern is at most 4096 bytes long\r\n");
        String wide = "k".repeat(3000);
        client.send("SET", wide, "v");
        assertThat(client.send("SCAN", "0", "MATCH", wide.substring(1) + "?")).contains(wide);
    }
}
