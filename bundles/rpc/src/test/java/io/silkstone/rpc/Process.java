package io.silkstone.rpc;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.Metrics;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.PingDecoder;
import io.silkstone.rpc.messages.PingEncoder;
import io.silkstone.rpc.messages.ReadEncoder;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** A process of a test: an Rpc, its metrics, and the clock that all processes of the test share. */
final class Process {
    static final long MILLIS = 1_000_000;
    static final RpcOptions OPTIONS = new RpcOptions(16, 8, 2, 64 << 10, 64 << 10, 200 * MILLIS);

    final Metrics metrics = new Metrics();
    final Rpc rpc;
    final AtomicLong clock;

    Process(Transport transport, AtomicLong clock, ThreadRuntime runtime, RpcOptions options) {
        this.clock = clock;
        rpc =
                new Rpc(
                        transport,
                        options,
                        clock::get,
                        runtime,
                        Patience.polling(),
                        new SplittableRandom(transport.address().hashCode()),
                        metrics);
    }

    Process(Transport transport, AtomicLong clock) {
        this(transport, clock, null, OPTIONS);
    }

    /** Answers each Ping with how many there were; returns that count. */
    AtomicLong answerPings() {
        AtomicLong pings = new AtomicLong();
        rpc.serve(PingDecoder.TEMPLATE_ID, request -> request.done(pings.incrementAndGet()));
        return pings;
    }

    long count(RpcMetrics metric) {
        return metrics.counter(metric).get();
    }

    /** Starts a Ping, given {@code timeoutMillis}. */
    Call ping(Call call, Peer peer, long timeoutMillis) {
        int length = encodePing(call);
        call.start(peer, 0, length, timeoutMillis * MILLIS, Completion.NONE);
        return call;
    }

    static int encodePing(Call call) {
        PingEncoder ping = new PingEncoder();
        ping.wrapAndApplyHeader(call.request(64), 0, new MessageHeaderEncoder());
        return Call.BODY + ping.encodedLength();
    }

    static int encodeRead(Call call, int keyBytes) {
        ReadEncoder read = new ReadEncoder();
        read.wrapAndApplyHeader(call.request(64 + keyBytes), 0, new MessageHeaderEncoder());
        read.table(1).putKey(new byte[keyBytes], 0, keyBytes);
        return Call.BODY + read.encodedLength();
    }

    /** Lets {@code millis} pass for all, a tenth of a millisecond at a time. */
    static void pass(double millis, Process... processes) {
        for (int tenth = 0; tenth < millis * 10; tenth++) {
            processes[0].clock.addAndGet(MILLIS / 10);
            for (Process process : processes) {
                process.rpc.poll();
            }
        }
    }
}
