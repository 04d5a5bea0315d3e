package io.silkstone.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.Node;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.gateway.cluster.HandMadeCluster;
import io.silkstone.gateway.net.Transport;
import io.silkstone.store.StoreOptions;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class RedisGatewayTest {
    private static GatewayOptions.Builder options() {
        return GatewayOptions.builder().port(0).passwordIterations(10);
    }

    private static TestNode start(GatewayOptions.Builder options, TestRuntime runtime)
            throws GatewayRefused {
        return TestNode.start(options, runtime, Transport.best());
    }

    private static long metric(MetricRegistry metrics, GatewayMetrics wanted) {
        return metrics.snapshot().stream()
                .filter(metric -> metric.label().equals(wanted.label()))
                .findFirst()
                .orElseThrow()
                .value();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void pipeline_largerThanAnyBuffer_isAnsweredInOrder(Transport transport) throws Exception {
        try (TestNode node = TestNode.start(options(), new TestRuntime(2), transport);
                WireClient client = new WireClient(node.port())) {
            int count = 20_000;
            Thread writer =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        try {
                                            for (int i = 0; i < count; i++) {
                                                client.write("SET k" + i % 100 + " v" + i + "\r\n");
                                                client.write("GET k" + i % 100 + "\r\n");
                                            }
                                        } catch (IOException failure) {
                                            throw new AssertionError(failure);
                                        }
                                    });
            for (int i = 0; i < count; i++) {
                assertThat(client.read()).isEqualTo("+OK");
                String value = "v" + i;
                assertThat(client.read()).isEqualTo("$" + value.length() + " " + value);
            }
            writer.join();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void values_upToTheLimit_goThrough(Transport transport) throws Exception {
        try (TestNode node = TestNode.start(options(), new TestRuntime(1), transport);
                WireClient client = new WireClient(node.port())) {
            String value = "x".repeat(node.store.valueBytesMax());
            for (int round = 0; round < 3; round++) {
                client.write("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length() + "\r\n");
                client.write(value + "\r\nGET k\r\n");
                assertThat(client.read()).isEqualTo("+OK");
                assertThat(client.read()).isEqualTo("$" + value.length() + " " + value);
            }
            client.write(
                    "*2\r\n$4\r\nECHO\r\n$5000000\r\n" + "y".repeat(5_000_000) + "\r\nPING\r\n");
            assertThat(client.read()).startsWith("-ERR an argument of 'ECHO' is larger");
            assertThat(client.read()).isEqualTo("+PONG");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void values_ofFourMegabytes_goThroughManyAtATime(Transport transport) throws Exception {
        StoreOptions memory =
                StoreOptions.DEFAULTS.withMemoryBytes(256 << 20).withSegmentBytes(8 << 20);
        int clients = 4;
        int length = 4_000_000;
        GatewayOptions limited = options().outputLimitBytes(8 << 20).build();
        try (TestNode node = TestNode.start(limited, new TestRuntime(2), transport, memory)) {
            List<WireClient> all = new ArrayList<>();
            for (int number = 0; number < clients; number++) {
                all.add(new WireClient(node.port()));
            }
            for (int round = 0; round < 10; round++) {
                for (int number = 0; number < clients; number++) {
                    String value = String.valueOf((char) ('a' + number + round)).repeat(length);
                    WireClient client = all.get(number);
                    client.write("*3\r\n$3\r\nSET\r\n$2\r\nk" + number + "\r\n$" + length + "\r\n");
                    client.write(value + "\r\n");
                    assertThat(client.read()).isEqualTo("+OK");
                    // More than the limit of unread replies: the client is read no further instead.
                    client.write(("GET k" + number + "\r\n").repeat(4));
                }
                for (int number = 0; number < clients; number++) {
                    String value = String.valueOf((char) ('a' + number + round)).repeat(length);
                    for (int reply = 0; reply < 4; reply++) {
                        assertThat(all.get(number).read().equals("$" + length + " " + value))
                                .isTrue();
                    }
                }
            }
            for (WireClient client : all) {
                client.close();
            }
        }
    }

    @Test
    void longRequests_keepTheOrderOfReplies() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            client.write("SET a 1\r\nKEYS *\r\nGET a\r\nFLUSHALL\r\nGET a\r\nKEYS *\r\nPING\r\n");
            assertThat(client.read()).isEqualTo("+OK");
            assertThat(client.read()).isEqualTo("*1 $1 a");
            assertThat(client.read()).isEqualTo("$1 1");
            assertThat(client.read()).isEqualTo("+OK");
            assertThat(client.read()).isEqualTo("$-1");
            assertThat(client.read()).isEqualTo("*0");
            assertThat(client.read()).isEqualTo("+PONG");
        }
    }

    @Test
    void nodesOwnThreads_serveShortAndLongRequests() throws Exception {
        ArachneRuntime runtime =
                ArachneRuntime.start(
                        ArachneOptions.defaults().withCores(1, 2).withPin(ArachneOptions.Pin.OFF),
                        NanoClock.SYSTEM,
                        new SplittableRandom(2),
                        new Metrics());
        try (TestNode node = TestNode.start(options(), runtime, Transport.best());
                WireClient client = new WireClient(node.port())) {
            for (int i = 0; i < 20; i++) {
                client.write("FLUSHALL\r\nINCR n\r\nKEYS *\r\n");
                assertThat(client.read()).isEqualTo("+OK");
                assertThat(client.read()).isEqualTo(":1");
                assertThat(client.read()).isEqualTo("*1 $1 n");
            }
        }
    }

    @Test
    void longRequest_ofAClientThatLeaves_disturbsNobody() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1))) {
            for (int i = 0; i < 50; i++) {
                try (WireClient client = new WireClient(node.port())) {
                    client.write("MULTI\r\nKEYS *\r\nEXEC\r\n");
                }
            }
            try (WireClient client = new WireClient(node.port())) {
                assertThat(client.ask("PING")).isEqualTo("+PONG");
            }
        }
    }

    @Test
    void slowClient_blocksNobodyAndIsCutOffAtTheLimit() throws Exception {
        GatewayOptions.Builder options = options().outputLimitBytes(4 << 20);
        try (TestNode node = start(options, new TestRuntime(1));
                WireClient slow = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            String value = "x".repeat(1 << 20);
            slow.write(
                    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length() + "\r\n" + value + "\r\n");
            assertThat(slow.read()).isEqualTo("+OK");
            slow.write("MGET" + " k".repeat(64) + "\r\n");
            assertThat(other.ask("PING")).isEqualTo("+PONG");
            assertThat(slow.isClosed()).isTrue();
            assertThat(metric(node.metrics, GatewayMetrics.OUTPUT_LIMIT)).isEqualTo(1);
            assertThat(metric(node.metrics, GatewayMetrics.MEMORY_HELD)).isZero();
            assertThat(other.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void slowClient_thatPipelines_getsEverythingInTheEnd() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            String value = "x".repeat(1 << 19);
            client.write(
                    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length() + "\r\n" + value + "\r\n");
            assertThat(client.read()).isEqualTo("+OK");
            client.write("GET k\r\n".repeat(100) + "PING\r\n");
            try (WireClient other = new WireClient(node.port())) {
                assertThat(other.ask("PING")).isEqualTo("+PONG");
            }
            for (int i = 0; i < 100; i++) {
                assertThat(client.read()).hasSize(value.length() + 8);
            }
            assertThat(client.read()).isEqualTo("+PONG");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void clientThatSendsNoMore_getsAllItsReplies(Transport transport) throws Exception {
        try (TestNode node = TestNode.start(options(), new TestRuntime(1), transport);
                WireClient client = new WireClient(node.port())) {
            for (int round = 0; round < 200; round++) {
                try (WireClient brief = new WireClient(node.port())) {
                    brief.write("PING\r\nECHO " + round + "\r\n");
                    brief.socket.shutdownOutput();
                    assertThat(brief.read()).isEqualTo("+PONG");
                    assertThat(brief.read()).endsWith(" " + round);
                    assertThat(brief.isClosed()).isTrue();
                }
            }
            assertThat(client.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void oneClientsReplies_longAndShort_keepTheirOrder() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            for (int length = 1; length <= 1 << 17; length *= 2) {
                set(client, "key" + length, "v".repeat(length));
            }
            StringBuilder requests = new StringBuilder();
            RandomGenerator random = new SplittableRandom(7);
            List<Integer> lengths = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                lengths.add(1 << random.nextInt(18));
                requests.append("GET key").append(lengths.get(i)).append("\r\n");
            }
            Thread writer = Thread.ofPlatform().start(() -> write(client, requests.toString()));
            for (int length : lengths) {
                assertThat(client.read()).isEqualTo("$" + length + " " + "v".repeat(length));
            }
            writer.join();
        }
    }

    /** SKIP hands what is written to the socket, so that a batch goes there in many pieces. */
    @Test
    void repliesThatTheClientDoesNotReadYet_keepTheirOrder() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            StringBuilder requests = new StringBuilder();
            int count = 3_000;
            for (int i = 0; i < count; i++) {
                String key = "key" + i % 100;
                if (i < 100) {
                    set(client, key, i + "v".repeat(8_000));
                }
                requests.append("GET ").append(key).append("\r\nCLIENT REPLY SKIP\r\nPING\r\n");
            }
            Thread writer = Thread.ofPlatform().start(() -> write(client, requests.toString()));
            // Until the kernel takes no more for it.
            Thread.sleep(500);
            for (int i = 0; i < count; i++) {
                String value = i % 100 + "v".repeat(8_000);
                assertThat(client.read()).isEqualTo("$" + value.length() + " " + value);
            }
            writer.join();
        }
    }

    @Test
    void strangersThatLeave_whileTheirPasswordIsChecked_areForgottenAtOnce() throws Exception {
        GatewayOptions.Builder slow = options().requirePass("x").passwordIterations(2_000_000);
        try (TestNode node = start(slow, new TestRuntime(1))) {
            for (int i = 0; i < 20; i++) {
                try (WireClient stranger = new WireClient(node.port())) {
                    stranger.write("AUTH wrong\r\n");
                    Thread.sleep(5);
                }
            }
            Thread.sleep(200);
            assertThat(metric(node.metrics, GatewayMetrics.CONNECTIONS)).isLessThan(3);
        }
    }

    private static void set(WireClient client, String key, String value) throws IOException {
        client.write("*3\r\n$3\r\nSET\r\n$" + key.length() + "\r\n" + key + "\r\n");
        client.write("$" + value.length() + "\r\n" + value + "\r\n");
        assertThat(client.read()).isEqualTo("+OK");
    }

    private static void write(WireClient client, String text) {
        try {
            client.write(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void clientsBeyondTheMost_areTurnedAway() throws Exception {
        try (TestNode node = start(options().clientsMax(2), new TestRuntime(1));
                WireClient one = new WireClient(node.port());
                WireClient two = new WireClient(node.port())) {
            assertThat(one.ask("PING")).isEqualTo("+PONG");
            assertThat(two.ask("PING")).isEqualTo("+PONG");
            try (WireClient three = new WireClient(node.port())) {
                assertThat(three.read()).isEqualTo("-ERR max number of clients reached");
                assertThat(three.isClosed()).isTrue();
            }
            assertThat(metric(node.metrics, GatewayMetrics.REFUSED)).isEqualTo(1);
        }
    }

    @Test
    void silentClient_isDisconnected() throws Exception {
        try (TestNode node = start(options().idleTimeoutSeconds(1), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            assertThat(client.ask("PING")).isEqualTo("+PONG");
            assertThat(client.isClosed()).isTrue();
            assertThat(metric(node.metrics, GatewayMetrics.IDLE)).isEqualTo(1);
        }
    }

    @Test
    void brokenBytes_areAnsweredAndTheConnectionEnds() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            client.write("PING\r\n*2\r\nfoo\r\n");
            assertThat(client.read()).isEqualTo("+PONG");
            assertThat(client.read()).isEqualTo("-ERR Protocol error: expected '$', got 'f'");
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void quit_andKill_closeTheConnection() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(2));
                WireClient killed = new WireClient(node.port());
                WireClient client = new WireClient(node.port())) {
            String id = killed.ask("CLIENT ID").substring(1);
            assertThat(client.ask("CLIENT KILL ID " + id)).isEqualTo(":1");
            assertThat(killed.isClosed()).isTrue();
            assertThat(client.ask("QUIT")).isEqualTo("+OK");
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void password_isSlowOnceAndKeepsTheOrder() throws Exception {
        try (TestNode node = start(options().requirePass("secret"), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            client.write("PING\r\nAUTH wrong\r\nAUTH secret\r\nPING\r\n");
            assertThat(client.read()).isEqualTo("-NOAUTH Authentication required.");
            assertThat(client.read()).startsWith("-WRONGPASS");
            assertThat(client.read()).isEqualTo("+OK");
            assertThat(client.read()).isEqualTo("+PONG");
        }
    }

    @Test
    void cores_comeAndGoUnderLoad_withoutLosingAByte() throws Exception {
        TestRuntime runtime = new TestRuntime(2);
        try (TestNode node = start(options(), runtime)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger served = new AtomicInteger();
            CountDownLatch begun = new CountDownLatch(6);
            List<Future<Void>> clients = new ArrayList<>();
            try (var threads = Executors.newCachedThreadPool()) {
                for (int c = 0; c < 6; c++) {
                    int number = c;
                    clients.add(
                            threads.submit(() -> load(node.port(), number, stop, served, begun)));
                }
                begun.await();
                for (int round = 0; round < 12; round++) {
                    runtime.addCore();
                    int before = served.get();
                    while (served.get() < before + 200) {
                        Thread.onSpinWait();
                    }
                    runtime.removeCore(0);
                }
                stop.set(true);
                for (Future<Void> client : clients) {
                    client.get();
                }
            }
            assertThat(metric(node.metrics, GatewayMetrics.HANDED_OVER)).isPositive();
            try (WireClient late = new WireClient(node.port())) {
                assertThat(late.ask("PING")).isEqualTo("+PONG");
            }
        }
    }

    @Test
    void cores_comeAndGo_whileClientsConnect_eachIsServed() throws Exception {
        TestRuntime runtime = new TestRuntime(2);
        try (TestNode node = start(options(), runtime)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger served = new AtomicInteger();
            List<Future<Void>> clients = new ArrayList<>();
            try (var threads = Executors.newCachedThreadPool()) {
                for (int c = 0; c < 3; c++) {
                    clients.add(threads.submit(() -> connect(node.port(), stop, served)));
                }
                try {
                    for (int round = 0; round < 40; round++) {
                        runtime.addCore();
                        int before = served.get();
                        while (served.get() < before + 10
                                && clients.stream().noneMatch(Future::isDone)) {
                            Thread.onSpinWait();
                        }
                        runtime.removeCore(0);
                    }
                } finally {
                    stop.set(true);
                }
                for (Future<Void> client : clients) {
                    client.get();
                }
            }
        }
    }

    @Test
    void cores_comeAndGo_whileItListensElsewhere_isNeverRefused() throws Exception {
        TestRuntime runtime = new TestRuntime(2);
        try (TestNode node = start(options(), runtime);
                ExecutorService operator = Executors.newSingleThreadExecutor()) {
            AtomicBoolean stop = new AtomicBoolean();
            Future<?> moves =
                    operator.submit(
                            () -> {
                                while (!stop.get()) {
                                    node.gateway.change(options().bind("127.0.0.2").build());
                                    node.gateway.change(options().build());
                                }
                                return null;
                            });
            for (int round = 0; round < 60 && !moves.isDone(); round++) {
                runtime.addCore();
                runtime.removeCore(0);
            }
            stop.set(true);
            moves.get();
            try (WireClient late = new WireClient(node.port())) {
                assertThat(late.ask("PING")).isEqualTo("+PONG");
            }
        }
    }

    private static Void connect(int port, AtomicBoolean stop, AtomicInteger served)
            throws IOException {
        while (!stop.get()) {
            try (WireClient client = new WireClient(port)) {
                assertThat(client.ask("PING")).isEqualTo("+PONG");
                served.incrementAndGet();
            }
        }
        return null;
    }

    private static Void load(
            int port, int number, AtomicBoolean stop, AtomicInteger served, CountDownLatch begun)
            throws IOException {
        try (WireClient client = new WireClient(port)) {
            String value = "v".repeat(1 + number * 5000);
            for (int i = 0; !stop.get(); i++) {
                String key = "key:" + number;
                client.write("SET " + key + " " + value + i + "\r\nGET " + key + "\r\n");
                client.write((number % 2 == 0 ? "KEYS none*" : "EXISTS none") + "\r\n");
                client.write("INCR n" + number + "\r\n");
                assertThat(client.read()).isEqualTo("+OK");
                assertThat(client.read()).endsWith(" " + value + i);
                assertThat(client.read()).isIn("*0", ":0");
                assertThat(client.read()).isEqualTo(":" + (i + 1));
                served.incrementAndGet();
                begun.countDown();
            }
        }
        return null;
    }

    @Test
    void start_portTaken_isRefusedInOneSentence() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(
                            () ->
                                    TestNode.start(
                                            options().port(taken.getLocalPort()),
                                            new TestRuntime(1),
                                            Transport.best()))
                    .isInstanceOf(GatewayRefused.class)
                    .hasMessageStartingWith("cannot listen at 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void options_openToOthersWithoutPassword_areRefused(@TempDir Path directory) throws Exception {
        assertThatThrownBy(() -> options().bind("0.0.0.0").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "bind is 0.0.0.0, which other machines can reach: set requirepass or"
                                + " users.file, or bind 127.0.0.1");
        Path users = Files.writeString(directory.resolve("users"), "user default on nopass\n");
        assertThatThrownBy(
                        () ->
                                TestNode.start(
                                        options().bind("0.0.0.0").usersFile(users),
                                        new TestRuntime(1),
                                        Transport.best()))
                .isInstanceOf(GatewayRefused.class)
                .hasMessageContaining("has no password");
    }

    @Test
    void change_ofPortAndPassword_keepsConnections() throws Exception {
        TestRuntime runtime = new TestRuntime(1);
        try (TestNode node = start(options(), runtime);
                WireClient client = new WireClient(node.port())) {
            int before = node.port();
            assertThat(client.ask("PING")).isEqualTo("+PONG");
            node.gateway.change(options().requirePass("new").clientsMax(7).build());
            assertThat(client.ask("PING")).isEqualTo("+PONG");
            assertThat(client.ask("CONFIG GET maxclients")).endsWith("$1 7");
            assertThat(node.gateway.endpoints())
                    .extracting(Node.Endpoint::address)
                    .containsExactly("127.0.0.1:" + node.port());
            try (WireClient stranger = new WireClient(node.port())) {
                assertThat(stranger.ask("PING")).startsWith("-NOAUTH");
            }
            try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                GatewayOptions busy = options().port(taken.getLocalPort()).build();
                assertThatThrownBy(() -> node.gateway.change(busy))
                        .isInstanceOf(GatewayRefused.class);
            }
            assertThat(node.port()).isEqualTo(before);
            node.gateway.change(options().bind("127.0.0.2").build());
            assertThat(node.gateway.endpoints())
                    .extracting(Node.Endpoint::address)
                    .allMatch(address -> address.startsWith("127.0.0.2:"));
            assertThat(client.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void change_thatOpensTheNodeWithoutAPassword_isRefused(@TempDir Path directory)
            throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            GatewayOptions open =
                    options().bind("0.0.0.0").usersFile(directory.resolve("users.acl")).build();
            assertThatThrownBy(() -> node.gateway.change(open))
                    .isInstanceOf(GatewayRefused.class)
                    .hasMessageContaining("bind is 0.0.0.0, which other machines can reach");
            assertThat(node.gateway.endpoints())
                    .extracting(Node.Endpoint::address)
                    .containsExactly("127.0.0.1:" + node.port());
            assertThat(client.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void change_thatOpensTheNode_setsThePasswordBeforeItListens() throws Exception {
        List<List<Node.Endpoint>> openWhenSalted = new CopyOnWriteArrayList<>();
        AtomicReference<TestNode> started = new AtomicReference<>();
        SplittableRandom numbers = new SplittableRandom(3);
        RandomGenerator random =
                () -> {
                    if (started.get() != null) {
                        openWhenSalted.add(started.get().gateway.endpoints());
                    }
                    return numbers.nextLong();
                };
        try (TestNode node = startWith(random);
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            started.set(node);
            GatewayOptions busy =
                    options()
                            .bind("0.0.0.0")
                            .port(taken.getLocalPort())
                            .requirePass("secret")
                            .build();
            assertThatThrownBy(() -> node.gateway.change(busy)).hasMessageContaining("listen");
            assertThat(openWhenSalted).isNotEmpty();
            assertThat(openWhenSalted)
                    .allMatch(open -> open.equals(List.of(endpoint("127.0.0.1:" + node.port()))));
            try (WireClient stranger = new WireClient(node.port())) {
                assertThat(stranger.ask("PING")).isEqualTo("+PONG");
                assertThat(stranger.ask("ACL SETUSER default off nopass")).isEqualTo("+OK");
            }
        }
    }

    private static Node.Endpoint endpoint(String address) {
        return new Node.Endpoint("redis", address);
    }

    private static TestNode startWith(RandomGenerator random) throws GatewayRefused {
        return TestNode.start(
                options().build(),
                new TestRuntime(1),
                Transport.best(),
                StoreOptions.DEFAULTS.withMemoryBytes(64 << 20),
                new RedisGateway.Environment(InstantSource.system(), System::nanoTime, random));
    }

    @Test
    void change_thatClosesTheNode_mayTakeThePasswordAway() throws Exception {
        GatewayOptions.Builder open = options().bind("0.0.0.0").requirePass("secret");
        try (TestNode node = start(open, new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            assertThat(client.ask("AUTH secret")).isEqualTo("+OK");
            assertThat(client.ask("CONFIG SET requirepass ''")).contains("other machines");
            assertThat(client.ask("ACL SETUSER default nopass")).contains("other machines");
            node.gateway.change(options().build());
            try (WireClient stranger = new WireClient(node.port())) {
                assertThat(stranger.ask("PING")).isEqualTo("+PONG");
            }
        }
    }

    @Test
    void change_ofWhatClientsAreTold_isLive() throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            node.gateway.change(options().cluster(true).announceHost("silk.example").build());
            assertThat(client.ask("CLUSTER SLOTS")).contains("silk.example", ":" + node.port());
        }
    }

    @Test
    void cluster_thatIsNotThereYet_isWaitedFor() throws Exception {
        try (TestNode node = TestNode.start(options().clusterMember(true));
                WireClient client = new WireClient(node.port())) {
            for (String request : List.of("GET bar", "SET bar v", "KEYS *")) {
                assertThat(client.ask(request)).as(request).startsWith("-CLUSTERDOWN");
            }
            assertThat(client.ask("PING")).isEqualTo("+PONG");
            assertThat(client.ask("CLUSTER SLOTS")).isEqualTo("*0");
            node.gateway.cluster(new HandMadeCluster().with(HandMadeCluster.halves(1)));
            assertThat(client.ask("SET bar v")).isEqualTo("+OK");
        }
    }

    @Test
    void cluster_thatIsJoined_isToldToClientsThatAreThere() throws Exception {
        HandMadeCluster cluster = new HandMadeCluster().with(HandMadeCluster.halves(1));
        try (TestNode node = start(options(), new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            assertThat(client.ask("SET bar v")).isEqualTo("+OK");
            assertThat(client.ask("SET foo v")).isEqualTo("+OK");
            node.gateway.cluster(cluster);
            assertThat(client.ask("GET bar")).isEqualTo("$1 v");
            assertThat(client.ask("GET foo")).isEqualTo("-MOVED 12182 127.0.0.1:7601");
            node.gateway.clusterStore(node.store);
            node.gateway.change(options().clusterProxy(true).build());
            assertThat(client.ask("GET foo")).isEqualTo("$1 v");
            node.gateway.cluster(null);
            assertThat(client.ask("GET bar")).startsWith("-CLUSTERDOWN");
        }
    }

    @Test
    void change_ofWhatIsReadAtTheStart_isSaidToWait(@TempDir Path directory) throws Exception {
        List<String> said = new CopyOnWriteArrayList<>();
        Handler ear =
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        said.add(new SimpleFormatter().formatMessage(record));
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger log = Logger.getLogger(RedisGateway.class.getName());
        log.addHandler(ear);
        try (TestNode node = start(options(), new TestRuntime(1))) {
            said.clear();
            GatewayOptions waits =
                    options().usersFile(directory.resolve("u")).passwordIterations(11).build();
            node.gateway.change(waits);
            node.gateway.change(waits);
            node.gateway.change(options().build());
            assertThat(said)
                    .containsExactly(
                            "The new value of users.file, password.iterations will be taken at the"
                                    + " node's next start");
        } finally {
            log.removeHandler(ear);
        }
    }

    @Test
    void close_endsConnectionsAndGivesThePortBack() throws Exception {
        int port;
        try (TestNode node =
                        TestNode.start(
                                options().build(),
                                new TestRuntime(2),
                                Transport.best(),
                                StoreOptions.DEFAULTS.withMemoryBytes(64 << 20));
                WireClient client = new WireClient(node.port())) {
            port = node.port();
            assertThat(client.ask("PING")).isEqualTo("+PONG");
            node.gateway.close();
            assertThat(client.isClosed()).isTrue();
        }
        try (ServerSocket free = new ServerSocket()) {
            free.setReuseAddress(true);
            free.bind(new InetSocketAddress("127.0.0.1", port));
            assertThat(free.isBound()).isTrue();
        }
    }
}
