package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.Metrics;
import io.silkstone.rpc.messages.CountObjectsDecoder;
import io.silkstone.rpc.messages.CountObjectsEncoder;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.transport.memory.Faults;
import io.silkstone.transport.memory.MemoryNetwork;
import io.silkstone.transport.memory.MemoryOptions;
import io.silkstone.transport.memory.MemoryTransport;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests over a network on which everything goes wrong, in virtual time. */
class FaultyNetworkTest {
    private static final int CALLS = 400;
    private static final int CALLS_AT_ONCE = 8;
    private static final int STEPS_MAX = 2_000_000;
    private static final long STEP_NANOS = 100_000;
    private static final Faults FAULTS =
            Faults.NONE
                    .withDelay(100_000, 300_000)
                    .withLoss(0.1)
                    .withDuplication(0.1)
                    .withReordering(0.1, 400 * MILLIS)
                    .withRefusal(0.1)
                    .withBreakage(0.02);

    private final AtomicLong clock = new AtomicLong();
    private final HandRuntime threads = new HandRuntime(false);
    private final List<Call> idle = new ArrayList<>();
    private int started;
    private int ended;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void calls_areAnsweredEachWithItsOwn(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        MemoryNetwork network =
                new MemoryNetwork(clock::get, random, MemoryOptions.DEFAULTS, new Metrics());
        MemoryTransport first = network.transport("memory:server");
        Process server = new Process(first, clock, threads, Process.OPTIONS);
        Process client = new Process(network.transport(""), clock);
        network.set(FAULTS);
        server.rpc.serveWaiting(CountObjectsDecoder.TEMPLATE_ID, 0, FaultyNetworkTest::answer);
        Peer peer = client.rpc.peer("memory:server");
        for (int count = 0; count < CALLS_AT_ONCE; count++) {
            idle.add(client.rpc.newCall());
        }
        int steps = 0;
        while (ended < CALLS && steps++ < STEPS_MAX) {
            while (!idle.isEmpty() && started < CALLS) {
                start(idle.removeLast(), peer, ++started);
            }
            clock.addAndGet(STEP_NANOS);
            server.rpc.poll();
            threads.runAll();
            client.rpc.poll();
        }
        assertThat(ended).as("seed %d", seed).isEqualTo(CALLS);
        assertThat(client.count(RpcMetrics.RESENT)).isGreaterThan(CALLS / 10);
        assertThat(client.count(RpcMetrics.LATE)).isGreaterThan(CALLS / 20);
        assertThat(client.count(RpcMetrics.TIMED_OUT)).isZero();
        assertThat(server.count(RpcMetrics.SERVED)).isGreaterThan(CALLS);
        assertThat(client.count(RpcMetrics.FAILED) + server.count(RpcMetrics.FAILED)).isZero();
        assertThat(client.count(RpcMetrics.MALFORMED) + server.count(RpcMetrics.MALFORMED))
                .isZero();
    }

    private void start(Call call, Peer peer, int number) {
        CountObjectsEncoder count = new CountObjectsEncoder();
        count.wrapAndApplyHeader(call.request(100), 0, new MessageHeaderEncoder()).table(number);
        int length = Call.BODY + count.encodedLength();
        call.start(peer, 0, length, 600_000 * MILLIS, done -> ended(done, number));
    }

    private void ended(Call call, int number) {
        ended++;
        if (call.status() == Status.OK) {
            DoneDecoder done = new DoneDecoder();
            done.wrap(
                    call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            assertThat(done.number()).isEqualTo(number);
        } else {
            assertThat(call.status()).isEqualTo(Status.BUSY);
        }
        idle.add(call);
    }

    private static void answer(Request request) {
        CountObjectsDecoder count = new CountObjectsDecoder();
        count.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        request.done(count.table());
    }
}
