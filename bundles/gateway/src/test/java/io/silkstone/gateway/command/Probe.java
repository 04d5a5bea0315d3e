package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.gateway.TestRuntime;
import io.silkstone.gateway.acl.AclUsers;
import io.silkstone.gateway.net.Intake;
import io.silkstone.gateway.resp.Bytes;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** The requests' server over a real store, without sockets; time stands still unless moved. */
final class Probe implements AutoCloseable {
    static final int ITERATIONS = 10;

    long nowMillis = 1_700_000_000_000L;
    long nanos;

    /** Thrown where a request asks for the time. */
    volatile Error failure;

    /** Runs once, where a request that is timed asks for the time. */
    Runnable atNextLook;

    final Store store;
    final TestRuntime threads = new TestRuntime(0);
    final ServerContext server;
    final AclUsers users;
    private final RequestServer requests;
    private long nextClient = 1;

    Probe() {
        this(null, false);
    }

    Probe(Path usersFile, boolean cluster) {
        this(usersFile, cluster, StoreOptions.DEFAULTS.tablets());
    }

    Probe(Path usersFile, boolean cluster, int tablets) {
        store =
                Store.open(
                        StoreOptions.DEFAULTS
                                .withMemoryBytes(64 << 20)
                                .withMemoryPrefaultBytes(0)
                                .withTablets(tablets),
                        NanoClock.SYSTEM,
                        () -> nowMillis,
                        new SplittableRandom(1),
                        new Metrics());
        CommandTable commands = new CommandTable();
        users = new AclUsers(commands, new Random(1), ITERATIONS, usersFile, () -> {});
        server =
                new ServerContext(
                        store,
                        threads,
                        commands,
                        users,
                        new Settings(
                                10,
                                8 << 20,
                                8 << 20,
                                0,
                                10_000,
                                store.valueBytesMax(),
                                () -> 64L << 20),
                        new ServerContext.Identity(
                                "1.2.3", "ab".repeat(20), cluster, "127.0.0.1", 7600),
                        () -> Instant.ofEpochMilli(nowMillis),
                        this::nanoTime,
                        new Random(3));
        requests = new RequestServer(server);
    }

    private long nanoTime() {
        if (failure != null) {
            throw failure;
        }
        Runnable next = atNextLook;
        atNextLook = null;
        if (next != null) {
            next.run();
        }
        return nanos;
    }

    /** A connection. */
    final class Session implements Client.Link {
        final Client client =
                new Client(nextClient++, this, users.stranger(), nowMillis, server.memory);
        private final Intake intake =
                new Intake(client, this::take, () -> false, server.memory, server.heap);
        private final StringBuilder replies = new StringBuilder();
        boolean killed;

        /** Whether the client goes as soon as it gets a reply. */
        boolean leaves;

        private Session() {
            server.add(client);
        }

        private boolean take(ByteBuf reply, long mark) {
            replies.append(reply.toString(StandardCharsets.ISO_8859_1));
            reply.release();
            if (leaves) {
                disconnect();
            }
            return !leaves;
        }

        /** The replies to bytes as they are. */
        String raw(String text) {
            return raw(List.of(text));
        }

        /** The replies to bytes that arrive in parts. */
        String raw(List<String> parts) {
            replies.setLength(0);
            for (String part : parts) {
                try (Bytes bytes = new Bytes(part)) {
                    RequestServer.Outcome outcome =
                            intake.receive(requests, bytes.address, bytes.end(), true);
                    while (outcome == RequestServer.Outcome.DETACHED) {
                        CompletableFuture<DetachedRequest.Finished> done =
                                new CompletableFuture<>();
                        requests.detached().start(done::complete);
                        DetachedRequest.Finished said = done.join();
                        said.replies().forEach(reply -> take(reply, said.mark()));
                        outcome = intake.resume(requests);
                    }
                    if (outcome == RequestServer.Outcome.CLOSING) {
                        client.closing = true;
                        break;
                    }
                }
            }
            return replies.toString();
        }

        /** Whether the gateway said that the connection ends. */
        boolean closed() {
            return client.closing;
        }

        void disconnect() {
            server.remove(client);
            intake.leave();
        }

        /** The reply to one request. */
        String send(String... arguments) {
            StringBuilder text = new StringBuilder("*" + arguments.length + "\r\n");
            for (String argument : arguments) {
                text.append('$').append(argument.length()).append("\r\n");
                text.append(argument).append("\r\n");
            }
            return raw(text.toString());
        }

        /** The reply to a request of words, with spaces for line ends. */
        String ask(String words) {
            return send(words.split(" ")).replace("\r\n", " ").strip();
        }

        @Override
        public void kill() {
            killed = true;
        }

        @Override
        public String peer() {
            return "127.0.0.1:" + (50_000 + client.id());
        }

        @Override
        public String local() {
            return "127.0.0.1:7600";
        }
    }

    Session connect() {
        return new Session();
    }

    @Override
    public void close() {
        assertThat(server.bugs()).isZero();
        requests.close();
        threads.close();
        store.close();
    }
}
