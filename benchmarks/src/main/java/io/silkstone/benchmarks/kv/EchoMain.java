package io.silkstone.benchmarks.kv;

import io.aeron.Aeron;
import io.aeron.ConcurrentPublication;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.Header;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcOptions;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.ReadDecoder;
import io.silkstone.rpc.messages.ReadReplyEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.transport.aeron.AeronOptions;
import io.silkstone.transport.aeron.AeronTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.agrona.DirectBuffer;

/**
 * A process that answers everything at once: what a message and back costs without a store. One
 * thread, which spins while somebody asks. Its argument is a directory for Aeron; it says that and
 * the addresses of its transport and its Rpc, a line each. A line of input is the way that is asked
 * next, which it repeats when it is ready; it ends with its input.
 */
final class EchoMain {
    /** The ways to ask. */
    enum Way {
        /** A publication and a subscription of Aeron, nothing else. */
        AERON,
        /** A session of our transport. */
        TRANSPORT,
        /** A call. */
        RPC,
        /** Nobody asks. */
        NONE,
        /** Nobody will. */
        END
    }

    /** Streams of the bare way. */
    static final int ASK_STREAM = 1001;

    static final int ANSWER_STREAM = 1002;
    static final String CHANNEL = "aeron:ipc?term-length=1m";

    /** Longer than a benchmark waits between two rounds. */
    static final long TIMEOUT_MILLIS = 3_600_000;

    private static final int POLLS_PER_LOOK = 1 << 12;
    private static final int FRAGMENTS = 16;
    private static final long REST_NANOS = 2_000_000;
    private static final int OVERHEAD_BYTES = 64;
    private static final NanoClock CLOCK = NanoClock.SYSTEM;

    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    private final SplittableRandom random = new SplittableRandom(3);
    private final MediaDriver driver;
    private final Aeron aeron;
    private final ConcurrentPublication publication;
    private final Subscription subscription;
    private final AeronTransport transport = transport();
    private final AeronTransport rpcTransport = transport();
    private final Rpc rpc;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ReadReplyEncoder reply = new ReadReplyEncoder();
    private final byte[] value = new byte[ObjectFormat.VALUE_BYTES];
    private Image image;
    private volatile Way wanted = Way.NONE;

    private EchoMain(String directory) {
        driver =
                MediaDriver.launch(
                        new MediaDriver.Context()
                                .aeronDirectoryName(directory)
                                .threadingMode(ThreadingMode.INVOKER)
                                .dirDeleteOnStart(true)
                                .dirDeleteOnShutdown(true)
                                .publicationUnblockTimeoutNs(
                                        TimeUnit.MILLISECONDS.toNanos(2 * TIMEOUT_MILLIS))
                                .clientLivenessTimeoutNs(
                                        TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MILLIS)));
        aeron =
                Aeron.connect(
                        new Aeron.Context()
                                .aeronDirectoryName(directory)
                                .driverTimeoutMs(TIMEOUT_MILLIS)
                                .useConductorAgentInvoker(true)
                                .driverAgentInvoker(driver.sharedAgentInvoker()));
        publication = aeron.addPublication(CHANNEL, ANSWER_STREAM);
        subscription = aeron.addSubscription(CHANNEL, ASK_STREAM);
        rpc =
                new Rpc(
                        rpcTransport,
                        RpcOptions.DEFAULT,
                        CLOCK,
                        null,
                        Patience.polling(),
                        random.split(),
                        new Metrics());
        rpc.serve(ReadDecoder.TEMPLATE_ID, this::answer);
    }

    /** Options of transports that nobody polls for a while. */
    static AeronOptions.Builder patient() {
        return AeronOptions.defaults().toBuilder()
                .livenessTimeoutNanos(TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MILLIS));
    }

    private AeronTransport transport() {
        return new AeronTransport(
                patient().port(0).build(), CLOCK, new SplittableRandom(), new Metrics());
    }

    /** See the class. */
    public static void main(String[] arguments) {
        EchoMain echo = new EchoMain(arguments[0]);
        System.out.println(arguments[0]);
        System.out.println(echo.transport.address());
        System.out.println(echo.rpcTransport.address());
        echo.run();
    }

    private void run() {
        Thread.ofPlatform().daemon().name("echo-input").start(this::listen);
        while (wanted != Way.END) {
            Way way = wanted;
            System.out.println(way);
            switch (way) {
                case AERON -> serve(way, this::pollBare);
                case TRANSPORT -> serve(way, this::pollTransport);
                case RPC -> serve(way, rpc::poll);
                default -> rest();
            }
        }
        rpc.close();
        transport.close();
        rpcTransport.close();
        aeron.close();
        driver.close();
    }

    private void listen() {
        try {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                wanted = Way.valueOf(line);
            }
        } catch (IOException e) {
            System.err.println(e.getMessage());
        }
        wanted = Way.END;
    }

    private void serve(Way way, IntSupplier poll) {
        while (wanted == way) {
            for (int count = 0; count < POLLS_PER_LOOK; count++) {
                if (poll.getAsInt() == 0) {
                    Thread.onSpinWait();
                }
            }
            serviceAeron();
        }
    }

    private void rest() {
        while (wanted == Way.NONE) {
            pollBare();
            serviceAeron();
            pollTransport();
            rpc.poll();
            LockSupport.parkNanos(REST_NANOS);
        }
    }

    private void serviceAeron() {
        driver.sharedAgentInvoker().invoke();
        aeron.conductorAgentInvoker().invoke();
    }

    private int pollBare() {
        if (image == null || image.isClosed()) {
            image = subscription.imageCount() == 0 ? null : subscription.imageAtIndex(0);
            return 0;
        }
        return image.poll(this::echo, FRAGMENTS);
    }

    /** The end of a term refuses a message once. */
    private void echo(DirectBuffer buffer, int offset, int length, Header position) {
        while (publication.offer(buffer, offset, length) < 0 && publication.isConnected()) {
            Thread.onSpinWait();
        }
    }

    private int pollTransport() {
        return transport.poll(Echo.INSTANCE, FRAGMENTS);
    }

    /** Sends back what came. */
    private enum Echo implements MessageHandler {
        INSTANCE;

        @Override
        public void onMessage(Session session, MemorySegment memory, long offset, int length) {
            while (session.send(memory, offset, length) == Session.Sent.FULL) {
                Thread.onSpinWait();
            }
        }

        @Override
        public void onClosed(Session session) {
            // The benchmark has ended.
        }
    }

    /** The reply that a store would give. */
    private void answer(Request request) {
        reply.wrapAndApplyHeader(request.reply(OVERHEAD_BYTES + value.length), 0, header)
                .version(1)
                .expiryMillis(0)
                .tag((short) 0);
        reply.header().status(Status.OK).retryMicros(0);
        reply.putValue(value, 0, value.length);
        request.send(MessageHeaderEncoder.ENCODED_LENGTH + reply.encodedLength());
    }
}
