package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import io.aeron.ExclusivePublication;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.State;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.FileTrees;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Peers and transports that die, stall or talk nonsense. */
class AeronFailureTest {
    private static final long LIVENESS_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);

    @TempDir Path directory;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
        assertThat(files()).as("what the transports left behind").isEmpty();
    }

    private Bench bench(AeronOptions.Route path) {
        Bench bench = new Bench(options(path));
        opened.add(bench);
        return bench;
    }

    private AeronOptions options(AeronOptions.Route path) {
        return AeronTransportContract.small(path).toBuilder()
                .directory(directory)
                .livenessTimeoutNanos(LIVENESS_NANOS)
                .build();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private Process echo(AeronOptions.Route path, String... more) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")),
                        EchoMain.class.getName(),
                        directory.toString(),
                        path.name(),
                        Long.toString(LIVENESS_NANOS)));
        command.addAll(List.of(more));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        opened.add(
                () -> {
                    process.destroyForcibly();
                    process.waitFor();
                });
        return process;
    }

    private static void kill(Process process) throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** Opens a session however often the machine's own stalls thwart it. */
    private static Session open(Bench bench, Mailbox from, String address) {
        Session[] session = {from.transport.connect(address)};
        bench.until(
                () -> {
                    if (session[0].state() == State.CLOSED) {
                        session[0] = from.transport.connect(address);
                    }
                    return session[0].state() == State.OPEN;
                });
        return session[0];
    }

    @Test
    void hasEnded_killedProcess_isCertain() throws Exception {
        Transport near = bench(AeronOptions.Route.IPC).calling().transport;
        Process process = echo(AeronOptions.Route.IPC);
        String address = process.inputReader(StandardCharsets.UTF_8).readLine();
        assertThat(near.hasEnded(address)).isFalse();

        kill(process);

        assertThat(near.hasEnded(address)).isTrue();
        String udp = address.substring(0, address.indexOf('?'));
        assertThat(near.hasEnded(udp)).isFalse();
        assertThat(near.hasEnded(udp + "?dir=" + directory + ";token=1f")).isFalse();
        assertThat(near.hasEnded(address.replace("token=", "token=0"))).isFalse();
        assertThat(near.hasEnded("memory:somebody")).isFalse();
        String[] words = address.split("\\?dir=|;token=");
        DriverHomeTest.moveToAnotherNamespace(Path.of(words[1]), "driver-1");
        assertThat(near.hasEnded(address)).isFalse();
        FileTrees.remove(Path.of(words[1]));
    }

    @ParameterizedTest
    @EnumSource(names = {"IPC", "UDP"})
    void peer_killedCallee_closesTheSessionAndItsFilesGo(AeronOptions.Route path) throws Exception {
        Bench bench = bench(path);
        Mailbox client = bench.calling();
        Process process = echo(path);
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        Session session = open(bench, client, output.readLine());
        Mailbox.send(session, "there?");
        bench.until(() -> client.messages.size() == 1);

        kill(process);

        bench.until(() -> client.closed.contains(session));
        assertThat(session.state()).isEqualTo(State.CLOSED);
        assertThat(files()).anyMatch(each -> each.contains("-" + process.pid() + "-"));
        bench.listening();
        assertThat(files()).noneMatch(each -> each.contains("-" + process.pid() + "-"));
    }

    @ParameterizedTest
    @EnumSource(names = {"IPC", "UDP"})
    void peer_calleeThatStops_isNoError(AeronOptions.Route path) {
        Bench bench = bench(path);
        Mailbox client = bench.calling();
        Mailbox server = bench.listening();
        Session session = open(bench, client, server.transport.address());
        Mailbox.send(session, "there?");
        bench.until(() -> server.messages.size() == 1);

        server.close();

        bench.until(() -> client.closed.contains(session), client);
        long deadline = System.nanoTime() + 2 * LIVENESS_NANOS;
        bench.until(() -> System.nanoTime() - deadline > 0, client);
        assertThat(bench.count(client, AeronMetrics.ERRORS)).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"IPC", "UDP"})
    void peer_killedCaller_closesTheSession(AeronOptions.Route path) throws Exception {
        Bench bench = bench(path);
        Mailbox server = bench.listening();
        Process process = echo(path, server.transport.address());
        bench.until(() -> server.messages.size() == 1);
        assertThat(server.text(0)).isEqualTo("alive");

        kill(process);

        bench.until(() -> server.closed.contains(server.sessions.getFirst()));
        bench.listening();
    }

    @ParameterizedTest
    @EnumSource(names = {"IPC", "UDP"})
    void stall_ofACallee_isSurvivedAtTheSameAddress(AeronOptions.Route path) {
        Bench bench = bench(path);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        String address = server.transport.address();
        Session session = open(bench, client, address);

        bench.until(() -> client.closed.contains(session), client);
        bench.until(() -> bench.count(server, AeronMetrics.REBUILDS) > 0);

        assertThat(server.transport.address()).isEqualTo(address);
        Mailbox.send(open(bench, client, address), "again");
        bench.until(() -> !server.messages.isEmpty());
        assertThat(server.text(0)).isEqualTo("again");
    }

    @ParameterizedTest
    @EnumSource(names = {"IPC", "UDP"})
    void stall_ofACaller_isSurvived(AeronOptions.Route path) {
        Bench bench = bench(path);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        Session session = open(bench, client, server.transport.address());
        Mailbox.send(session, "first");
        bench.until(() -> server.messages.size() == 1);

        bench.until(() -> !server.closed.isEmpty(), server);
        bench.until(() -> client.closed.contains(session));

        assertThat(Mailbox.send(session, "late")).isEqualTo(Session.Sent.CLOSED);
        Mailbox.send(open(bench, client, server.transport.address()), "again");
        bench.until(() -> server.messages.size() == 2);
    }

    @Test
    void hello_garbageOverSharedMemory_isCountedAndIgnored() {
        Bench bench = bench(AeronOptions.Route.IPC);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        AeronOptions options = options(AeronOptions.Route.IPC);
        PeerAddress address = PeerAddress.parse(server.transport.address());
        Path driver = DriverHome.owner(address.directory()).orElseThrow().driver();
        DriverClient stranger = new DriverClient(driver, options, error -> {});
        long id = stranger.addOwnPublication(Channels.ipcHello(), Hello.STREAM);
        ExclusivePublication[] hellos = new ExclusivePublication[1];
        bench.until(
                () -> {
                    stranger.doWork();
                    hellos[0] = stranger.ownPublication(id);
                    return hellos[0] != null && hellos[0].isConnected();
                });

        UnsafeBuffer bytes = new UnsafeBuffer(new byte[Hello.LENGTH_MAX]);
        int length = HelloTest.example().encode(bytes);
        bytes.putInt(8, Hello.PROTOCOL + 1);
        hellos[0].offer(bytes, 0, length);
        bytes.putInt(8, Hello.PROTOCOL);
        hellos[0].offer(bytes, 0, length - 1);
        hellos[0].offer(bytes, 0, 3);
        bytes.putLong(0, 4711);
        hellos[0].offer(bytes, 0, length);

        bench.until(() -> bench.count(server, AeronMetrics.STRANGERS) == 4);
        stranger.close();
        Mailbox.send(open(bench, client, server.transport.address()), "real");
        bench.until(() -> server.messages.size() == 1);
        assertThat(bench.count(server, AeronMetrics.OPENED)).isEqualTo(1);
    }

    @Test
    void datagrams_ofRandomBytes_areIgnored() throws IOException {
        Bench bench = bench(AeronOptions.Route.UDP);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        int port = PeerAddress.parse(server.transport.address()).port();
        Random random = new Random(11);
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int count = 0; count < 200; count++) {
                byte[] bytes = new byte[random.nextInt(1, 1_000)];
                random.nextBytes(bytes);
                InetAddress host = InetAddress.getLoopbackAddress();
                socket.send(new DatagramPacket(bytes, bytes.length, host, port));
                bench.rounds(1);
            }
        }

        Mailbox.send(open(bench, client, server.transport.address()), "real");
        bench.until(() -> server.messages.size() == 1);
        assertThat(bench.count(server, AeronMetrics.OPENED)).isEqualTo(1);
    }

    @Test
    void connect_aPortThatNobodyHas_isClosed() {
        Bench bench = bench(AeronOptions.Route.AUTO);
        Mailbox client =
                bench.add(
                        options(AeronOptions.Route.AUTO).toBuilder()
                                .connectTimeoutNanos(TimeUnit.MILLISECONDS.toNanos(300))
                                .build());
        Session session = client.transport.connect("aeron:127.0.0.1:9");

        bench.until(() -> client.closed.contains(session));
        assertThat(bench.count(client, AeronMetrics.CLOSED)).isEqualTo(1);
    }

    @Test
    void connect_moreThanAllowed_isClosedAtOnce() {
        Bench bench = bench(AeronOptions.Route.IPC);
        Mailbox server = bench.listening();
        Mailbox client =
                bench.add(options(AeronOptions.Route.IPC).toBuilder().sessionsMax(1).build());
        Session first = open(bench, client, server.transport.address());
        Session second = client.transport.connect(server.transport.address());

        assertThat(second.state()).isEqualTo(State.CLOSED);
        bench.until(() -> client.closed.contains(second));
        first.close();
        bench.until(() -> client.closed.contains(first));
        open(bench, client, server.transport.address());
    }

    @Test
    void path_auto_isSharedMemoryWithoutADriverOfOnesOwn() throws IOException {
        Bench bench = bench(AeronOptions.Route.AUTO);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        Session session = open(bench, client, server.transport.address());

        assertThat(files()).hasSize(1);
        Mailbox.send(session, "near");
        bench.until(() -> server.messages.size() == 1);
    }

    @Test
    void path_autoWithAStaleToken_isUdp() throws IOException {
        Bench bench = bench(AeronOptions.Route.AUTO);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        String address = server.transport.address().replaceAll("token=.*", "token=abc");
        Session session = open(bench, client, address);

        assertThat(files()).hasSize(2);
        Mailbox.send(session, "far");
        bench.until(() -> server.messages.size() == 1);
    }

    @Test
    void path_autoToAHomeLeftInAnotherNamespace_isUdp() throws IOException {
        Bench bench = bench(AeronOptions.Route.AUTO);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        String address = server.transport.address();
        DriverHomeTest.moveToAnotherNamespace(PeerAddress.parse(address).directory(), "driver-99");
        Session session = open(bench, client, address);

        assertThat(files()).hasSize(2);
        Mailbox.send(session, "far");
        bench.until(() -> server.messages.size() == 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"SHARED", "SHARED_NETWORK", "DEDICATED"})
    void driverMode_withThreads_works(AeronOptions.DriverMode mode) {
        Bench bench = bench(AeronOptions.Route.UDP);
        AeronOptions options = options(AeronOptions.Route.UDP).toBuilder().driverMode(mode).build();
        Mailbox server = bench.add(options.toBuilder().port(0).build());
        Mailbox client = bench.add(options);
        server.onMessage = () -> Mailbox.send(server.sessions.getLast(), "echo");

        Mailbox.send(open(bench, client, server.transport.address()), "call");
        bench.until(() -> client.messages.size() == 1);
        server.transport.close();
        bench.until(() -> client.closed.size() == 1, client);
    }

    @Test
    void messageBytesMax_ofBothSides_isTheLesser() {
        Bench bench = bench(AeronOptions.Route.IPC);
        Mailbox server = bench.listening();
        Mailbox client =
                bench.add(
                        options(AeronOptions.Route.IPC).toBuilder().messageBytesMax(5_000).build());
        Session session = open(bench, client, server.transport.address());
        Mailbox.send(session, "hello");
        bench.until(() -> server.sessions.size() == 1);

        assertThat(session.messageBytesMax()).isEqualTo(5_000);
        assertThat(server.sessions.getFirst().messageBytesMax()).isEqualTo(5_000);
    }

    @Test
    void counters_tellWhatHappened() {
        Bench bench = bench(AeronOptions.Route.IPC);
        Mailbox server = bench.listening();
        Mailbox client = bench.calling();
        Session session = client.transport.connect(server.transport.address());
        Mailbox.send(session, "too early");
        bench.until(() -> session.state() == State.OPEN);
        Mailbox.send(session, "12345");
        bench.until(() -> server.messages.size() == 1);
        session.close();
        bench.until(() -> server.closed.size() == 1);

        assertThat(bench.count(client, AeronMetrics.BACK_PRESSURE)).isEqualTo(1);
        assertThat(bench.count(client, AeronMetrics.SENT)).isEqualTo(1);
        assertThat(bench.count(client, AeronMetrics.SENT_BYTES)).isEqualTo(5);
        assertThat(bench.count(server, AeronMetrics.RECEIVED)).isEqualTo(1);
        assertThat(bench.count(server, AeronMetrics.RECEIVED_BYTES)).isEqualTo(5);
        assertThat(bench.count(server, AeronMetrics.OPENED)).isEqualTo(1);
        assertThat(bench.count(server, AeronMetrics.CLOSED)).isEqualTo(1);
        assertThat(bench.count(client, AeronMetrics.ERRORS)).isZero();
    }
}
