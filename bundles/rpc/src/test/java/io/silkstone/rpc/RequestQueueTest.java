package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static io.silkstone.rpc.Process.OPTIONS;
import static io.silkstone.rpc.Process.pass;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.NanoClock;
import io.silkstone.rpc.messages.ClearTableDecoder;
import io.silkstone.rpc.messages.CountObjectsDecoder;
import io.silkstone.rpc.messages.CountObjectsEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestQueueTest {
    private static final String SERVER = "wire:server";

    private final AtomicLong clock = new AtomicLong();
    private final Wire wire = new Wire();
    private final HandRuntime threads = new HandRuntime(false);
    private final Process client = new Process(wire.open("wire:client"), clock);
    private final Process server = new Process(wire.open(SERVER), clock, threads, OPTIONS);
    private final Peer peer = client.rpc.peer(SERVER);
    private final List<Integer> servedTables = new ArrayList<>();

    private void note(Request request) {
        CountObjectsDecoder count = new CountObjectsDecoder();
        count.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        servedTables.add((int) count.table());
        request.done(count.table());
    }

    /** Both kinds have the same fields. */
    private Call start(int template, int table, Priority priority, long timeoutMillis) {
        Call call = client.rpc.newCall();
        CountObjectsEncoder count = new CountObjectsEncoder();
        MessageHeaderEncoder header = new MessageHeaderEncoder();
        count.wrapAndApplyHeader(call.request(100), 0, header).table(table);
        header.templateId(template);
        call.priority(priority);
        int length = Call.BODY + count.encodedLength();
        call.start(peer, 0, length, timeoutMillis * MILLIS, Completion.NONE);
        return call;
    }

    private Call start(int table, Priority priority) {
        return start(CountObjectsDecoder.TEMPLATE_ID, table, priority, 1_000);
    }

    private void serve() {
        server.rpc.serveWaiting(CountObjectsDecoder.TEMPLATE_ID, 0, this::note);
        server.rpc.serveWaiting(ClearTableDecoder.TEMPLATE_ID, 1, this::note);
    }

    @Test
    void add_startsThreadsUpToTheirNumber_andThoseThatEndStartTheNext() {
        serve();
        List<Call> calls = new ArrayList<>();
        for (int table = 1; table <= 5; table++) {
            calls.add(start(table, Priority.NORMAL));
        }
        server.rpc.poll();
        assertThat(threads.size()).isEqualTo(2);
        threads.runNext();
        assertThat(threads.size()).isEqualTo(2);
        threads.runAll();
        client.rpc.poll();

        assertThat(servedTables).containsExactly(1, 2, 3, 4, 5);
        assertThat(calls).extracting(Call::status).containsOnly(Status.OK);
    }

    @Test
    void add_beyondTheLimit_isRefusedAsBusy() {
        serve();
        List<Call> calls = new ArrayList<>();
        for (int table = 1; table <= 10; table++) {
            calls.add(start(table, Priority.NORMAL));
        }
        server.rpc.poll();
        client.rpc.poll();
        assertThat(calls.subList(0, 8)).noneMatch(Call::isDone);
        assertThat(calls.subList(8, 10)).extracting(Call::status).containsOnly(Status.BUSY);
        assertThat(calls.getLast().retryNanos()).isPositive();
        assertThat(server.count(RpcMetrics.BUSY)).isEqualTo(2);

        threads.runAll();
        client.rpc.poll();
        assertThat(calls.subList(0, 8)).extracting(Call::status).containsOnly(Status.OK);
        calls.forEach(Call::close);

        Call next = start(11, Priority.NORMAL);
        server.rpc.poll();
        threads.runAll();
        client.rpc.poll();
        assertThat(next.status()).isEqualTo(Status.OK);
    }

    @Test
    void next_isTheHighestPriority_andTheOldestWithinOne() {
        serve();
        start(1, Priority.LOW);
        start(2, Priority.LOW);
        server.rpc.poll();
        start(3, Priority.LOW);
        start(4, Priority.NORMAL);
        start(5, Priority.HIGH);
        start(6, Priority.NORMAL);
        start(7, Priority.HIGH);
        server.rpc.poll();
        threads.runAll();
        assertThat(servedTables).containsExactly(1, 2, 5, 7, 4, 6, 3);
    }

    @Test
    void next_ofALevelBelowAllThatRun_runsThoughAllThreadsAreTaken() {
        serve();
        start(ClearTableDecoder.TEMPLATE_ID, 1, Priority.NORMAL, 1_000);
        start(ClearTableDecoder.TEMPLATE_ID, 2, Priority.NORMAL, 1_000);
        start(ClearTableDecoder.TEMPLATE_ID, 3, Priority.NORMAL, 1_000);
        start(4, Priority.NORMAL);
        start(5, Priority.NORMAL);
        server.rpc.poll();
        assertThat(threads.size()).isEqualTo(3);
        threads.runAll();
        assertThat(servedTables).containsExactly(1, 2, 4, 3, 5);
    }

    @Test
    void next_thatNobodyWaitsForAnyMore_isNotServed() {
        serve();
        start(CountObjectsDecoder.TEMPLATE_ID, 1, Priority.NORMAL, 10);
        start(CountObjectsDecoder.TEMPLATE_ID, 2, Priority.NORMAL, 20);
        server.rpc.poll();
        clock.addAndGet(15 * MILLIS);
        threads.runAll();
        assertThat(servedTables).containsExactly(2);
        assertThat(server.count(RpcMetrics.EXPIRED)).isEqualTo(1);
    }

    @Test
    void next_whenTheRuntimeHasNoContext_isStartedByALaterPollInItsTurn() {
        serve();
        threads.contexts(0);
        Call first = start(1, Priority.NORMAL);
        server.rpc.poll();
        start(2, Priority.NORMAL);
        server.rpc.poll();
        assertThat(threads.size()).isZero();
        threads.contexts(10);
        pass(0.3, server);
        threads.runAll();
        client.rpc.poll();
        assertThat(servedTables).containsExactly(1, 2);
        assertThat(first.status()).isEqualTo(Status.OK);
    }

    @Test
    void service_thatFails_makesRoomForTheNext() {
        server.rpc.serveWaiting(
                CountObjectsDecoder.TEMPLATE_ID,
                0,
                request -> {
                    throw new IllegalStateException("on purpose");
                });
        for (int round = 0; round < 20; round++) {
            Call call = start(1, Priority.NORMAL);
            server.rpc.poll();
            threads.runAll();
            client.rpc.poll();
            assertThat(call.status()).isEqualTo(Status.RETRY_LATER);
            call.close();
        }
    }

    @Test
    void close_refusesWhatWaits() {
        serve();
        List<Call> calls = new ArrayList<>();
        for (int table = 1; table <= 4; table++) {
            calls.add(start(table, Priority.NORMAL));
        }
        server.rpc.poll();
        server.rpc.close();
        calls.add(start(5, Priority.NORMAL));
        server.rpc.poll();
        threads.runAll();
        client.rpc.poll();
        assertThat(calls)
                .extracting(Call::status)
                .containsExactly(Status.OK, Status.OK, Status.BUSY, Status.BUSY, Status.BUSY);
    }

    /** Two servers with one thread each, whose services call each other. */
    @ParameterizedTest
    @CsvSource({"1, OK, 5000", "0, TIMED_OUT, 300"})
    void levels_letRequestsThroughThatAllThreadsWaitFor(
            int level, Status outcome, long timeoutMillis) {
        RpcOptions oneThread = new RpcOptions(64, 64, 1, 1 << 16, 1 << 16, 1_000 * MILLIS);
        try (Rpc left = liveRpc("wire:left", oneThread);
                Rpc right = liveRpc("wire:right", oneThread)) {
            serveByAskingTheOther(left, "wire:right", level, timeoutMillis);
            serveByAskingTheOther(right, "wire:left", level, timeoutMillis);
            List<Call> calls = new ArrayList<>();
            for (int index = 0; index < 4; index++) {
                Call call = left.newCall();
                Peer to = left.peer(index % 2 == 0 ? "wire:right" : "wire:left");
                int length = encode(call, ClearTableDecoder.TEMPLATE_ID);
                call.start(to, 0, length, 8 * timeoutMillis * MILLIS, Completion.NONE);
                calls.add(call);
            }
            Patience patience = Patience.polling();
            for (Call call : calls) {
                while (!call.isDone()) {
                    left.poll();
                    right.poll();
                }
                patience.await(left, call);
            }
            // What the service says of its own call to the other server.
            assertThat(calls.stream().map(Call::retryNanos)).contains(1_000L * outcome.value());
            if (outcome == Status.OK) {
                assertThat(calls).extracting(Call::retryNanos).containsOnly(0L);
            }
        }
    }

    private Rpc liveRpc(String address, RpcOptions options) {
        return new Rpc(
                wire.open(address),
                options,
                NanoClock.SYSTEM,
                new HandRuntime(true),
                Patience.polling(),
                new SplittableRandom(1),
                client.metrics);
    }

    private static void serveByAskingTheOther(
            Rpc rpc, String other, int level, long timeoutMillis) {
        rpc.serveWaiting(CountObjectsDecoder.TEMPLATE_ID, 0, request -> request.done(1));
        rpc.serveWaiting(
                ClearTableDecoder.TEMPLATE_ID,
                level,
                request -> {
                    Call call = rpc.newCall();
                    int length = encode(call, CountObjectsDecoder.TEMPLATE_ID);
                    long timeout = timeoutMillis * MILLIS;
                    call.start(rpc.peer(other), 0, length, timeout, Completion.NONE);
                    rpc.await(call);
                    Status status = call.status();
                    call.close();
                    request.refuse(Status.RETRY_LATER, 1_000L * status.value(), "");
                });
    }

    private static int encode(Call call, int template) {
        CountObjectsEncoder count = new CountObjectsEncoder();
        MessageHeaderEncoder header = new MessageHeaderEncoder();
        count.wrapAndApplyHeader(call.request(100), 0, header).table(1);
        header.templateId(template);
        return Call.BODY + count.encodedLength();
    }
}
