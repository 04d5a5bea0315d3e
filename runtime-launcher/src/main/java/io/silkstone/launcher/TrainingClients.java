package io.silkstone.launcher;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The Redis clients of a node that runs for the JVM's sake: {@code bin/silkstone prepare} starts a
 * node once so that the JVM can keep what it learns, and these make it learn what the first clients
 * of a node will ask for. They come in crowds, as the pool of an application does, and then send
 * everyday requests one by one and many at a time.
 *
 * <p>Everything has an end: no client waits longer than a second for an answer, and no new work
 * begins after the limit. A node that answers badly makes the training poorer, nothing else.
 */
public final class TrainingClients {
    private static final int CROWDS = 16;
    private static final int CLIENTS_A_CROWD = 50;
    private static final int ROUNDS = 300;
    private static final int PIPELINE = 16;
    private static final int ANSWER_MILLIS_MAX = 1_000;

    private static final byte[] PING = request("PING");
    private static final List<byte[]> EVERYDAY =
            List.of(
                    PING,
                    request(
                            "SET",
                            "training:object",
                            "an object of a hundred bytes or so".repeat(3)),
                    request("GET", "training:object"),
                    request("GET", "training:nothing"),
                    request("EXPIRE", "training:object", "100"),
                    request("MULTI"),
                    request("SET", "training:count", "1"),
                    request("INCR", "training:count"),
                    request("EXEC"),
                    request("DEL", "training:count"),
                    request("TTL", "training:object"),
                    request("INFO"));

    private final InetSocketAddress node;
    private final long deadlineNs;

    /**
     * @param node where the Redis protocol is spoken
     * @param deadlineNs when to begin nothing more, on {@link System#nanoTime}'s clock
     */
    TrainingClients(InetSocketAddress node, long deadlineNs) {
        this.node = node;
        this.deadlineNs = deadlineNs;
    }

    /** Called by the start script with a home directory and a limit in seconds. */
    public static void main(String[] words) throws IOException {
        long deadlineNs = System.nanoTime() + Long.parseLong(words[1]) * 1_000_000_000L;
        RunningNode node = RunningNode.find(Path.of(words[0])).orElseThrow();
        for (String endpoint : node.endpoints().orElse(List.of())) {
            if (endpoint.startsWith("redis ")) {
                int port = Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
                new TrainingClients(new InetSocketAddress("127.0.0.1", port), deadlineNs).run();
            }
        }
    }

    /** Comes, asks and goes, until all is done or the time is over. */
    void run() throws IOException {
        for (int i = 0; i < CROWDS && !isOver(); i++) {
            crowd();
        }
        converse(1);
        converse(PIPELINE);
    }

    private boolean isOver() {
        return System.nanoTime() - deadlineNs > 0;
    }

    private void crowd() throws IOException {
        List<Client> clients = new ArrayList<>();
        try {
            while (clients.size() < CLIENTS_A_CROWD) {
                Client client = new Client(node);
                clients.add(client);
                client.send(PING);
            }
            for (Client client : clients) {
                client.awaitReply();
            }
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    private void converse(int pipeline) throws IOException {
        try (Client client = new Client(node)) {
            int next = 0;
            for (int i = 0; i < ROUNDS * EVERYDAY.size() && !isOver(); i++) {
                ByteArrayOutputStream batch = new ByteArrayOutputStream();
                for (int j = 0; j < pipeline; j++) {
                    batch.write(EVERYDAY.get(next));
                    next = (next + 1) % EVERYDAY.size();
                }
                client.send(batch.toByteArray());
                for (int j = 0; j < pipeline; j++) {
                    client.awaitReply();
                }
            }
        }
    }

    /** A request as an array of bulk strings. */
    static byte[] request(String... words) {
        StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            request.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return request.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** One connection, which reads what answers and forgets it. */
    private static final class Client implements AutoCloseable {
        private final Socket socket = new Socket();
        private final InputStream in;

        Client(InetSocketAddress node) throws IOException {
            try {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(ANSWER_MILLIS_MAX);
                socket.connect(node, ANSWER_MILLIS_MAX);
                in = new BufferedInputStream(socket.getInputStream());
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }

        void send(byte[] requests) throws IOException {
            socket.getOutputStream().write(requests);
        }

        void awaitReply() throws IOException {
            int type = in.read();
            String line = line();
            switch (type) {
                case '+', '-', ':' -> {
                    // The line was all of it.
                }
                case '$' -> in.skipNBytes(line.equals("-1") ? 0 : Integer.parseInt(line) + 2L);
                case '*' -> {
                    for (int i = Integer.parseInt(line); i > 0; i--) {
                        awaitReply();
                    }
                }
                default -> throw new IOException("no reply begins with " + (char) type);
            }
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException("the node closed the connection");
                }
                if (next != '\r') {
                    line.append((char) next);
                }
            }
            return line.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
