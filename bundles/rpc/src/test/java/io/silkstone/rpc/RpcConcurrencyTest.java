package io.silkstone.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.PingDecoder;
import io.silkstone.rpc.messages.Status;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class RpcConcurrencyTest {
    private static final String SERVER = "wire:server";
    private static final int THREADS = 4;
    private static final int CALLS = 1_000;

    private final Wire wire = new Wire();

    private Rpc liveRpc(String address) {
        return new Rpc(
                wire.open(address),
                RpcOptions.DEFAULT,
                NanoClock.SYSTEM,
                null,
                Patience.polling(),
                new SplittableRandom(1),
                new Metrics());
    }

    /** Several threads start calls, each polls for itself, and the server is polled by another. */
    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void calls_ofSeveralThreads_areEachAnsweredWithTheirOwn() throws Exception {
        Rpc client = liveRpc("wire:client");
        Rpc server = liveRpc(SERVER);
        server.serve(PingDecoder.TEMPLATE_ID, request -> request.done(request.target()));
        server.identity(0, 77);
        Peer peer = client.peer(SERVER);
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1)) {
            threads.submit(() -> pollUntil(server, over));
            List<Future<Long>> sums = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int target = thread % 2 == 0 ? 77 : 0;
                sums.add(threads.submit(() -> pings(client, peer, target)));
            }
            for (int thread = 0; thread < THREADS; thread++) {
                long target = thread % 2 == 0 ? 77 : 0;
                assertThat(sums.get(thread).get()).isEqualTo(target * CALLS);
            }
            over.set(true);
        }
    }

    private static Object pollUntil(Rpc rpc, AtomicBoolean over) {
        while (!over.get()) {
            if (rpc.poll() == 0) {
                Thread.yield();
            }
        }
        return null;
    }

    private static long pings(Rpc client, Peer peer, int target) {
        Call call = client.newCall();
        DoneDecoder done = new DoneDecoder();
        long sum = 0;
        for (int count = 0; count < CALLS; count++) {
            int length = Process.encodePing(call);
            call.start(peer, target, length, TimeUnit.SECONDS.toNanos(60), Completion.NONE);
            client.await(call);
            assertThat(call.status()).isEqualTo(Status.OK);
            done.wrap(
                    call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            sum += done.number();
        }
        call.close();
        return sum;
    }

    /** Of a node's threads, whose cores poll no more when the Rpc is closed. */
    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void await_whenTheRpcIsClosed_endsThoughNobodyElsePolls() throws Exception {
        Rpc rpc =
                new Rpc(
                        wire.open("wire:client"),
                        RpcOptions.DEFAULT,
                        NanoClock.SYSTEM,
                        null,
                        Patience.of(new HandRuntime(true)),
                        new SplittableRandom(1),
                        new Metrics());
        Call call = rpc.newCall();
        int length = Process.encodePing(call);
        call.start(rpc.peer(SERVER), 0, length, TimeUnit.MILLISECONDS.toNanos(50), Completion.NONE);
        Thread waits = Thread.ofPlatform().daemon().start(() -> rpc.await(call));
        while (!rpc.isAwaited()) {
            Thread.yield();
        }
        rpc.close();
        waits.join();
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
        assertThat(rpc.isAwaited()).isFalse();
    }

    @Test
    void call_answeredInline_allocatesNothing() {
        AtomicLong clock = new AtomicLong();
        Process client = new Process(wire.open("wire:client"), clock);
        Process server = new Process(wire.open(SERVER), clock);
        long[] answered = {0};
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> {
                    if (++answered[0] % 2 == 0) {
                        request.done(1);
                    } else {
                        request.moved(1, 2);
                    }
                });
        Call call = client.rpc.newCall();
        Peer peer = client.rpc.peer(SERVER);
        int length = Process.encodePing(call);
        Loop loop =
                count -> {
                    for (int index = 0; index < count; index++) {
                        clock.addAndGet(100_000);
                        call.start(peer, 0, length, 1_000_000_000, Completion.NONE);
                        server.rpc.poll();
                        client.rpc.poll();
                    }
                };
        loop.run(20_000);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        loop.run(100_000);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(answered[0]).isEqualTo(120_000);
        assertThat(call.isDone()).isTrue();
        assertThat(bytes).isLessThan(10_000);
    }

    private interface Loop {
        void run(int count);
    }
}
