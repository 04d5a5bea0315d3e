package io.silkstone.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.gateway.net.Transport;
import io.silkstone.store.StoreOptions;
import io.silkstone.threads.ArachneOptions;
import io.silkstone.threads.ArachneRuntime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing is told before it is settled, and nobody waits who need not. */
@Timeout(120)
class SettledRepliesTest {
    private static final long WITHHELD_BYTES_MOST = 2 << 20;

    private final SlowDisk disk = new SlowDisk();

    private static GatewayOptions.Builder options() {
        return GatewayOptions.builder().port(0).passwordIterations(10);
    }

    private TestNode start(ThreadRuntime runtime) throws GatewayRefused {
        return start(options(), runtime, Transport.best());
    }

    private TestNode start(
            GatewayOptions.Builder options, ThreadRuntime runtime, Transport transport)
            throws GatewayRefused {
        return TestNode.start(
                options.build(),
                runtime,
                transport,
                StoreOptions.DEFAULTS.withMemoryBytes(64 << 20),
                RedisGateway.Environment.system(),
                disk::under);
    }

    private static long metric(MetricRegistry metrics, GatewayMetrics wanted) {
        return metrics.snapshot().stream()
                .filter(metric -> metric.label().equals(wanted.label()))
                .findFirst()
                .orElseThrow()
                .value();
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            LockSupport.parkNanos(100_000);
        }
    }

    private void awaitChanges(long changes) {
        await(() -> disk.changes() >= changes);
    }

    /** What {@code waiting} is not told now it will not be before something is settled. */
    private static void assertWaits(WireClient waiting, WireClient other) throws IOException {
        assertThat(other.ask("PING")).isEqualTo("+PONG");
        assertThat(waiting.isSilent()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void pipelinedWrites_waitAndComeInOrder(Transport transport) throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1), transport);
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            for (int i = 1; i <= 200; i++) {
                client.write("INCR n\r\n");
                awaitChanges(i);
            }
            assertWaits(client, other);
            disk.settle(150);
            // Fewer than could be: many little ones wait together.
            for (int i = 1; i <= 50; i++) {
                assertThat(client.read()).isEqualTo(":" + i);
            }
            disk.settle();
            for (int i = 51; i <= 200; i++) {
                assertThat(client.read()).isEqualTo(":" + i);
            }
            assertWaits(client, other);
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
        }
    }

    @Test
    void repliesThatNeedNotWait_doNot() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient writer = new WireClient(node.port());
                WireClient reader = new WireClient(node.port())) {
            writer.write("SET old 1\r\n");
            awaitChanges(1);
            disk.settle();
            assertThat(writer.read()).isEqualTo("+OK");
            writer.write("SET new 1\r\nGET old\r\n");
            awaitChanges(2);
            for (int i = 0; i < 50; i++) {
                assertThat(reader.ask("GET old")).isEqualTo("$1 1");
                assertThat(reader.ask("SET")).startsWith("-ERR wrong number");
                assertThat(reader.ask("INFO keyspace")).contains("db0:keys=2,expires=0");
                assertThat(reader.ask("DBSIZE")).isEqualTo(":2");
            }
            assertWaits(writer, reader);
            // Of what others wrote it must not hear either, and then its own order counts.
            reader.write("GET new\r\nGET old\r\n");
            try (WireClient third = new WireClient(node.port())) {
                assertWaits(reader, third);
            }
            disk.settle();
            assertThat(reader.read()).isEqualTo("$1 1");
            assertThat(reader.read()).isEqualTo("$1 1");
            assertThat(writer.read()).isEqualTo("+OK");
            assertThat(writer.read()).isEqualTo("$1 1");
        }
    }

    @Test
    void requestsOfOneClientThatAreNotHeard_holdUpNobodyElse() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient mute = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            mute.write("CLIENT REPLY OFF\r\nSET a 1\r\n");
            awaitChanges(1);
            assertThat(other.ask("GET b")).isEqualTo("$-1");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MULTI\r\nSET k 1\r\nGET k\r\nEXEC\r\n",
                "MSET k 1 l 2\r\n",
                "DEL k\r\n",
                "EXPIRE k 100\r\n",
                "LPUSH list a\r\n",
                "FLUSHALL\r\n",
                "RENAME k l\r\n"
            })
    void changes_ofAllKinds_wait(String requests) throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            client.write("SET k 0\r\n");
            awaitChanges(1);
            disk.settle();
            assertThat(client.read()).isEqualTo("+OK");
            client.write(requests);
            awaitChanges(2);
            if (requests.startsWith("MULTI")) {
                // What is only queued tells nothing, but all of it was sent together.
                assertWaits(client, other);
                disk.settle();
                assertThat(client.read()).isEqualTo("+OK");
                assertThat(client.read()).isEqualTo("+QUEUED");
                assertThat(client.read()).isEqualTo("+QUEUED");
                assertThat(client.read()).isEqualTo("*2 +OK $1 1");
            } else {
                assertWaits(client, other);
                disk.settle();
                assertThat(client.read()).doesNotStartWith("-");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void longRequests_waitToo(Transport transport) throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1), transport);
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            client.write("SET a 1\r\nKEYS *\r\nSCAN 0 COUNT 5000\r\nPING\r\n");
            awaitChanges(1);
            for (int i = 0; i < 100; i++) {
                assertWaits(client, other);
            }
            disk.settle();
            assertThat(client.read()).isEqualTo("+OK");
            assertThat(client.read()).isEqualTo("*1 $1 a");
            assertThat(client.read()).isEqualTo("*2 $1 0 *1 $1 a");
            assertThat(client.read()).isEqualTo("+PONG");
            client.write("FLUSHALL\r\n");
            awaitChanges(2);
            assertThat(other.ask("PING")).isEqualTo("+PONG");
            other.write("KEYS *\r\n");
            assertWaits(other, client(node));
            disk.settle();
            assertThat(other.read()).isEqualTo("*0");
            assertThat(client.read()).isEqualTo("+OK");
        }
    }

    private static WireClient client(TestNode node) throws IOException {
        return new WireClient(node.port());
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void longReplies_waitAndKeepTheirPlace(Transport transport) throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1), transport);
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            String value = "x".repeat(1 << 20);
            client.write(
                    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length() + "\r\n" + value + "\r\n");
            client.write("GET k\r\nINCR n\r\nGET k\r\nPING\r\n");
            awaitChanges(1);
            assertWaits(client, other);
            disk.settle(1);
            assertThat(client.read()).isEqualTo("+OK");
            awaitChanges(2);
            disk.settle();
            assertThat(client.read()).hasSize(value.length() + 9);
            assertThat(client.read()).isEqualTo(":1");
            assertThat(client.read()).hasSize(value.length() + 9);
            assertThat(client.read()).isEqualTo("+PONG");
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
        }
    }

    @Test
    void connectionThatMoves_takesAlongWhatWaits() throws Exception {
        TestRuntime runtime = new TestRuntime(1);
        try (TestNode node = start(runtime);
                WireClient client = new WireClient(node.port())) {
            client.write("INCR n\r\nPING\r\n");
            awaitChanges(1);
            for (int round = 0; round < 5; round++) {
                runtime.addCore();
                runtime.removeCore(0);
                client.write("INCR n\r\n");
                awaitChanges(round + 2);
            }
            assertWaits(client, client(node));
            disk.settle(1);
            assertThat(client.read()).isEqualTo(":1");
            assertThat(client.read()).isEqualTo("+PONG");
            assertWaits(client, client(node));
            disk.settle();
            for (int i = 2; i <= 6; i++) {
                assertThat(client.read()).isEqualTo(":" + i);
            }
            assertThat(metric(node.metrics, GatewayMetrics.HANDED_OVER)).isGreaterThanOrEqualTo(5);
        }
    }

    @Test
    void clientThatIsKilled_getsWhatIsSettledAndNoMore() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            String id = client.ask("CLIENT ID").substring(1);
            client.write("INCR n\r\n");
            awaitChanges(1);
            client.write("INCR n\r\n");
            awaitChanges(2);
            assertWaits(client, other);
            disk.settle(1);
            assertThat(other.ask("CLIENT KILL ID " + id)).isEqualTo(":1");
            assertThat(client.read()).isEqualTo(":1");
            assertThat(client.isClosedSilently()).isTrue();
            disk.settle();
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
            assertThat(other.ask("GET n")).isEqualTo("$1 2");
        }
    }

    @Test
    void clientsThatLeave_whileTheyWait_leaveNothingBehind() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient other = new WireClient(node.port())) {
            for (int i = 1; i <= 50; i++) {
                try (WireClient client = new WireClient(node.port())) {
                    client.write("INCR n\r\nKEYS n\r\n");
                    awaitChanges(i);
                    client.socket.setSoLinger(i % 2 == 0, 0);
                }
                assertThat(other.ask("PING")).isEqualTo("+PONG");
            }
            disk.settle();
            await(() -> metric(node.metrics, GatewayMetrics.CONNECTIONS) == 1);
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
            assertThat(other.ask("GET n")).isEqualTo("$2 50");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void clientThatSendsNoMore_getsAllItsReplies(Transport transport) throws Exception {
        try (TestNode node = start(options(), new TestRuntime(1), transport);
                WireClient other = new WireClient(node.port())) {
            int changes = 0;
            for (int round = 1; round <= 100; round++) {
                try (WireClient brief = new WireClient(node.port())) {
                    brief.write("INCR n\r\nPING\r\n");
                    brief.socket.shutdownOutput();
                    awaitChanges(++changes);
                    assertWaits(brief, other);
                    disk.settle();
                    assertThat(brief.read()).isEqualTo(":" + round);
                    assertThat(brief.read()).isEqualTo("+PONG");
                    assertThat(brief.isClosedSilently()).isTrue();
                }
            }
            await(() -> metric(node.metrics, GatewayMetrics.CONNECTIONS) == 1);
        }
    }

    @Test
    void clientThatSendsMuchAndThenNoMore_isServedToTheEnd() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient client = new WireClient(node.port())) {
            int count = 300_000;
            Thread sender =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        try {
                                            client.write("INCR n\r\n".repeat(count));
                                            client.socket.shutdownOutput();
                                        } catch (IOException failure) {
                                            throw new AssertionError(failure);
                                        }
                                    });
            AtomicBoolean stop = new AtomicBoolean();
            Thread disks = Thread.ofPlatform().start(() -> settleNowAndThen(stop));
            for (int i = 1; i <= count; i++) {
                assertThat(client.read()).isEqualTo(":" + i);
            }
            assertThat(client.isClosedSilently()).isTrue();
            stop.set(true);
            sender.join();
            disks.join();
        }
    }

    private void settleNowAndThen(AtomicBoolean stop) {
        RandomGenerator random = new SplittableRandom(5);
        while (!stop.get()) {
            long target = disk.changes();
            LockSupport.parkNanos(random.nextInt(3_000_000));
            disk.settle(target);
        }
        disk.settle();
    }

    @Test
    void quit_waitsForWhatWasBefore() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient client = new WireClient(node.port());
                WireClient broken = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            client.write("SET a 1\r\nQUIT\r\n");
            broken.write("SET b 1\r\n*2\r\nfoo\r\n");
            awaitChanges(2);
            assertWaits(client, other);
            assertWaits(broken, other);
            disk.settle();
            assertThat(client.read()).isEqualTo("+OK");
            assertThat(client.read()).isEqualTo("+OK");
            assertThat(client.isClosedSilently()).isTrue();
            assertThat(broken.read()).isEqualTo("+OK");
            assertThat(broken.read()).startsWith("-ERR Protocol error");
            assertThat(broken.isClosedSilently()).isTrue();
        }
    }

    @Test
    void clientThatPipelinesWithoutEnd_isBoundedWhileTheDiskStalls() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            int count = 3_000_000;
            Thread sender =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        try {
                                            for (int i = 0; i < count; i += 1_000) {
                                                client.write("INCR n\r\n".repeat(1_000));
                                            }
                                        } catch (IOException failure) {
                                            throw new AssertionError(failure);
                                        }
                                    });
            awaitChanges(10_000);
            long before;
            do {
                before = disk.changes();
                assertThat(other.ask("GET none")).isEqualTo("$-1");
                LockSupport.parkNanos(50_000_000);
            } while (disk.changes() > before);
            assertThat(before).isLessThan(count / 4);
            assertThat(metric(node.metrics, GatewayMetrics.MEMORY_HELD))
                    .isLessThan(WITHHELD_BYTES_MOST);
            AtomicBoolean stop = new AtomicBoolean();
            Thread disks = Thread.ofPlatform().start(() -> settleNowAndThen(stop));
            for (int i = 1; i <= count; i++) {
                assertThat(client.read().equals(":" + i)).isTrue();
            }
            stop.set(true);
            disks.join();
            sender.join();
            assertThat(metric(node.metrics, GatewayMetrics.OUTPUT_LIMIT)).isZero();
        }
    }

    @Test
    void replyThatIsLargerThanAllowed_endsItsConnection() throws Exception {
        GatewayOptions.Builder small = options().outputLimitBytes(1 << 20);
        try (TestNode node = start(small, new TestRuntime(1), Transport.best());
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            client.write("SET k " + "x".repeat(60_000) + "\r\n");
            awaitChanges(1);
            client.write("MGET" + " k".repeat(64) + "\r\n");
            assertThat(client.isClosedSilently()).isTrue();
            assertThat(metric(node.metrics, GatewayMetrics.OUTPUT_LIMIT)).isEqualTo(1);
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
            assertThat(other.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void diskThatDoesNotAnswer_endsTheConnectionsThatWait() throws Exception {
        List<String> said = new CopyOnWriteArrayList<>();
        Handler ear =
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        said.add(record.getMessage());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger log = Logger.getLogger("io.silkstone.gateway.net.SettleWatch");
        log.addHandler(ear);
        GatewayOptions.Builder brief =
                options().repliesSettleMillisMax(1_000).idleTimeoutSeconds(1);
        try (TestNode node = start(brief, new TestRuntime(1), Transport.best());
                WireClient reader = new WireClient(node.port())) {
            List<WireClient> writers = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                WireClient writer = new WireClient(node.port());
                writers.add(writer);
                writer.write("GET none\r\n");
                assertThat(writer.read()).isEqualTo("$-1");
                writer.write("INCR n\r\n");
                awaitChanges(i);
            }
            long begun = System.nanoTime();
            while (metric(node.metrics, GatewayMetrics.UNSETTLED) < 3) {
                assertThat(reader.ask("GET none")).isEqualTo("$-1");
                assertThat(System.nanoTime() - begun).isLessThan(60_000_000_000L);
            }
            assertThat(System.nanoTime() - begun).isGreaterThan(900_000_000L);
            for (WireClient writer : writers) {
                assertThat(writer.isClosedSilently()).isTrue();
                writer.close();
            }
            assertThat(said).isNotEmpty().allMatch(line -> line.contains("within 1000 ms"));
            assertThat(said).hasSize(1);
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
            disk.settle();
            assertThat(reader.ask("GET n")).isEqualTo("$1 3");
        } finally {
            log.removeHandler(ear);
        }
    }

    @Test
    void close_whileClientsWait_tellsThemWhatIsSettled() throws Exception {
        try (TestNode node = start(new TestRuntime(1));
                WireClient client = new WireClient(node.port());
                WireClient other = new WireClient(node.port())) {
            client.write("INCR n\r\n");
            awaitChanges(1);
            client.write("INCR n\r\n");
            awaitChanges(2);
            assertWaits(client, other);
            disk.settle(1);
            node.gateway.close();
            assertThat(client.read()).isEqualTo(":1");
            assertThat(client.isClosedSilently()).isTrue();
        }
    }

    @Test
    void nothingIsToldEarly_whileCoresComeAndGo() throws Exception {
        TestRuntime runtime = new TestRuntime(2);
        try (TestNode node = start(runtime)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicBoolean ended = new AtomicBoolean();
            Thread disks = Thread.ofPlatform().start(() -> settleNowAndThen(ended));
            List<Future<Integer>> clients = new ArrayList<>();
            try (var threads = Executors.newCachedThreadPool()) {
                for (int c = 0; c < 4; c++) {
                    int number = c;
                    clients.add(threads.submit(() -> load(node.port(), number, stop)));
                }
                for (int round = 0; round < 12; round++) {
                    long before = disk.changes();
                    awaitChanges(before + 200);
                    runtime.addCore();
                    runtime.removeCore(0);
                }
                stop.set(true);
                for (Future<Integer> client : clients) {
                    assertThat(client.get()).isPositive();
                }
            } finally {
                ended.set(true);
            }
            disks.join();
            assertThat(metric(node.metrics, GatewayMetrics.UNSETTLED)).isZero();
            await(() -> metric(node.metrics, GatewayMetrics.MEMORY_HELD) == 0);
        }
    }

    @Test
    void nodesOwnThreads_askSoonEnough() throws Exception {
        ArachneRuntime runtime =
                ArachneRuntime.start(
                        ArachneOptions.defaults().withCores(1, 1).withPin(ArachneOptions.Pin.OFF),
                        NanoClock.SYSTEM,
                        new SplittableRandom(2),
                        new Metrics());
        try (TestNode node = start(runtime)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicBoolean ended = new AtomicBoolean();
            Thread disks = Thread.ofPlatform().start(() -> settleNowAndThen(ended));
            Thread stopping =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        awaitChanges(2_000);
                                        stop.set(true);
                                    });
            assertThat(load(node.port(), 0, stop)).isPositive();
            stopping.join();
            ended.set(true);
            disks.join();
        }
    }

    private int load(int port, int number, AtomicBoolean stop) throws IOException {
        RandomGenerator random = new SplittableRandom(number);
        String key = "n" + number;
        int sum = 0;
        try (WireClient client = new WireClient(port)) {
            while (!stop.get()) {
                int parts = 1 + random.nextInt(3);
                int each = 1 + random.nextInt(10);
                for (int part = 0; part < parts; part++) {
                    client.write(("INCR " + key + "\r\n").repeat(each) + "KEYS none*\r\n");
                }
                for (int part = 0; part < parts; part++) {
                    for (int i = 0; i < each; i++) {
                        sum++;
                        assertThat(client.read()).isEqualTo(":" + sum);
                        assertThat(disk.isSettled(key, sum)).isTrue();
                    }
                    assertThat(client.read()).isEqualTo("*0");
                }
            }
        }
        return sum;
    }
}
