package io.silkstone.clients;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.RespConnection;
import io.silkstone.harness.ServerMemory;
import io.silkstone.harness.ServerProcess;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * A hundred thousand inputs that no client should send. Each goes over a connection of its own,
 * whose sending side is then closed; the server must answer with well-formed replies and close the
 * connection too. Afterwards it must serve as before, and hold no more memory and no connection.
 */
class RespFuzzTest {
    private static final int INPUTS_AT_ONCE = 100;
    private static final int TRIES = 1_000;
    private static final int TRIES_BEFORE_MEMORY_COUNTS = 300;
    private static final int END_MILLIS_MAX = 30_000;
    private static final long GROWTH_BYTES_MAX = 16 << 20;
    private static final int SHOWN_BYTES_MAX = 2_000;

    private static int tries;
    private static long memoryBefore;

    private final ServerProcess server = SharedServer.get();

    @Provide
    Arbitrary<List<byte[]>> inputs() {
        return Nonsense.inputs().list().ofSize(INPUTS_AT_ONCE);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
    void anyInput_isAnsweredInGoodFormAndTheConnectionEnds(@ForAll("inputs") List<byte[]> inputs)
            throws Exception {
        List<RespConnection> connections = new ArrayList<>();
        try {
            for (byte[] input : inputs) {
                RespConnection connection = new RespConnection(server.port());
                connections.add(connection);
                connection.replyMillisMax(END_MILLIS_MAX);
                send(connection, input);
            }
            for (int index = 0; index < connections.size(); index++) {
                awaitEnd(connections.get(index), inputs.get(index));
            }
        } finally {
            for (RespConnection connection : connections) {
                connection.close();
            }
        }
        if (++tries == TRIES_BEFORE_MEMORY_COUNTS) {
            memoryBefore = memory();
        }
    }

    @AfterContainer
    static void afterAll_theServerIsAsBefore() throws Exception {
        if (tries < TRIES) {
            return;
        }
        try (RespConnection connection = new RespConnection(SharedServer.get().port())) {
            assertThat(connection.call("SET", "canary", "sings")).isEqualTo("OK");
            assertThat(connection.call("GET", "canary")).isEqualTo("sings");
            assertThat(connectedClients(connection)).isEqualTo(1);
        }
        assertThat(memory() - memoryBefore)
                .as("bytes that the server holds more than after the first inputs")
                .isLessThan(GROWTH_BYTES_MAX);
    }

    private static long memory() throws Exception {
        try (RespConnection connection = new RespConnection(SharedServer.get().port())) {
            connection.call("FLUSHALL");
        }
        return ServerMemory.retained(SharedServer.get());
    }

    /** The server drops a connection when it has seen that it is closed, not at once. */
    private static long connectedClients(RespConnection connection) throws IOException {
        long clients = Long.MAX_VALUE;
        long deadline = System.nanoTime() + END_MILLIS_MAX * 1_000_000L;
        while (clients > 1 && System.nanoTime() - deadline < 0) {
            String info = String.valueOf(connection.call("INFO", "clients"));
            String line =
                    info.lines()
                            .filter(each -> each.startsWith("connected_clients:"))
                            .findFirst()
                            .orElseThrow();
            clients = Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
        }
        return clients;
    }

    private static void send(RespConnection connection, byte[] input) throws IOException {
        try {
            connection.sendRaw(input);
            connection.flush();
            connection.endSending();
        } catch (SocketException e) {
            // The server may close while we still send: it has read enough of this.
            return;
        }
    }

    private static void awaitEnd(RespConnection connection, byte[] input) {
        try {
            while (true) {
                connection.receive();
            }
        } catch (EOFException | SocketException e) {
            // Closed, with or without a reset for what it did not read: as it must be.
            return;
        } catch (IOException e) {
            String shown =
                    new String(input, 0, Math.min(input.length, SHOWN_BYTES_MAX), ISO_8859_1);
            throw new AssertionError(
                    e.getMessage()
                            + " after "
                            + shown
                            + " = "
                            + HexFormat.of().formatHex(shown.getBytes(ISO_8859_1)),
                    e);
        }
    }
}
