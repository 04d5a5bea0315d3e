package io.silkstone.client;

import static io.silkstone.client.ScriptedServer.SILENCE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With threads, as applications have them, and a server that is polled by one of its own. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class KvClientTest {
    private static final int OUTSTANDING_MAX = 3;
    private static final int THREADS = 4;
    private static final int CALLS = 500;

    /** Nothing is sent again, so that servers see what was asked for and no more. */
    private static final long NEVER_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final RpcOptions PATIENT_RPC =
            new RpcOptions(64, 8, 2, 9 << 20, 32 << 20, NEVER_NANOS);
    private static final ClientOptions PATIENT =
            new ClientOptions(2 * NEVER_NANOS, NEVER_NANOS, 1 << 20);

    private final MemoryNetwork network =
            new MemoryNetwork(
                    NanoClock.SYSTEM,
                    new SplittableRandom(1),
                    MemoryOptions.DEFAULTS,
                    new Metrics());
    private final ScriptedServer server =
            new ScriptedServer(network.transport("memory:1"), 1, NanoClock.SYSTEM);
    private final AtomicLong polls = new AtomicLong();
    private final Thread serving = Thread.ofPlatform().daemon().unstarted(this::serve);
    private final ClientPolling polling = new ClientPolling();
    private final Rpc rpc =
            new Rpc(
                    network.transport(""),
                    PATIENT_RPC,
                    NanoClock.SYSTEM,
                    null,
                    polling,
                    new SplittableRandom(2),
                    new Metrics());
    private final KvClient client;
    private final TableClient table;
    private volatile boolean over;

    KvClientTest() {
        server.map =
                new ClusterMap(
                        1,
                        1,
                        List.of(new ClusterMap.Server(server.id, true, "", server.address, "")),
                        List.of(new ClusterMap.Table(1, "default")),
                        List.of(
                                new ClusterMap.Tablet(
                                        1,
                                        0,
                                        -1,
                                        server.id,
                                        1,
                                        ClusterMap.TabletState.NORMAL,
                                        ServerId.NONE)));
        serving.start();
        polling.start(rpc);
        client =
                new KvClient(
                        new ClusterStore(
                                rpc,
                                List.of(server.address),
                                PATIENT,
                                new SplittableRandom(3),
                                new Metrics()),
                        polling,
                        OUTSTANDING_MAX);
        table = client.table("default");
    }

    private void serve() {
        while (!over) {
            if (server.rpc.poll() == 0) {
                Thread.yield();
            }
            polls.incrementAndGet();
        }
    }

    @AfterEach
    void end() throws InterruptedException {
        client.close();
        rpc.close();
        over = true;
        serving.join();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.yield();
        }
    }

    private static Thread start(Runnable task) {
        return Thread.ofPlatform().daemon().start(task);
    }

    @Test
    void calls_doWhatTheySay() {
        assertThat(table.read(bytes("k")).status()).isEqualTo(Status.NOT_FOUND);
        assertThat(table.write(bytes("k"), bytes("v")).version()).isEqualTo(1);
        assertThat(table.read(bytes("k")).text()).isEqualTo("v");
        assertThat(table.remove(bytes("k")).isOk()).isTrue();
        assertThat(table.increment(bytes("n"), 5).number()).isEqualTo(5);
        assertThat(table.increment(bytes("n"), -2).number()).isEqualTo(3);
        assertThat(table.write(bytes("k"), new byte[2 << 20]).status()).isEqualTo(Status.TOO_LARGE);
    }

    @Test
    void table_thatIsNotThere_isNull() {
        assertThat(client.table("other")).isNull();
    }

    @Test
    void futures_endThoughNobodyWaitsByPolling() throws Exception {
        WriteOptions options = new WriteOptions();
        assertThat(table.writeAsync(bytes("k"), bytes("v"), options).get().isOk()).isTrue();
        assertThat(table.readAsync(bytes("k")).get().text()).isEqualTo("v");
        assertThat(table.incrementAsync(bytes("n"), 1, options).get().number()).isEqualTo(1);
        assertThat(table.removeAsync(bytes("k"), options).get().isOk()).isTrue();
        assertThat(table.readAsync(bytes("k")).get().status()).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void await_ofAFuture_pollsItself() {
        assertThat(client.await(table.readAsync(bytes("k"))).status()).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void whatHangsOnAFuture_mayWaitForTheClientItself() {
        server.objects.put("k", "v");
        CompletableFuture<String> text =
                table.readAsync(bytes("k"))
                        .thenApply(each -> each.text() + table.read(bytes("k")).text());
        assertThat(client.await(text)).isEqualTo("vv");
    }

    @Test
    void threads_eachHaveTheirOwnAnswers() throws Exception {
        List<Thread> threads = new ArrayList<>();
        Queue<Long> sums = new ConcurrentLinkedQueue<>();
        for (int number = 0; number < THREADS; number++) {
            byte[] key = bytes("counter-" + number);
            threads.add(
                    start(
                            () -> {
                                long sum = 0;
                                for (int call = 0; call < CALLS; call++) {
                                    sum = table.increment(key, 1).number();
                                }
                                sums.add(sum);
                            }));
        }
        for (Thread each : threads) {
            each.join();
        }
        assertThat(sums).containsOnly((long) CALLS).hasSize(THREADS);
    }

    @Test
    void oneMoreThanMayBeUnderWay_waitsForRoom() throws Exception {
        Queue<Request> held = new ConcurrentLinkedQueue<>();
        for (int call = 0; call < OUTSTANDING_MAX; call++) {
            server.script.add(request -> held.add(request.keep()));
        }
        List<CompletableFuture<Answer>> futures = new ArrayList<>();
        for (int call = 0; call < OUTSTANDING_MAX; call++) {
            futures.add(table.readAsync(bytes("k" + call)));
        }
        await(() -> held.size() == OUTSTANDING_MAX);
        Thread late = start(() -> futures.add(table.readAsync(bytes("late"))));
        await(() -> late.getState() != Thread.State.NEW);
        long before = polls.get();
        await(() -> polls.get() > before + 10_000);
        assertThat(server.reads).hasSize(OUTSTANDING_MAX);
        assertThat(late.isAlive()).isTrue();

        server.rpc.after(1, () -> held.remove().refuse(io.silkstone.rpc.messages.Status.NOT_FOUND));
        late.join();
        assertThat(futures.getLast().get().status()).isEqualTo(Status.NOT_FOUND);
    }

    @Test
    void writeAll_answersEach_beyondWhatMayBeUnderWay() {
        // With a lease they are sent in their order.
        table.write(bytes("k1"), bytes("the lease is there"));
        server.script.add(request -> request.refuse(io.silkstone.rpc.messages.Status.MALFORMED));
        List<TableClient.Write> writes = new ArrayList<>();
        for (int number = 0; number < 10; number++) {
            writes.add(new TableClient.Write(bytes("k" + number), bytes("v")));
        }
        List<Answer> answers = table.writeAll(writes);
        assertThat(answers.getFirst().status()).isEqualTo(Status.UNAVAILABLE);
        assertThat(answers.subList(1, 10)).allMatch(Answer::isOk);
        assertThat(server.objects).hasSize(9);
    }

    @Test
    void readAll_answersEachInOrder() {
        server.objects.put("b", "2");
        List<Answer> answers = table.readAll(List.of(bytes("a"), bytes("b")));
        assertThat(answers)
                .extracting(Answer::status)
                .containsExactlyInAnyOrder(Status.NOT_FOUND, Status.OK);
        assertThat(answers.get(1).text()).isEqualTo("2");
    }

    @Test
    void scan_showsEverything() {
        server.objects.put("a", "1");
        server.objects.put("b", "2");
        List<String> seen = new ArrayList<>();
        assertThat(table.scan(each -> seen.add(new String(each.key(), UTF_8) + each.version())))
                .isEqualTo(Status.OK);
        assertThat(seen).containsExactlyInAnyOrder("a7", "b7");
    }

    @Test
    void operations_thatThrow_keepNoRoom() {
        server.objects.put("k", "v");
        for (int time = 0; time < 2 * OUTSTANDING_MAX; time++) {
            assertThatThrownBy(
                            () ->
                                    table.scan(
                                            each -> {
                                                throw new IllegalStateException("enough");
                                            }))
                    .hasMessage("enough");
            assertThatThrownBy(() -> table.write(bytes("k"), bytes("v"), null))
                    .isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> table.writeAsync(bytes("k"), bytes("v"), null))
                    .isInstanceOf(NullPointerException.class);
        }
        assertThat(table.read(bytes("k")).text()).isEqualTo("v");
    }

    @Test
    void begin_afterTheClientWasClosed_endsTheFuture() {
        Flights flights = new Flights(client.store(), polling, OUTSTANDING_MAX);
        Flight flight = flights.take();
        flights.close();
        client.close();
        flights.leftOver().forEach(Flight::abandon);
        CompletableFuture<Answer> future = new CompletableFuture<>();
        byte[] key = bytes("k");
        flight.begin(Flight.Kind.READ, table.table(), key, null, 0, null, future);
        assertThat(future).isCompletedWithValueMatching(each -> !each.isOk());
    }

    @Test
    void close_endsWhatIsUnderWay() throws Exception {
        table.write(bytes("k"), bytes("the lease is there"));
        for (int call = 0; call < 10; call++) {
            server.script.add(SILENCE);
        }
        CompletableFuture<Answer> read = table.readAsync(bytes("k"));
        CompletableFuture<Answer> write =
                table.writeAsync(bytes("k"), bytes("v"), new WriteOptions());
        CompletableFuture<Answer> waiting = new CompletableFuture<>();
        Thread thread = start(() -> waiting.complete(table.write(bytes("k"), bytes("w"))));
        await(() -> server.reads.size() == 1 && server.changes.size() == 3);

        client.close();
        assertThat(read.get().status()).isEqualTo(Status.UNAVAILABLE);
        assertThat(write.get().status()).isEqualTo(Status.UNKNOWN);
        assertThat(waiting.get().status()).isEqualTo(Status.UNKNOWN);
        thread.join();
        assertThatThrownBy(() -> table.read(bytes("k")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the client is closed");
    }
}
