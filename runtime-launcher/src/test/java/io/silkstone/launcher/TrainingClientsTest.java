package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TrainingClientsTest {
    private final AtomicInteger connections = new AtomicInteger();
    private ServerSocket server;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private TrainingClients clients(Duration limit) {
        return new TrainingClients(
                new InetSocketAddress(server.getInetAddress(), server.getLocalPort()),
                System.nanoTime() + limit.toNanos());
    }

    /** Answers each request by one reply of each kind in turn. */
    private void serve() {
        Thread.ofVirtual()
                .start(
                        () -> {
                            while (!server.isClosed()) {
                                try {
                                    Socket socket = server.accept();
                                    connections.incrementAndGet();
                                    Thread.ofVirtual().start(() -> answer(socket));
                                } catch (IOException closed) {
                                    return;
                                }
                            }
                        });
    }

    private static void answer(Socket socket) {
        String[] replies = {
            "+PONG\r\n",
            ":1\r\n",
            "$3\r\nabc\r\n",
            "$-1\r\n",
            "*2\r\n+OK\r\n$1\r\nx\r\n",
            "-ERR no\r\n"
        };
        try (socket) {
            // Or each small reply waits for the acknowledgement of the one before.
            socket.setTcpNoDelay(true);
            BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII));
            int next = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("*")) {
                    byte[] reply =
                            replies[next++ % replies.length].getBytes(StandardCharsets.US_ASCII);
                    socket.getOutputStream().write(reply);
                }
            }
        } catch (IOException gone) {
            // The client has gone: that is how each of them ends.
        }
    }

    @Test
    void run_everyKindOfReply_isReadToItsEnd() throws IOException {
        serve();
        clients(Duration.ofMinutes(1)).run();
        assertThat(connections).hasValue(16 * 50 + 2);
    }

    @Test
    void run_timeOver_beginsNothing() throws IOException {
        serve();
        clients(Duration.ZERO.minusSeconds(1)).run();
        assertThat(connections).hasValueLessThanOrEqualTo(2);
    }

    @Test
    void run_serverThatIsSilent_isLeft() {
        assertThatThrownBy(() -> clients(Duration.ofMinutes(1)).run())
                .isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void request_words_areAnArrayOfBulkStrings() {
        assertThat(TrainingClients.request("GET", "key"))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
    }
}
