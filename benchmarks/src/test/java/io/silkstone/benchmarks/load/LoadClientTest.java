package io.silkstone.benchmarks.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The client against servers that answer well, wrongly, and not at all. */
class LoadClientTest {
    private static final long NANOS = 50_000_000;
    private static final long NANOS_MAX = 20_000_000_000L;
    private static final String VALUE =
            "000000000007:000000000003:" + "x".repeat(ObjectFormat.VALUE_BYTES - 26);

    @Test
    void run_againstAServerThatStoresAll_countsItsReplies() throws Exception {
        Tally tally = run(Workload.fill(1_000), NANOS_MAX, words -> "+OK\r\n");
        assertThat(tally.requests()).isEqualTo(1_000);
        assertThat(tally.failed()).isZero();
        assertThat(tally.lost()).isZero();
        assertThat(tally.millis(100)).isPositive();
    }

    @Test
    void run_whenEachReadGivesTheValueWritten_losesNothing() throws Exception {
        Tally tally = run(reads(3), NANOS, words -> "$100\r\n" + VALUE + "\r\n");
        assertThat(tally.requests()).isPositive();
        assertThat(tally.lost()).isZero();
    }

    @Test
    void run_whenAReadGivesAnOlderValue_countsItAsLost() throws Exception {
        Tally tally = run(reads(4), NANOS, words -> "$100\r\n" + VALUE + "\r\n");
        assertThat(tally.lost()).isEqualTo(tally.requests()).isPositive();
        assertThat(tally.firstFailure()).contains("key 7").contains("version 4");
    }

    @Test
    void run_whenAReadFindsNothing_countsItAsLost() throws Exception {
        Tally tally = run(reads(0), NANOS, words -> "$-1\r\n");
        assertThat(tally.lost()).isEqualTo(tally.requests()).isPositive();
    }

    @Test
    void run_whenTheServerRefuses_countsFailures() throws Exception {
        Tally tally = run(Workload.fill(10), NANOS_MAX, words -> "-OOM not now\r\n");
        assertThat(tally.failed()).isEqualTo(10);
        assertThat(tally.firstFailure()).isEqualTo("-OOM not now");
    }

    @Test
    void run_whenWritesAreAcknowledged_tellsTheWorkload() throws Exception {
        int[] sent = {0};
        int[] acknowledged = {0};
        Workload workload =
                new Workload() {
                    @Override
                    public long request(int connection, ByteBuffer out) {
                        return sent[0] == 20 ? END : ObjectFormat.set(out, sent[0]++, 1);
                    }

                    @Override
                    public void acknowledged(int connection) {
                        assertThat(connection).isZero();
                        acknowledged[0]++;
                    }
                };
        run(workload, NANOS_MAX, words -> words.contains("5 ") ? "-OOM not now\r\n" : "+OK\r\n");
        assertThat(sent[0]).isEqualTo(20);
        assertThat(acknowledged[0]).isEqualTo(18);
    }

    @Test
    void run_whenTheServerHangsUp_countsWhatWasOutstanding() throws Exception {
        Tally tally = run(Workload.fill(10), NANOS_MAX, words -> null);
        assertThat(tally.failed()).isEqualTo(8);
        assertThat(tally.firstFailure()).contains("connection 0");
    }

    @Test
    void owned_expectsTheVersionThatItWroteLast() throws Exception {
        int[] stored = {1};
        Workload workload = Workload.owned(1, 1, 50, RandomGenerator.of("L64X128MixRandom"));
        Tally tally =
                run(
                        workload,
                        NANOS,
                        words -> {
                            if (words.contains("SET")) {
                                stored[0]++;
                                return "+OK\r\n";
                            }
                            return String.format(
                                    "$100\r\n%012d:%012d:%s\r\n", 0, stored[0], "x".repeat(74));
                        });
        assertThat(stored[0]).isGreaterThan(1);
        assertThat(tally.firstFailure()).isEmpty();
    }

    private static Workload reads(int version) {
        return (connection, out) -> ObjectFormat.get(out, 7, version);
    }

    /**
     * Runs against a server that answers each command with what {@code reply} says, null hangs up.
     */
    private static Tally run(Workload workload, long nanos, Function<String, String> reply)
            throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread server = Thread.ofPlatform().start(() -> serve(listening, reply));
            try (LoadClient client = new LoadClient(listening.getLocalPort(), 1, 8)) {
                return client.run(workload, nanos);
            } finally {
                server.join(10_000);
            }
        }
    }

    private static void serve(ServerSocket listening, Function<String, String> reply) {
        try (Socket socket = listening.accept()) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (String command = command(in); command != null; command = command(in)) {
                String text = reply.apply(command);
                if (text == null) {
                    return;
                }
                socket.getOutputStream().write(text.getBytes(US_ASCII));
            }
        } catch (IOException e) {
            // The client has gone.
            return;
        }
    }

    private static String command(InputStream in) throws IOException {
        StringBuilder words = new StringBuilder();
        int count = number(in);
        for (int word = 0; word < count; word++) {
            int length = number(in);
            words.append(new String(in.readNBytes(length + 2), US_ASCII).strip()).append(' ');
        }
        return count < 0 ? null : words.toString();
    }

    private static int number(InputStream in) throws IOException {
        int number = 0;
        if (in.read() < 0) {
            return -1;
        }
        for (int next = in.read(); next != '\r'; next = in.read()) {
            number = 10 * number + next - '0';
        }
        in.read();
        return number;
    }
}
