package io.silkstone.benchmarks.kv;

import io.aeron.Aeron;
import io.aeron.ConcurrentPublication;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.transport.aeron.AeronTransport;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.UnsafeBuffer;

/** Asks an {@link EchoMain}, one message of 100 bytes at a time. */
final class EchoSteps implements AutoCloseable {
    private static final NanoClock CLOCK = NanoClock.SYSTEM;
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final int MESSAGES = 16;

    private final JavaProcess process;
    private final Aeron aeron;
    private final ConcurrentPublication publication;
    private final Subscription subscription;
    private final AeronTransport transport;
    private final Session session;
    private final RawCalls calls;
    private final MemorySegment message = Arena.ofAuto().allocate(ObjectFormat.VALUE_BYTES);
    private final UnsafeBuffer buffer =
            new UnsafeBuffer(message.address(), ObjectFormat.VALUE_BYTES);
    private final Received received = new Received();
    private final FragmentHandler onFragment = (from, offset, length, header) -> received.count++;

    private static final class Received implements MessageHandler {
        private long count;

        @Override
        public void onMessage(Session from, MemorySegment memory, long offset, int length) {
            count++;
        }

        @Override
        public void onClosed(Session from) {
            // Whoever waits for a message gives up in the end.
        }
    }

    /** Of {@code process}, which is ready when this returns. */
    EchoSteps(JavaProcess process) throws IOException, BenchmarkFailed {
        this.process = process;
        aeron =
                Aeron.connect(
                        new Aeron.Context()
                                .aeronDirectoryName(process.readLine())
                                .driverTimeoutMs(EchoMain.TIMEOUT_MILLIS)
                                .useConductorAgentInvoker(true));
        transport =
                new AeronTransport(
                        EchoMain.patient().build(), CLOCK, new SplittableRandom(), new Metrics());
        session = transport.connect(process.readLine());
        calls = new RawCalls(process.readLine());
        process.readLine();
        subscription = aeron.addSubscription(EchoMain.CHANNEL, EchoMain.ANSWER_STREAM);
        publication = aeron.addPublication(EchoMain.CHANNEL, EchoMain.ASK_STREAM);
        await(
                () -> {
                    aeron.conductorAgentInvoker().invoke();
                    return publication.isConnected() && subscription.isConnected();
                });
        await(
                () -> {
                    transport.poll(received, MESSAGES);
                    return session.state() == Session.State.OPEN;
                });
    }

    /** Has the other side listen to {@code way} and no other. */
    private void choose(EchoMain.Way way) throws IOException {
        process.writeLine(way.name());
        process.readLine();
    }

    /** The bare round trip. */
    void aeron(long nanos, Histogram latencies) throws IOException, BenchmarkFailed {
        choose(EchoMain.Way.AERON);
        aeron.conductorAgentInvoker().invoke();
        Image image = subscription.imageAtIndex(0);
        pingPong(
                nanos,
                latencies,
                () -> publication.offer(buffer, 0, ObjectFormat.VALUE_BYTES) > 0,
                () -> image.poll(onFragment, MESSAGES));
        aeron.conductorAgentInvoker().invoke();
        choose(EchoMain.Way.NONE);
    }

    /** Through sessions of our transports. */
    void transport(long nanos, Histogram latencies) throws IOException, BenchmarkFailed {
        choose(EchoMain.Way.TRANSPORT);
        pingPong(
                nanos,
                latencies,
                () -> session.send(message, 0, ObjectFormat.VALUE_BYTES) == Session.Sent.SENT,
                () -> transport.poll(received, MESSAGES));
        choose(EchoMain.Way.NONE);
    }

    /** By calls that look like reads. */
    void rpc(long nanos, Histogram latencies) throws IOException, BenchmarkFailed {
        choose(EchoMain.Way.RPC);
        calls.read(1, 1, nanos, latencies);
        choose(EchoMain.Way.NONE);
    }

    private void pingPong(long nanos, Histogram latencies, BooleanSupplier send, Runnable poll)
            throws BenchmarkFailed {
        long now = System.nanoTime();
        long deadline = now + nanos;
        while (now - deadline < 0) {
            long before = received.count;
            await(send);
            while (received.count == before) {
                poll.run();
                Thread.onSpinWait();
                if (System.nanoTime() - now > PATIENCE_NANOS) {
                    throw new BenchmarkFailed("an echo did not come back");
                }
            }
            long then = System.nanoTime();
            latencies.recordValue(then - now);
            now = then;
        }
    }

    private static void await(BooleanSupplier condition) throws BenchmarkFailed {
        long began = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - began > PATIENCE_NANOS) {
                throw new BenchmarkFailed("the process that sends echoes cannot be reached");
            }
        }
    }

    @Override
    public void close() throws IOException {
        calls.close();
        transport.close();
        aeron.close();
        process.close();
    }
}
