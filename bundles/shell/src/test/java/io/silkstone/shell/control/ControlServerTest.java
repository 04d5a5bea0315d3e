package io.silkstone.shell.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.shell.control.Frame.Kind;
import io.silkstone.shell.session.Gogo;
import io.silkstone.shell.session.InteractiveShell;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ControlServerTest {
    private static final ControlOptions OPTIONS = new ControlOptions(3600, 4);

    @TempDir Path folder;

    private final Gogo gogo = new Gogo();
    private final AtomicLong nanoTime = new AtomicLong();
    private Path path;
    private ControlServer server;

    @BeforeEach
    void start() throws Exception {
        path = folder.resolve("run").resolve("control.sock");
        server = newServer();
    }

    @AfterEach
    void stop() {
        server.close();
        gogo.close();
    }

    private ControlServer newServer() throws IOException {
        InteractiveShell shell =
                new InteractiveShell(gogo.processor, gogo.catalog, folder.resolve("history"));
        return new ControlServer(
                path,
                OPTIONS,
                new ControlServer.Context(gogo.processor, shell, "Welcome.", nanoTime::get));
    }

    private TestClient client() throws IOException {
        return TestClient.greeted(path);
    }

    /** Waits until the server has let go of all connections. */
    private void awaitNoConnections() {
        while (server.connectionCount() > 0) {
            Thread.yield();
        }
    }

    @Test
    void socket_isForItsOwnerOnly() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getParent())))
                .isEqualTo("rwx------");
    }

    @Test
    void start_whereAnotherListens_isRefusedAndLeavesItAlone() throws Exception {
        assertThatThrownBy(this::newServer)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Another node serves this home");
        try (TestClient client = client()) {
            assertThat(client.run("city:list")).isZero();
        }
    }

    @Test
    void start_whereADeadOneLeftItsSocket_takesItsPlace() throws Exception {
        server.close();
        try (var left =
                java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            left.bind(java.net.UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        server = newServer();
        try (TestClient client = client()) {
            assertThat(client.run("city:list")).isZero();
        }
    }

    @Test
    void start_withTooLongAPath_isRefused() {
        path = folder.resolve("x".repeat(120)).resolve("control.sock");
        assertThatThrownBy(this::newServer).hasMessageContaining("choose a shorter home");
    }

    @Test
    void close_removesTheSocket() {
        server.close();
        assertThat(path).doesNotExist();
    }

    @Test
    void command_thatWorks_givesOutputAndZero() throws Exception {
        try (TestClient client = client()) {
            assertThat(client.run("city:list | grep Ulm")).isZero();
            assertThat(client.out()).isEqualTo("Ulm\n");
            assertThat(client.err()).isEmpty();
        }
    }

    @Test
    void command_thatFails_givesASentenceAndOne() throws Exception {
        try (TestClient client = client()) {
            assertThat(client.run("city:nix")).isEqualTo(1);
            assertThat(client.out()).isEmpty();
            assertThat(client.err())
                    .isEqualTo("There is no command 'city:nix'; `help` lists them.\n");
        }
    }

    @Test
    void commands_ofOneConnection_shareTheirSession() throws Exception {
        try (TestClient client = client()) {
            client.run("name = Kiel");
            client.run("city:found harbour $name");
            assertThat(client.out()).isEqualTo("Kiel\nFounded Kiel\n");
        }
    }

    @Test
    void commands_ofSeveralConnections_doNotMix() throws Exception {
        List<TestClient> clients = new ArrayList<>();
        for (int index = 0; index < OPTIONS.sessionsMax(); index++) {
            clients.add(client());
        }
        for (int index = 0; index < clients.size(); index++) {
            clients.get(index).send(Frame.of(Kind.COMMAND, "name = n" + index));
        }
        for (int index = 0; index < clients.size(); index++) {
            clients.get(index).readUntilExit();
            assertThat(clients.get(index).run("city:found harbour $name")).isZero();
            assertThat(clients.get(index).out()).endsWith("Founded n" + index + "\n");
            clients.get(index).close();
        }
        awaitNoConnections();
    }

    @Test
    void output_ofTenMegabytes_arrivesWhole() throws Exception {
        int bytes = 10 << 20;
        try (TestClient client = client()) {
            assertThat(client.run("test:big " + bytes)).isZero();
            assertThat(client.out.size()).isEqualTo(bytes);
            assertThat(client.out()).endsWith("\n0123456789abcde\n");
        }
    }

    @Test
    void connections_beyondTheLimit_areToldSo() throws Exception {
        List<TestClient> clients = new ArrayList<>();
        for (int index = 0; index < OPTIONS.sessionsMax(); index++) {
            clients.add(client());
        }
        try (TestClient refused = new TestClient(path)) {
            assertThat(refused.readUntilExit()).isEqualTo(1);
            assertThat(refused.err()).contains("4 shell sessions already").contains("sessions.max");
        }
        server.use(new ControlOptions(3600, 5));
        clients.add(client());
        clients.forEach(TestClient::close);
        awaitNoConnections();
        client().close();
    }

    @Test
    void client_thatDiesWhileItsCommandRuns_freesItsSession() throws Exception {
        TestClient client = client();
        client.send(Frame.of(Kind.COMMAND, "test:hang"));
        assertThat(gogo.awaitHanging()).isTrue();
        client.close();
        assertThat(gogo.awaitInterrupted()).isTrue();
        awaitNoConnections();
    }

    @Test
    void client_thatDiesWithoutReadingItsOutput_freesItsSession() throws Exception {
        TestClient client = client();
        client.send(Frame.of(Kind.COMMAND, "test:big " + (10 << 20)));
        assertThat(client.read().kind()).isEqualTo(Kind.OUT);
        client.close();
        awaitNoConnections();
    }

    @Test
    void client_thatDiesInAnInteractiveSession_freesIt() throws Exception {
        TestClient client = client();
        client.send(Frame.open(80, 24, "xterm"));
        client.readUntil("silkstone> ");
        client.send(Frame.of(Kind.INPUT, "test:hang\r"));
        assertThat(gogo.awaitHanging()).isTrue();
        client.close();
        assertThat(gogo.awaitInterrupted()).isTrue();
        awaitNoConnections();
    }

    @Test
    void session_thatIsIdle_isToldAndEnded() throws Exception {
        try (TestClient client = client()) {
            client.run("city:list");
            nanoTime.addAndGet(3_599_000_000_000L);
            server.use(OPTIONS);
            assertThat(client.run("city:list")).isZero();
            nanoTime.addAndGet(3_600_000_000_000L);
            server.use(OPTIONS);
            assertThat(client.readUntilExit()).isEqualTo(1);
            assertThat(client.err()).contains("idle for too long");
            assertThat(client.read()).isNull();
        }
        awaitNoConnections();
    }

    @Test
    void session_withKeys_editsItsLine() throws Exception {
        try (TestClient client = client()) {
            client.send(Frame.open(80, 24, "xterm"));
            client.readUntil("silkstone> ");
            client.send(Frame.of(Kind.INPUT, "echo abc\033[D\033[DX\033OD\033ODY\r"));
            client.readUntil("YaXbc\r\n");
        }
    }

    @Test
    void session_withAHostileTerminalType_isAPlainOne() throws Exception {
        try (TestClient client = client()) {
            client.send(Frame.open(80, 24, "-R/etc/x;"));
            client.readUntil("silkstone> ");
            client.send(Frame.of(Kind.INPUT, "echo $TERM\r"));
            client.readUntil("dumb\r\n");
        }
    }

    @Test
    void session_withArrowUp_repeatsALine() throws Exception {
        try (TestClient client = client()) {
            client.send(Frame.open(80, 24, "xterm"));
            client.readUntil("silkstone> ");
            client.send(Frame.of(Kind.INPUT, "city:found harbour Kiel\r"));
            client.readUntil("Founded Kiel\r\n");
            client.out.reset();
            client.send(Frame.of(Kind.INPUT, "\033[A\r"));
            client.readUntil("Founded Kiel\r\n");
        }
        assertThat(Files.readString(folder.resolve("history"))).contains("city:found harbour Kiel");
    }

    @Test
    void session_withTab_completes() throws Exception {
        try (TestClient client = client()) {
            client.send(Frame.open(80, 24, "xterm"));
            client.readUntil("silkstone> ");
            client.send(Frame.of(Kind.INPUT, "city:fo\t for\t Kiel\r"));
            client.readUntil("Founded Kiel\r\n");
        }
    }

    @Test
    void session_withWindowChanges_knowsThem() throws Exception {
        try (TestClient client = client()) {
            client.send(Frame.open(91, 24, "xterm"));
            client.readUntil("silkstone> ");
            client.send(Frame.of(Kind.INPUT, "echo $COLUMNS\r"));
            client.readUntil("91\r\n");
            client.send(Frame.window(133, 50));
            client.send(Frame.of(Kind.INPUT, "echo $COLUMNS,$LINES\r"));
            client.readUntil("133,50\r\n");
        }
    }

    @Test
    void session_withControlC_endsTheCommandOnly() throws Exception {
        try (TestClient client = client()) {
            client.send(Frame.open(80, 24, "xterm"));
            client.readUntil("silkstone> ");
            client.send(Frame.of(Kind.INPUT, "test:hang\r"));
            assertThat(gogo.awaitHanging()).isTrue();
            client.send(Frame.of(Kind.INPUT, "\003"));
            client.readUntil("Interrupted.");
            client.send(Frame.of(Kind.INPUT, "city:found harbour Kiel\r"));
            client.readUntil("Founded Kiel");
        }
    }

    @Test
    void session_withControlDOrExit_ends() throws Exception {
        for (String leave : List.of("\004", "exit\r")) {
            try (TestClient client = client()) {
                client.send(Frame.open(80, 24, "xterm"));
                client.readUntil("silkstone> ");
                client.send(Frame.of(Kind.INPUT, leave));
                assertThat(client.readUntilExit()).isZero();
                assertThat(client.read()).isNull();
            }
        }
        awaitNoConnections();
    }

    @Test
    void garbage_ofAnyKind_neverStopsTheServer() throws Exception {
        Random random = new Random(20_261_122);
        for (int round = 0; round < 150; round++) {
            try (TestClient client = round % 2 == 0 ? new TestClient(path) : client()) {
                byte[] garbage = new byte[random.nextInt(200)];
                random.nextBytes(garbage);
                if (round % 3 == 0 && garbage.length > 5) {
                    garbage[0] = (byte) (1 + random.nextInt(5));
                    garbage[1] = garbage[2] = garbage[3] = 0;
                    garbage[4] = (byte) random.nextInt(garbage.length - 4);
                }
                client.sendRaw(garbage);
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
            awaitNoConnections();
        }
        try (TestClient client = client()) {
            assertThat(client.run("city:list")).isZero();
        }
    }

    @Test
    void frames_outOfOrder_endTheConnection() throws Exception {
        List<Frame> wrong =
                List.of(
                        Frame.of(Kind.INPUT, "x"),
                        Frame.window(1, 1),
                        Frame.exit(0),
                        Frame.hello("."));
        for (Frame frame : wrong) {
            try (TestClient client = client()) {
                client.send(frame);
                assertThat(client.read()).isNull();
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
        try (TestClient old = new TestClient(path)) {
            old.read();
            byte[] hello = "?/".getBytes(StandardCharsets.UTF_8);
            hello[0] = Frame.VERSION + 1;
            old.send(new Frame(Kind.HELLO, hello));
            assertThat(old.read()).isNull();
        }
        awaitNoConnections();
    }

    @Test
    void options_outOfRange_areRefusedByName() {
        assertThatThrownBy(() -> new ControlOptions(0, 16))
                .hasMessageStartingWith("idle.timeout.s must be between 1 and");
        assertThatThrownBy(() -> new ControlOptions(60, 0))
                .hasMessageStartingWith("sessions.max must be between 1 and");
    }
}
