package io.silkstone.transport.memory;

import static io.silkstone.transport.memory.TestNetwork.MILLI;
import static io.silkstone.transport.memory.TestNetwork.SECOND;
import static io.silkstone.transport.memory.TestNetwork.send;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.api.transport.Session.State;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.transport.memory.TestNetwork.Node;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every transport promises, and the memory that messages lie in. */
@Timeout(60)
class MemoryTransportTest {
    private static final MemoryOptions SMALL =
            MemoryOptions.DEFAULTS.withMessageBytesMax(1_000).withSessionMessagesMax(3);

    private final TestNetwork wire = new TestNetwork(1, SMALL);
    private final Node server = wire.node("memory:1");
    private final Node client = wire.node("");

    @AfterEach
    void everythingIsReleased() {
        wire.close();
        assertThat(wire.network.messagesInMemory()).isZero();
    }

    @Test
    void address_isAsGiven() {
        assertThat(server.transport.address()).isEqualTo("memory:1");
        assertThat(client.transport.address()).isEmpty();
        assertThat(client.transport.name()).isEqualTo("caller-1");
    }

    @Test
    void connect_beforeTheOtherSideAnswers_isConnectingAndFull() {
        Session session = client.transport.connect("memory:1");
        assertThat(session.state()).isEqualTo(State.CONNECTING);
        assertThat(send(session, 1)).isEqualTo(Sent.FULL);
        wire.settle();
        assertThat(session.state()).isEqualTo(State.OPEN);
        assertThat(session.peer()).isEqualTo("memory:1");
        assertThat(session.messageBytesMax()).isEqualTo(1_000);
    }

    @Test
    void connect_toNobody_isClosedAfterAWhile() {
        Session session = client.transport.connect("memory:nobody");
        assertThat(session.state()).isEqualTo(State.CONNECTING);
        wire.run(2 * SECOND);
        assertThat(session.state()).isEqualTo(State.CLOSED);
        assertThat(client.closed).containsExactly(session);
        assertThat(wire.count(MemoryMetrics.UNREACHED)).isOne();
    }

    @Test
    void connect_toOneWhoNeverPolls_isClosedAfterAWhile() {
        wire.network.transport("memory:asleep");
        Session session = client.transport.connect("memory:asleep");
        wire.run(2 * SECOND);
        assertThat(session.state()).isEqualTo(State.CLOSED);
        assertThat(client.closed).containsExactly(session);
    }

    @Test
    void connect_toNoAddress_isRefused() {
        for (String word :
                List.of("", "memory:", "aeron:1", "memory:a b", "memory:" + "x".repeat(250))) {
            assertThatThrownBy(() -> client.transport.connect(word))
                    .as(word)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("memory:NAME");
        }
    }

    @Test
    void connect_toItself_hasTwoSides() {
        wire.network.set(Faults.NONE.withDelay(MILLI, 0));
        Session session = wire.open(server, server);
        server.answers = true;
        send(session, 5);
        wire.run(3 * MILLI);
        assertThat(server.got).containsExactly(5L, -5L, 5L);
    }

    @Test
    void transport_sameAddressTwice_isRefused() {
        assertThatThrownBy(() -> wire.network.transport("memory:1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("memory:1");
    }

    @Test
    void send_bothDirections_comesOutOfTheOtherSideInOrder() {
        Session session = wire.open(client, server);
        server.answers = true;
        for (long number = 1; number <= 3; number++) {
            assertThat(send(session, number)).isEqualTo(Sent.SENT);
        }
        wire.settle();
        assertThat(server.got).containsExactly(1L, 2L, 3L);
        assertThat(client.got).containsExactly(-1L, -2L, -3L);
        assertThat(client.last).isSameAs(session);
        assertThat(server.last.peer()).isEqualTo("caller-1");
    }

    @Test
    void send_anyLengthUpToTheLongest_arrivesUnaltered() {
        Session session = wire.open(client, server);
        SplittableRandom random = new SplittableRandom(3);
        List<byte[]> got = new ArrayList<>();
        for (int length : new int[] {0, 1, 7, 8, 255, 256, 257, 999, 1_000}) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            session.send(MemorySegment.ofArray(bytes), 0, length);
            server.transport.poll(
                    handler(
                            (memory, offset) ->
                                    got.add(memory.asSlice(offset, length).toArray(JAVA_BYTE))),
                    1);
            assertThat(got.getLast()).as("length %d", length).isEqualTo(bytes);
        }
    }

    @Test
    void send_longMessages_giveTheirMemoryBack() {
        int length = 20_000_000;
        byte[] bytes = new byte[length];
        bytes[length - 1] = 7;
        try (TestNetwork large =
                new TestNetwork(1, MemoryOptions.DEFAULTS.withMessageBytesMax(length))) {
            Node receiver = large.node("memory:1");
            Session session = large.open(large.node(""), receiver);
            List<MemorySegment> seen = new ArrayList<>();
            for (int count = 0; count < 3; count++) {
                session.send(MemorySegment.ofArray(bytes), 0, length);
            }
            receiver.transport.poll(
                    handler(
                            (memory, offset) -> {
                                assertThat(memory.get(JAVA_BYTE, offset + length - 1))
                                        .isEqualTo((byte) 7);
                                seen.add(memory);
                            }),
                    10);
            assertThat(seen).hasSize(3);
            assertThat(seen.stream().filter(memory -> memory.scope().isAlive())).hasSize(1);
        }
    }

    @Test
    void send_memoryUsedAgain_doesNotChangeTheMessage() {
        Session session = wire.open(client, server);
        MemorySegment memory = MemorySegment.ofArray(new long[] {4});
        session.send(memory, 0, 8);
        memory.set(JAVA_LONG, 0, 5);
        wire.settle();
        assertThat(server.got).containsExactly(4L);
    }

    @Test
    void send_tooLarge_throwsAndSendsNothing() {
        Session session = wire.open(client, server);
        MemorySegment memory = MemorySegment.ofArray(new byte[2_000]);
        assertThatThrownBy(() -> session.send(memory, 0, 1_001))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1000");
        assertThatThrownBy(() -> session.send(memory, 1_500, 600))
                .isInstanceOf(IndexOutOfBoundsException.class);
        wire.settle();
        assertThat(server.got).isEmpty();
    }

    @Test
    void send_otherSideIsSlow_isFullAndThenGoesOn() {
        Session session = wire.open(client, server);
        for (int number = 1; number <= 3; number++) {
            assertThat(send(session, number)).isEqualTo(Sent.SENT);
        }
        assertThat(send(session, 4)).isEqualTo(Sent.FULL);
        assertThat(wire.count(MemoryMetrics.FULL)).isOne();
        server.transport.poll(server, 1);
        assertThat(send(session, 4)).isEqualTo(Sent.SENT);
        assertThat(send(session, 5)).isEqualTo(Sent.FULL);
        wire.settle();
        assertThat(server.got).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void close_byEitherSide_isSeenByBothOnce() {
        for (boolean byClient : new boolean[] {true, false}) {
            Session session = wire.open(client, server);
            send(session, 1);
            wire.settle();
            (byClient ? session : server.last).close();
            wire.run(SECOND);
            assertThat(session.state()).isEqualTo(State.CLOSED);
            assertThat(server.last.state()).isEqualTo(State.CLOSED);
            assertThat(client.closed).containsOnlyOnce(session);
            assertThat(server.closed).containsOnlyOnce(server.last);
            assertThat(send(session, 2)).isEqualTo(Sent.CLOSED);
            session.close();
            wire.run(SECOND);
        }
        assertThat(client.closed).hasSize(2);
        assertThat(server.closed).hasSize(2);
    }

    @Test
    void close_messagesUnderWay_stillArrive() {
        wire.network.set(Faults.NONE.withDelay(1_000, 5_000));
        Session session = wire.open(client, server);
        send(session, 1);
        send(session, 2);
        session.close();
        wire.run(SECOND);
        assertThat(server.got).containsExactly(1L, 2L);
        assertThat(server.closed).hasSize(1);
    }

    @Test
    void close_whileConnecting_isSeenOnceAndLeavesNothingOnTheOtherSide() {
        wire.network.set(Faults.NONE.withDelay(1_000, 0));
        Session session = client.transport.connect("memory:1");
        wire.now += 1_000;
        server.transport.poll(server, 10);
        session.close();
        wire.run(2 * SECOND);
        assertThat(client.closed).containsExactly(session);
        assertThat(server.closed).hasSize(1);
        assertThat(wire.count(MemoryMetrics.CONNECTED)).isZero();
    }

    @Test
    void transportClose_closesItsSessionsAndFreesItsAddress() {
        Session session = wire.open(client, server);
        send(session, 1);
        server.transport.close();
        assertThat(server.transport.isOpen()).isFalse();
        wire.run(SECOND);
        assertThat(session.state()).isEqualTo(State.CLOSED);
        assertThat(client.closed).containsExactly(session);
        assertThat(server.got).isEmpty();
        assertThat(server.transport.connect("memory:1").state()).isEqualTo(State.CLOSED);
        wire.open(client, wire.node("memory:1"));
    }

    @Test
    void poll_boundedByMessages_leavesTheRest() {
        Session session = wire.open(client, server);
        LongStream.rangeClosed(1, 3).forEach(number -> send(session, number));
        assertThat(server.transport.poll(server, 2)).isEqualTo(2);
        assertThat(server.got).containsExactly(1L, 2L);
        assertThat(server.transport.poll(server, 2)).isOne();
        assertThat(server.transport.poll(server, 2)).isZero();
    }

    @Test
    void poll_handlerThrows_comesOutAndTheMessageCounts() {
        Session session = wire.open(client, server);
        send(session, 1);
        send(session, 2);
        assertThatThrownBy(
                        () ->
                                server.transport.poll(
                                        handler(
                                                (memory, offset) -> {
                                                    throw new ArithmeticException("no");
                                                }),
                                        10))
                .isInstanceOf(ArithmeticException.class);
        wire.settle();
        assertThat(server.got).containsExactly(2L);
    }

    @Test
    void poll_handlerUsesTheTransport_works() {
        Session session = wire.open(client, server);
        send(session, 1);
        send(session, 2);
        server.transport.poll(
                handler(
                        (memory, offset) -> {
                            server.transport.connect("memory:nobody");
                            server.transport.close();
                        }),
                10);
        wire.run(SECOND);
        assertThat(session.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void message_lookedAtAfterTheCall_isNonsense() {
        Session session = wire.open(client, server);
        send(session, 42);
        MemorySegment[] kept = new MemorySegment[1];
        server.transport.poll(handler((memory, offset) -> kept[0] = memory.asSlice(offset, 8)), 1);
        assertThat(kept[0].get(JAVA_LONG, 0)).isEqualTo(0xA5A5A5A5_A5A5A5A5L);
    }

    @Test
    void message_writtenBehindItsEnd_isFoundOut() {
        Session session = wire.open(client, server);
        send(session, 42);
        assertThatThrownBy(
                        () ->
                                server.transport.poll(
                                        handler(
                                                (memory, offset) ->
                                                        memory.set(
                                                                JAVA_BYTE, offset + 8, (byte) 0)),
                                        1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("outside of its message");
    }

    @Test
    void message_writtenAfterTheCall_isFoundOut() {
        Session session = wire.open(client, server);
        send(session, 42);
        server.transport.poll(handler((memory, offset) -> memory.set(JAVA_LONG, offset, 43)), 1);
        MemorySegment[] kept = new MemorySegment[1];
        send(session, 42);
        server.transport.poll(handler((memory, offset) -> kept[0] = memory), 1);
        kept[0].set(JAVA_LONG, Message.OFFSET, 43);
        assertThatThrownBy(() -> send(session, 44)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void nanosToNext_saysWhenAndOnSoonerThatItIsSooner() {
        AtomicInteger calls = new AtomicInteger();
        Session session = wire.open(client, server);
        server.transport.onSooner(calls::incrementAndGet);
        assertThat(server.transport.nanosToNext()).isEqualTo(Long.MAX_VALUE);

        Link link = wire.network.link("caller-1", "memory:1");
        link.set(Faults.NONE.withDelay(5_000, 0));
        send(session, 1);
        assertThat(server.transport.nanosToNext()).isEqualTo(5_000);
        assertThat(calls).hasValue(1);
        wire.now += 1_000;
        send(session, 2);
        assertThat(server.transport.nanosToNext()).isEqualTo(4_000);
        assertThat(calls).hasValue(1);
        link.set(Faults.NONE);
        Session another = client.transport.connect("memory:1");
        assertThat(calls).hasValue(2);
        assertThat(server.transport.nanosToNext()).isZero();
        wire.now += 10_000;
        assertThat(server.transport.nanosToNext()).isZero();
        another.close();
    }

    @Test
    void manyThreads_askAndAnswer_nothingIsLost() throws Exception {
        int clients = 3;
        int asked = 2_000;
        try (MemoryNetwork network =
                        new MemoryNetwork(
                                NanoClock.SYSTEM,
                                new SplittableRandom(1),
                                MemoryOptions.DEFAULTS,
                                new Metrics());
                ExecutorService threads = Executors.newFixedThreadPool(clients + 1)) {
            MemoryTransport server = network.transport("memory:server");
            AtomicInteger left = new AtomicInteger(clients);
            List<Future<Long>> sums = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                sums.add(threads.submit(() -> askMany(network.transport(""), asked, left)));
            }
            Echo echo = new Echo();
            while (left.get() > 0) {
                if (server.poll(echo, 100) == 0) {
                    Thread.yield();
                }
            }
            long expected = LongStream.rangeClosed(1, asked).sum();
            for (Future<Long> sum : sums) {
                assertThat(sum.get()).isEqualTo(expected);
            }
            assertThatCode(server::close).doesNotThrowAnyException();
        }
    }

    private static long askMany(MemoryTransport transport, int count, AtomicInteger left) {
        long[] sum = new long[1];
        int[] answers = new int[1];
        try (transport) {
            Session session = transport.connect("memory:server");
            MessageHandler adder =
                    handler(
                            (memory, offset) -> {
                                sum[0] += memory.get(JAVA_LONG, offset);
                                answers[0]++;
                            });
            int sent = 0;
            while (answers[0] < count) {
                if (sent < count && send(session, sent + 1) == Sent.SENT) {
                    sent++;
                }
                if (transport.poll(adder, 10) == 0) {
                    Thread.yield();
                }
            }
        } finally {
            left.decrementAndGet();
        }
        return sum[0];
    }

    private static MessageHandler handler(BiConsumer<MemorySegment, Long> onMessage) {
        return new MessageHandler() {
            @Override
            public void onMessage(Session session, MemorySegment memory, long offset, int length) {
                onMessage.accept(memory, offset);
            }

            @Override
            public void onClosed(Session session) {}
        };
    }

    private static final class Echo implements MessageHandler {
        @Override
        public void onMessage(Session session, MemorySegment memory, long offset, int length) {
            while (session.send(memory, offset, length) == Sent.FULL) {
                Thread.yield();
            }
        }

        @Override
        public void onClosed(Session session) {}
    }
}
