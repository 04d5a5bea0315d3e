package io.silkstone.benchmarks.kv;

import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.client.ClientPolling;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Completion;
import io.silkstone.rpc.Peer;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.ReadEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.transport.aeron.AeronTransport;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/** Reads as messages: what a client asks a server for, without the client. */
final class RawCalls implements AutoCloseable {
    private static final long TIMEOUT_NANOS = 10_000_000_000L;
    private static final int REQUEST_BYTES = 128;

    private final SplittableRandom random = new SplittableRandom(2);
    private final AeronTransport transport =
            new AeronTransport(
                    EchoMain.patient().build(),
                    NanoClock.SYSTEM,
                    new SplittableRandom(),
                    new Metrics());
    private final ClientPolling polling = new ClientPolling();
    private final Rpc rpc =
            new Rpc(
                    transport,
                    RpcOptions.DEFAULT,
                    NanoClock.SYSTEM,
                    null,
                    polling,
                    new SplittableRandom(),
                    new Metrics());
    private final Peer peer;
    private final Call call = rpc.newCall();
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ReadEncoder read = new ReadEncoder();
    private final byte[] key = new byte[ObjectFormat.KEY_BYTES];

    /** Of the process at {@code address}. */
    RawCalls(String address) {
        polling.start(rpc);
        peer = rpc.peer(address);
    }

    /** Reads random keys of the first {@code keys}, one at a time. */
    void read(int table, int keys, long nanos, Histogram latencies) throws BenchmarkFailed {
        long now = System.nanoTime();
        long deadline = now + nanos;
        while (now - deadline < 0) {
            ObjectFormat.putKey(key, random.nextInt(keys));
            read.wrapAndApplyHeader(call.request(REQUEST_BYTES), 0, header).table(table);
            read.putKey(key, 0, key.length);
            int length = MessageHeaderEncoder.ENCODED_LENGTH + read.encodedLength();
            call.start(peer, 0, length, TIMEOUT_NANOS, Completion.NONE);
            rpc.await(call);
            if (call.status() != Status.OK) {
                throw new BenchmarkFailed("a read was answered " + call.status());
            }
            long then = System.nanoTime();
            latencies.recordValue(then - now);
            now = then;
        }
    }

    @Override
    public void close() {
        polling.close();
        call.close();
        rpc.close();
        transport.close();
    }
}
