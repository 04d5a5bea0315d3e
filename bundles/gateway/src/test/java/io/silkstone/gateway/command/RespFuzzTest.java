package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.StoreRefused;
import io.silkstone.gateway.cluster.HandMadeCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Anything may come over the wire. {@code -Djqwik.tries.default=100000} runs the long version. */
@PropertyDefaults(shrinking = ShrinkingMode.BOUNDED)
class RespFuzzTest {

    private static Probe probe;

    @BeforeContainer
    static void open() {
        probe = new Probe();
    }

    @AfterContainer
    static void close() {
        probe.close();
    }

    /** Requests that are nearly right: the commands' own names, odd arguments, odd frames. */
    @Provide
    Arbitrary<String> requests() {
        List<String> names =
                probe.server.commands.commands().stream()
                        .map(Command::name)
                        // Each of these would only cost time or end the session.
                        .filter(name -> !List.of("debug", "quit", "acl").contains(name))
                        .toList();
        Arbitrary<String> argument =
                Arbitraries.oneOf(
                        Arbitraries.of(
                                "k",
                                "{k}2",
                                "0",
                                "-1",
                                "1",
                                "10",
                                "NX",
                                "XX",
                                "EX",
                                "GET",
                                "COUNT",
                                "MATCH",
                                "*",
                                "SET",
                                "LEN",
                                "IDX",
                                "HELP",
                                "9223372036854775807",
                                "-9223372036854775808",
                                "1e400",
                                "",
                                "USAGE",
                                "ID",
                                "LIST"),
                        Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(20));
        Arbitrary<String> sound =
                Arbitraries.of(names)
                        .flatMap(
                                name ->
                                        argument.list()
                                                .ofMaxSize(6)
                                                .map(arguments -> framed(name, arguments)));
        Arbitrary<String> frame =
                Arbitraries.of(
                        "*",
                        "$",
                        "\r\n",
                        "*3\r\n",
                        "$3\r\n",
                        "$-1\r\n",
                        "*-1\r\n",
                        "*0\r\n",
                        "GET",
                        "\"",
                        "'",
                        "\\x",
                        "PING\r\n",
                        "$99999999\r\n",
                        "*1048576\r\n",
                        "\0");
        Arbitrary<String> noise =
                Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(30);
        return Arbitraries.frequencyOf(Tuple.of(6, sound), Tuple.of(2, frame), Tuple.of(1, noise))
                .list()
                .ofMaxSize(12)
                .map(parts -> String.join("", parts));
    }

    private static String framed(String name, List<String> arguments) {
        StringBuilder text = new StringBuilder("*" + (arguments.size() + 1) + "\r\n");
        text.append('$').append(name.length()).append("\r\n").append(name).append("\r\n");
        for (String argument : arguments) {
            text.append('$').append(argument.length()).append("\r\n");
            text.append(argument).append("\r\n");
        }
        return text.toString();
    }

    @Property
    void anyBytes_inAnyParts_getSoundReplies(@ForAll("requests") String text, @ForAll long seed) {
        Probe.Session whole = probe.connect();
        String replies = whole.raw(text);
        whole.disconnect();
        assertThat(isSound(replies)).as(replies).isTrue();
        Probe.Session inParts = probe.connect();
        String repliesInParts = inParts.raw(cut(text, new SplittableRandom(seed)));
        inParts.disconnect();
        assertThat(isSound(repliesInParts)).as(repliesInParts).isTrue();
        assertThat(probe.server.bugs()).isZero();
    }

    /**
     * Half the keys are another node's, and the lease ends now and then, which a few keys notice.
     */
    @Property(tries = 100)
    void anyBytes_atANodeOfACluster_getSoundReplies(
            @ForAll("requests") String text, @ForAll long seed) throws StoreRefused {
        SplittableRandom random = new SplittableRandom(seed);
        HandMadeCluster cluster = new HandMadeCluster().with(HandMadeCluster.halves(1));
        try (Probe node = new Probe(null, false, 0)) {
            node.store.takeTablet(node.store.table("default").id(), 0, Long.MAX_VALUE, 1);
            node.server.cluster(cluster);
            cluster.leaseChecksLeft = random.nextInt(-1, 8);
            Probe.Session session = node.connect();
            String replies = session.raw(cut(text, random));
            session.disconnect();
            assertThat(isSound(replies)).as(replies).isTrue();
            assertThat(node.server.bugs()).isZero();
        }
    }

    private static List<String> cut(String text, SplittableRandom random) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int to = Math.min(text.length(), from + 1 + random.nextInt(40));
            parts.add(text.substring(from, to));
            from = to;
        }
        return parts;
    }

    private static boolean isSound(String replies) {
        int at = 0;
        while (at >= 0 && at < replies.length()) {
            at = behind(replies, at);
        }
        return at == replies.length();
    }

    /** Where the reply at {@code at} ends, -1 when it is none. */
    private static int behind(String text, int at) {
        int line = text.indexOf("\r\n", at);
        if (line < 0) {
            return -1;
        }
        int next = line + 2;
        char marker = text.charAt(at);
        if ("+-:_,#(".indexOf(marker) >= 0) {
            return next;
        }
        int size = Integer.parseInt(text.substring(at + 1, line));
        if (marker == '$' || marker == '=') {
            return size < 0 ? next : next + size + 2;
        }
        int elements = marker == '%' ? 2 * size : size;
        for (int i = 0; i < elements && next >= 0; i++) {
            next = next < text.length() ? behind(text, next) : -1;
        }
        return next;
    }
}
