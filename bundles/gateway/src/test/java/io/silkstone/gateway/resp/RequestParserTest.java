package io.silkstone.gateway.resp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestParserTest {
    private final RequestParser parser = new RequestParser(100, 1000);
    private final Request<Object> request = new Request<>();

    private int parse(String text, boolean trusted) {
        try (Bytes bytes = new Bytes(text)) {
            request.begin(bytes.address);
            return parser.parse(request, bytes.end(), trusted);
        }
    }

    /** The requests of {@code text}, which arrives in two parts; a broken one ends them. */
    private List<List<String>> parseInParts(String text, int split) {
        List<List<String>> found = new ArrayList<>();
        try (Bytes bytes = new Bytes(text)) {
            long position = bytes.address;
            boolean begun = false;
            for (long end : new long[] {bytes.address + split, bytes.end()}) {
                int state = RequestParser.COMPLETE;
                while (state != RequestParser.INCOMPLETE) {
                    if (!begun) {
                        request.begin(position);
                    }
                    state = parser.parse(request, end, true);
                    begun = state == RequestParser.INCOMPLETE;
                    if (state == RequestParser.BROKEN) {
                        found.add(List.of("!" + request.error()));
                        return found;
                    }
                    if (state == RequestParser.COMPLETE) {
                        found.add(arguments());
                    }
                    position = begun ? position : request.end();
                }
            }
        }
        return found;
    }

    private List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        if (request.refused()) {
            arguments.add("refused");
            return arguments;
        }
        for (int i = 0; i < request.count(); i++) {
            arguments.add(Memory.text(request.address(i), request.length(i)));
        }
        return arguments;
    }

    @Test
    void parse_anySplitPoint_givesTheSameRequests() {
        String pipeline =
                "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nva\r\nl\r\n"
                        + "PING\r\n"
                        + "*0\r\n\r\n"
                        + "set \"a b\" 'c\\'d' \"\\x41\\n\"\n"
                        + "*2\r\n$3\r\nGET\r\n$0\r\n\r\n"
                        + "*-1\r\n"
                        + "*2\r\n$3\r\nGET\r\n$120\r\n"
                        + "x".repeat(120)
                        + "\r\n"
                        + "*1\r\n$4\r\nQUIT\r\n"
                        + "*x\r\n";
        List<List<String>> whole = parseInParts(pipeline, pipeline.length());
        assertThat(whole)
                .containsExactly(
                        List.of("SET", "k", "va\r\nl"),
                        List.of("PING"),
                        List.of("set", "a b", "c'd", "A\n"),
                        List.of("GET", ""),
                        List.of("refused"),
                        List.of("QUIT"),
                        List.of("!invalid multibulk length"));
        for (int split = 0; split < pipeline.length(); split++) {
            assertThat(parseInParts(pipeline, split)).as("split at %d", split).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'*3000000000\r\n', invalid multibulk length",
        "'*1048577\r\n', invalid multibulk length",
        "'*99999999999999999999\r\n', invalid multibulk length",
        "'*a\r\n', invalid multibulk length",
        "'*\r\n', invalid multibulk length",
        "'*01\r\n', invalid multibulk length",
        "'*1\r\nfoo\r\n', 'expected ''$'', got ''f'''",
        "'*1\r\n$-10\r\n', invalid bulk length",
        "'*1\r\n$2000000000\r\n', invalid bulk length",
        "'*1\r\n$blabla\r\n', invalid bulk length",
        "'set \"a\r\n', unbalanced quotes in request",
        "'set \"a\"b\r\n', unbalanced quotes in request",
    })
    void parse_wrongBytes_saysWhatRedisSays(String text, String error) {
        assertThat(parse(text, true)).isEqualTo(RequestParser.BROKEN);
        assertThat(request.error()).isEqualTo(error);
    }

    @ParameterizedTest
    @CsvSource({
        "'*', too big mbulk count string",
        "'*1\r\n$', too big bulk count string",
        "'a', too big inline request",
    })
    void parse_lineWithoutEnd_isRefusedAt64KiB(String start, String error) {
        assertThat(parse(start + "\0".repeat(100), true)).isEqualTo(RequestParser.INCOMPLETE);
        assertThat(parse(start + "\0".repeat(70_000), true)).isEqualTo(RequestParser.BROKEN);
        assertThat(request.error()).isEqualTo(error);
    }

    @Test
    void parse_stranger_hasTightLimits() {
        assertThat(parse("*11\r\n", false)).isEqualTo(RequestParser.BROKEN);
        assertThat(request.error()).isEqualTo("unauthenticated multibulk length");
        assertThat(parse("*1\r\n$16385\r\n", false)).isEqualTo(RequestParser.BROKEN);
        assertThat(request.error()).isEqualTo("unauthenticated bulk length");
        assertThat(parse("*10\r\n$16384\r\n", false)).isEqualTo(RequestParser.INCOMPLETE);
    }

    @Test
    void parse_argumentsTogetherTooLong_areRefused() {
        String argument = "$100\r\n" + "x".repeat(100) + "\r\n";
        assertThat(parse("*11\r\n" + argument.repeat(11), true)).isEqualTo(RequestParser.COMPLETE);
        assertThat(request.refused()).isTrue();
        assertThat(parse("*10\r\n" + argument.repeat(10), true)).isEqualTo(RequestParser.COMPLETE);
        assertThat(request.refused()).isFalse();
    }

    @Test
    void wanted_knownLength_isTheWholeArgument() {
        parse("*1\r\n$90\r\nabc", true);
        assertThat(request.wanted()).isEqualTo(9 + 90 + 2);
    }
}
