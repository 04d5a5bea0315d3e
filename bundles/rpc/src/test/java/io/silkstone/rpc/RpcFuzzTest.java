package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static io.silkstone.rpc.Process.encodePing;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.rpc.messages.ChangeDecoder;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.MultiReadDecoder;
import io.silkstone.rpc.messages.PingDecoder;
import io.silkstone.rpc.messages.ReadDecoder;
import io.silkstone.rpc.messages.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A hundred thousand messages that no process should send, into one that serves every kind of
 * request and decodes all of it, and into one that waits for replies. Nothing may come out of poll,
 * everything is counted, and those who behave are served on.
 */
class RpcFuzzTest {
    private static final int INPUTS_AT_ONCE = 100;
    private static final int TRIES = 1_000;
    private static final int INPUT_BYTES_MAX = 8 << 10;
    private static final long ALLOCATED_BYTES_MAX = 64 << 20;
    private static final Schema SCHEMA = schema();

    /** A process logs the first message that it cannot read; here each try is another process. */
    private static final Logger SILENT = Logger.getLogger(Rpc.class.getName());

    private static final Map<RpcMetrics, Long> TOTALS = new HashMap<>();
    private static int tries;
    private static int answered;
    private static int unreadable;

    private final AtomicLong clock = new AtomicLong();
    private final Wire wire = new Wire();
    private final Wire.End badEnd = wire.open("wire:bad");
    private final Session bad;
    private final HandRuntime threads = new HandRuntime(false);
    private final Process server =
            new Process(wire.open("wire:server"), clock, threads, Process.OPTIONS);
    private final Process client = new Process(wire.open("wire:client"), clock);
    private final Peer peer = client.rpc.peer("wire:server");
    private final Call call = client.rpc.newCall();
    private final MemorySegment memory = Arena.ofAuto().allocate(INPUT_BYTES_MAX, 8);
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

    RpcFuzzTest() {
        SILENT.setLevel(Level.OFF);
        bad = badEnd.connect("wire:server");
        server.rpc.identity(5, 6);
        for (Schema.Message message : SCHEMA.messages()) {
            if (!message.isReply()) {
                Service service = service(message);
                if (message.id() % 2 == 0) {
                    server.rpc.serveWaiting(message.id(), 0, service);
                } else {
                    server.rpc.serve(message.id(), service);
                }
            }
        }
        server.rpc.serve(PingDecoder.TEMPLATE_ID, request -> request.done(1));
    }

    private static Schema schema() {
        try {
            return Schema.read();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Decodes as the store would where keys and values are looked at in place, and else all. */
    private Service service(Schema.Message message) {
        Printer printer = new Printer(message.name());
        return request -> {
            int offset = request.offset();
            int block = request.blockLength();
            DirectBuffer buffer = request.buffer();
            switch (request.templateId()) {
                case ReadDecoder.TEMPLATE_ID ->
                        new ReadDecoder()
                                .wrap(buffer, offset, block, request.version())
                                .wrapKey(view);
                case ChangeDecoder.TEMPLATE_ID -> {
                    ChangeDecoder change = new ChangeDecoder();
                    change.wrap(buffer, offset, block, request.version()).wrapKey(view);
                    change.wrapValue(view);
                }
                case MultiReadDecoder.TEMPLATE_ID -> {
                    MultiReadDecoder read = new MultiReadDecoder();
                    read.wrap(buffer, offset, block, request.version());
                    for (MultiReadDecoder.KeysDecoder key : read.keys()) {
                        key.wrapKey(view);
                    }
                }
                default -> printer.print(buffer, offset, block, request.version());
            }
            request.done(1);
        };
    }

    /** The decoder's own method that reads every field, with groups and variable data. */
    private static final class Printer {
        private final Object decoder;
        private final Method wrap;
        private final Method appendTo;

        private Printer(String name) {
            try {
                Class<?> type = Class.forName("io.silkstone.rpc.messages." + name + "Decoder");
                decoder = type.getConstructor().newInstance();
                wrap = type.getMethod("wrap", DirectBuffer.class, int.class, int.class, int.class);
                appendTo = type.getMethod("appendTo", StringBuilder.class);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        private void print(DirectBuffer buffer, int offset, int block, int version) {
            try {
                wrap.invoke(decoder, buffer, offset, block, version);
                appendTo.invoke(decoder, new StringBuilder());
            } catch (InvocationTargetException e) {
                throw (RuntimeException) e.getCause();
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
    void anyMessages_areAnsweredOrCounted_andOthersAreServed(@ForAll long seed) {
        Nonsense nonsense = new Nonsense(SCHEMA, seed);
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int input = 0; input < INPUTS_AT_ONCE; input++) {
            byte[] bytes = nonsense.spoilt(nonsense.sound(nonsense.anyMessage()));
            long before = thread.getCurrentThreadAllocatedBytes();
            try {
                send(bad, bytes);
                server.rpc.poll();
                threads.runAll();
            } catch (Throwable e) {
                throw new AssertionError(HexFormat.of().formatHex(bytes), e);
            }
            assertThat(thread.getCurrentThreadAllocatedBytes() - before)
                    .as(() -> "bytes allocated for " + HexFormat.of().formatHex(bytes))
                    .isLessThan(ALLOCATED_BYTES_MAX);
        }
        badEnd.poll((Drain) (session, message, offset, length) -> {}, Integer.MAX_VALUE);
        client.ping(call, peer, 1_000);
        server.rpc.poll();
        client.rpc.poll();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(server.count(RpcMetrics.FAILED)).isZero();
        assertThat(server.count(RpcMetrics.BUSY)).isZero();
        addTotals(server);
        tries++;
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
    void anyReply_endsItsCallOrIsCounted(@ForAll long seed) {
        Nonsense nonsense = new Nonsense(SCHEMA, seed);
        Peer toBad = client.rpc.peer("wire:bad");
        for (int input = 0; input < INPUTS_AT_ONCE; input++) {
            Schema.Message kind = nonsense.anyReply();
            byte[] sound = nonsense.sound(kind);
            Call asked = client.rpc.newCall();
            asked.start(toBad, 0, encodePing(asked), 10 * MILLIS, Completion.NONE);
            badEnd.poll(
                    (Drain)
                            (session, message, offset, length) -> {
                                MemorySegment.copy(
                                        message,
                                        ValueLayout.JAVA_BYTE,
                                        offset + Call.BODY,
                                        sound,
                                        Call.BODY,
                                        Long.BYTES);
                                send(session, nonsense.spoilt(sound));
                            },
                    Integer.MAX_VALUE);
            client.rpc.poll();
            if (!asked.isDone()) {
                clock.addAndGet(11 * MILLIS);
                client.rpc.poll();
                assertThat(asked.status()).isEqualTo(Status.TIMED_OUT);
            }
            look(asked);
            asked.close();
        }
        client.ping(call, peer, 1_000);
        server.rpc.poll();
        client.rpc.poll();
        assertThat(call.status()).isEqualTo(Status.OK);
    }

    private static void look(Call call) {
        assertThat(call.status()).isNotEqualTo(Status.NULL_VAL);
        assertThat(call.text()).isEqualTo(call.text());
        assertThat(call.retryNanos()).isNotNegative();
        if (call.hasReply()) {
            answered++;
            try {
                ClusterMapDecoder map = new ClusterMapDecoder();
                int block = call.replyBlockLength();
                map.wrap(call.reply(), call.replyOffset(), block, call.replyVersion());
                MapCodec.decode(map);
            } catch (IndexOutOfBoundsException e) {
                // What a caller has to expect of a reply that is not what it should be.
                unreadable++;
            }
        }
    }

    @AfterContainer
    static void afterAll_everyKindOfAnswerWasSeen() {
        SILENT.setLevel(null);
        if (tries < TRIES) {
            return;
        }
        for (RpcMetrics metric :
                Arrays.asList(
                        RpcMetrics.SERVED,
                        RpcMetrics.MALFORMED,
                        RpcMetrics.UNKNOWN,
                        RpcMetrics.MISDIRECTED,
                        RpcMetrics.LATE)) {
            assertThat(TOTALS.get(metric)).as(metric.label()).isGreaterThan(TRIES);
        }
        assertThat(answered).isGreaterThan(TRIES);
        assertThat(unreadable).isGreaterThan(TRIES);
    }

    private static void addTotals(Process process) {
        for (RpcMetrics metric : RpcMetrics.values()) {
            TOTALS.merge(metric, process.count(metric), Long::sum);
        }
    }

    private void send(Session session, byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        session.send(memory, 0, bytes.length);
    }

    /** Sees messages only. */
    @FunctionalInterface
    private interface Drain extends MessageHandler {
        @Override
        default void onClosed(Session session) {
            // Sessions of this test stay.
        }
    }
}
