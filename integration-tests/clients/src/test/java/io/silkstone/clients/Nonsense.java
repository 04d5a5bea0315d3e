package io.silkstone.clients;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Bytes that a broken or hostile client may send: noise, commands with arguments that nobody meant,
 * whole commands with some bytes damaged, and headers that promise the impossible.
 */
final class Nonsense {
    /** Commands that change only keys and the connection itself; none that stops the server. */
    private static final String[] COMMANDS = {
        "GET",
        "SET",
        "SETEX",
        "PSETEX",
        "SETNX",
        "GETSET",
        "GETDEL",
        "GETEX",
        "APPEND",
        "STRLEN",
        "GETRANGE",
        "SETRANGE",
        "INCR",
        "INCRBY",
        "DECRBY",
        "INCRBYFLOAT",
        "MGET",
        "MSET",
        "MSETNX",
        "DEL",
        "UNLINK",
        "EXISTS",
        "TYPE",
        "TOUCH",
        "EXPIRE",
        "PEXPIRE",
        "EXPIREAT",
        "TTL",
        "PTTL",
        "EXPIRETIME",
        "PERSIST",
        "SCAN",
        "KEYS",
        "RANDOMKEY",
        "DBSIZE",
        "MULTI",
        "EXEC",
        "DISCARD",
        "WATCH",
        "UNWATCH",
        "PING",
        "ECHO",
        "HELLO",
        "AUTH",
        "RESET",
        "SELECT",
        "QUIT",
        "COMMAND",
        "INFO",
        "CLIENT",
        "CLUSTER",
        "OBJECT",
        "MEMORY",
        "SLOWLOG",
        "LATENCY",
        "SETBIT",
        "LCS",
        "get",
        "no-such",
        ""
    };

    private static final String[] WORDS = {
        "",
        "0",
        "-1",
        "1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "1e400",
        "nan",
        "inf",
        "0x10",
        " 1",
        "+1",
        "key",
        "{tag}key",
        "{}",
        "*",
        "[a-",
        "[^]",
        "\\",
        "a?*[b-a]\\",
        "NX",
        "XX",
        "EX",
        "PX",
        "EXAT",
        "KEEPTTL",
        "GET",
        "MATCH",
        "COUNT",
        "TYPE",
        "3",
        "2",
        "SETNAME",
        "INFO",
        "LIST",
        "ID",
        "KEYSLOT",
        "USAGE",
        "HELP",
        "SLOTS",
        "LEN",
        "IDX",
        "WITHMATCHLEN",
        "536870911",
        "4294967296",
        "\r\n",
        "\0",
        "\u00ff\u00fe"
    };

    private static final String[] HEADERS = {
        "*-1",
        "*0",
        "*1048577",
        "*2147483648",
        "*99999999999999999999",
        "*abc",
        "*",
        "*1 ",
        "*+1",
        "$-1",
        "$0",
        "$abc",
        "$",
        "$4294967296",
        "$536870913",
        "$99999999999999999999",
        "$-2",
        "*1\r\n*1",
        "*1\r\n:1",
        "*2\r\n$-1",
        "*1\r\n$4",
        "+OK",
        "-ERR",
        ":1",
        "%1",
        "~1",
        ">1",
        "_",
        "(1",
        ",1",
        "#t",
        "=4",
        "!4",
        "\"",
        "\"\\x",
        "'",
        "GET \"a",
        "SET k \"\\xff\" '",
        "\0"
    };

    private Nonsense() {}

    /** One of any kind. */
    static Arbitrary<byte[]> inputs() {
        return Arbitraries.frequencyOf(
                        Tuple.of(2, noise()),
                        Tuple.of(4, commands()),
                        Tuple.of(4, damaged()),
                        Tuple.of(2, headers()))
                .withoutEdgeCases();
    }

    private static Arbitrary<byte[]> noise() {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
    }

    private static Arbitrary<byte[]> commands() {
        return command().list().ofMinSize(1).ofMaxSize(6).map(Nonsense::joined);
    }

    private static Arbitrary<byte[]> command() {
        Arbitrary<String> words =
                Arbitraries.oneOf(
                        Arbitraries.of(WORDS),
                        Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(40),
                        Arbitraries.strings().withCharRange('a', 'c').ofLength(2),
                        Arbitraries.integers().between(100, 40_000).map("x"::repeat));
        return Combinators.combine(Arbitraries.of(COMMANDS), words.list().ofMaxSize(6))
                .as(Nonsense::encoded);
    }

    private static Arbitrary<byte[]> damaged() {
        Arbitrary<int[]> wounds =
                Arbitraries.integers().between(0, 1 << 30).array(int[].class).ofSize(3);
        return Combinators.combine(commands(), wounds).as(Nonsense::damaged);
    }

    private static Arbitrary<byte[]> headers() {
        Arbitrary<byte[]> header = Arbitraries.of(HEADERS).map(text -> bytes(text + "\r\n"));
        return Combinators.combine(commands(), header, noise())
                .as((before, middle, after) -> joined(List.of(before, middle, after)));
    }

    private static byte[] encoded(String name, List<String> words) {
        StringBuilder text = new StringBuilder("*" + (words.size() + 1) + "\r\n");
        text.append('$').append(name.length()).append("\r\n").append(name).append("\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return bytes(text.toString());
    }

    /** Overwrites a byte, cuts some out, and cuts the end off, as the numbers say. */
    private static byte[] damaged(byte[] whole, int[] wounds) {
        byte[] hurt = whole.clone();
        hurt[wounds[0] % hurt.length] = (byte) (wounds[0] >> 8);
        int from = wounds[1] % hurt.length;
        int length = (wounds[1] >> 16) % Math.min(8, hurt.length - from + 1);
        System.arraycopy(hurt, from + length, hurt, from, hurt.length - from - length);
        return Arrays.copyOf(hurt, hurt.length - (wounds[2] & 1) * (wounds[2] % hurt.length));
    }

    private static byte[] joined(List<byte[]> parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        parts.forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
