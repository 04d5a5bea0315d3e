package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.api.transport.Session.State;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a transport promises, for each way that a session can take. */
abstract class AeronTransportContract {
    private static final int MESSAGE_BYTES_MAX = 1 << 20;

    private final Bench bench = new Bench(options());
    private final Mailbox server = bench.listening();
    private final Mailbox client = bench.calling();

    abstract AeronOptions options();

    static AeronOptions small(AeronOptions.Route path) {
        return AeronOptions.defaults().toBuilder()
                .path(path)
                .termBytes(1 << 20)
                .messageBytesMax(MESSAGE_BYTES_MAX)
                .build();
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private Session opened() {
        return bench.open(client, server);
    }

    private void until(BooleanSupplier holds) {
        bench.until(holds);
    }

    @Test
    void address_ofAListener_isAWord_ofACallerIsEmpty() {
        assertThat(server.transport.address())
                .startsWith("aeron:127.0.0.1:")
                .matches("\\S+")
                .hasSizeLessThanOrEqualTo(255);
        assertThat(client.transport.address()).isEmpty();
    }

    @Test
    void connect_nonsense_isRefused() {
        for (String each :
                List.of("", "memory:1", "aeron:host:7", "aeron:1.2.3.4:0", "aeron:::1:2")) {
            assertThatThrownBy(() -> client.transport.connect(each))
                    .as(each)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void connect_beforePolls_isConnectingAndFull() {
        Session session = client.transport.connect(server.transport.address());

        assertThat(session.state()).isEqualTo(State.CONNECTING);
        assertThat(Mailbox.send(session, "early")).isEqualTo(Sent.FULL);
        assertThat(session.peer()).isEqualTo(server.transport.address());
    }

    @Test
    void send_bothDirections_arrives() {
        Session session = opened();

        assertThat(Mailbox.send(session, "question")).isEqualTo(Sent.SENT);
        until(() -> server.messages.size() == 1);
        assertThat(server.text(0)).isEqualTo("question");

        Session back = server.sessions.getFirst();
        assertThat(back.peer()).isNotEmpty();
        assertThat(Mailbox.send(back, "answer")).isEqualTo(Sent.SENT);
        until(() -> client.messages.size() == 1);
        assertThat(client.text(0)).isEqualTo("answer");
        assertThat(client.sessions.getFirst()).isSameAs(session);
    }

    @Test
    void send_fromWithinAHandler_arrives() {
        server.onMessage = () -> Mailbox.send(server.sessions.getLast(), "echo");

        Mailbox.send(opened(), "call");

        until(() -> client.messages.size() == 1);
        assertThat(client.text(0)).isEqualTo("echo");
    }

    @Test
    void send_everyLengthAndKindOfMemory_arrivesUnaltered() {
        Session session = opened();
        Random random = new Random(7);
        List<byte[]> sent = new ArrayList<>();
        for (int length :
                new int[] {
                    0,
                    1,
                    7,
                    8,
                    1_376,
                    1_377,
                    9_000,
                    65_472,
                    65_473,
                    131_072,
                    131_073,
                    500_000,
                    MESSAGE_BYTES_MAX
                }) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            sent.add(bytes);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory =
                        switch (sent.size() % 3) {
                            case 0 -> MemorySegment.ofArray(bytes);
                            case 1 -> MemorySegment.ofArray(bytes).asReadOnly();
                            default ->
                                    arena.allocate(Math.max(1, length))
                                            .copyFrom(MemorySegment.ofArray(bytes));
                        };
                until(() -> session.send(memory, 0, length) == Sent.SENT);
            }
        }

        until(() -> server.messages.size() == sent.size());
        for (int index = 0; index < sent.size(); index++) {
            assertThat(server.messages.get(index)).isEqualTo(sent.get(index));
        }
    }

    @Test
    void send_fromAnOffset_sendsThatPart() {
        Session session = opened();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(64);
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, 13, 4711);

            assertThat(session.send(memory, 13, 4)).isEqualTo(Sent.SENT);
        }
        assertThat(session.send(MemorySegment.ofArray(new byte[] {1, 2, 3}), 1, 1))
                .isEqualTo(Sent.SENT);

        until(() -> server.messages.size() == 2);
        assertThat(
                        MemorySegment.ofArray(server.messages.get(0))
                                .get(ValueLayout.JAVA_INT_UNALIGNED, 0))
                .isEqualTo(4711);
        assertThat(server.messages.get(1)).containsExactly(2);
    }

    @Test
    void send_tooLong_isRefused() {
        Session session = opened();
        MemorySegment memory = MemorySegment.ofArray(new byte[MESSAGE_BYTES_MAX + 1]);

        assertThat(session.messageBytesMax()).isEqualTo(MESSAGE_BYTES_MAX);
        assertThatThrownBy(() -> session.send(memory, 0, MESSAGE_BYTES_MAX + 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> session.send(memory, MESSAGE_BYTES_MAX, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(session.state()).isEqualTo(State.OPEN);
    }

    @Test
    void send_toOneThatIsNotPolled_isFullAndGoesOn() {
        Session session = opened();
        byte[] bytes = new byte[10_000];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        int sent = 0;
        boolean full = false;
        for (int tries = 0; tries < 10_000 && !full; tries++) {
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, 0, sent);
            full = session.send(memory, 0, bytes.length) == Sent.FULL;
            sent += full ? 0 : 1;
            client.poll();
        }
        assertThat(full).isTrue();

        int[] next = {sent};
        int total = sent + 500;
        until(
                () -> {
                    memory.set(ValueLayout.JAVA_INT_UNALIGNED, 0, next[0]);
                    if (session.send(memory, 0, bytes.length) == Sent.SENT) {
                        next[0]++;
                    }
                    return next[0] == total;
                });
        until(() -> server.messages.size() == total);
        for (int index = 0; index < total; index++) {
            MemorySegment each = MemorySegment.ofArray(server.messages.get(index));
            assertThat(each.get(ValueLayout.JAVA_INT_UNALIGNED, 0)).isEqualTo(index);
        }
    }

    @Test
    void send_fromManyThreads_arrivesWholeAndInEachThreadsOrder() throws InterruptedException {
        Session session = opened();
        int senders = 4;
        int each = 500;
        List<Thread> threads = new ArrayList<>();
        for (int sender = 0; sender < senders; sender++) {
            int name = sender;
            Thread thread =
                    new Thread(
                            () -> {
                                MemorySegment memory = MemorySegment.ofArray(new int[] {name, 0});
                                for (int count = 0; count < each; ) {
                                    memory.set(ValueLayout.JAVA_INT, 4, count);
                                    if (session.send(memory, 0, 8) == Sent.SENT) {
                                        count++;
                                    } else {
                                        Thread.yield();
                                    }
                                }
                            });
            thread.start();
            threads.add(thread);
        }
        until(() -> server.messages.size() == senders * each);
        for (Thread thread : threads) {
            thread.join();
        }

        int[] expected = new int[senders];
        for (byte[] message : server.messages) {
            MemorySegment memory = MemorySegment.ofArray(message);
            int sender = memory.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
            assertThat(memory.get(ValueLayout.JAVA_INT_UNALIGNED, 4)).isEqualTo(expected[sender]++);
        }
    }

    @Test
    void close_whileOthersSend_isSafe() throws InterruptedException {
        for (int round = 0; round < 5; round++) {
            Mailbox from = bench.calling();
            Session session = bench.open(from, server);
            List<Thread> threads = new ArrayList<>();
            try (Arena arena = Arena.ofShared()) {
                MemorySegment memory = arena.allocate(5_000);
                for (int sender = 0; sender < 3; sender++) {
                    threads.add(
                            Thread.ofPlatform()
                                    .start(
                                            () -> {
                                                while (session.send(memory, 0, 5_000)
                                                        != Sent.CLOSED) {
                                                    Thread.onSpinWait();
                                                }
                                            }));
                }
                int before = server.messages.size();
                until(() -> server.messages.size() > before + 20);
                threads.add(Thread.ofPlatform().start(from.transport::close));
                bench.until(() -> server.closed.contains(server.sessions.getLast()), server);
                for (Thread thread : threads) {
                    thread.join();
                }
            }
            server.messages.clear();
        }
    }

    @Test
    void sendAndPoll_inSteadyState_allocateNothing() {
        Session session = opened();
        int[] received = {0};
        MessageHandler counting =
                new MessageHandler() {
                    @Override
                    public void onMessage(Session from, MemorySegment memory, long at, int length) {
                        received[0]++;
                    }

                    @Override
                    public void onClosed(Session closed) {}
                };
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int messages = 10_000;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(100);
            long allocated = 0;
            for (int round = 0; round < 3; round++) {
                allocated = threads.getCurrentThreadAllocatedBytes();
                for (int sent = 0; sent < messages; ) {
                    sent += session.send(memory, 0, 100) == Sent.SENT ? 1 : 0;
                    client.transport.poll(counting, 64);
                    server.transport.poll(counting, 64);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
            }
            // The smallest object has 16 bytes; what is left is Aeron's clockwork.
            assertThat(allocated).isLessThan(8L * messages);
        }
    }

    @Test
    void poll_limit_isKept() {
        Session session = opened();
        for (int count = 0; count < 10; count++) {
            assertThat(Mailbox.send(session, "m")).isEqualTo(Sent.SENT);
        }
        int[] before = {0};
        until(
                () -> {
                    server.transport.poll(server, 3);
                    int came = server.messages.size() - before[0];
                    before[0] = server.messages.size();
                    assertThat(came).isLessThanOrEqualTo(3);
                    return before[0] == 10;
                },
                client);
    }

    private void until(BooleanSupplier holds, Mailbox... polled) {
        bench.until(holds, polled);
    }

    @Test
    void poll_handlerThrows_comesOutAndTheMessageCounts() {
        Session session = opened();
        Mailbox.send(session, "bad");
        Mailbox.send(session, "good");
        server.onMessage =
                () -> {
                    if (server.messages.size() == 1) {
                        throw new IllegalStateException("of the handler");
                    }
                };

        assertThatThrownBy(() -> until(() -> server.messages.size() == 2))
                .hasMessage("of the handler");
        until(() -> server.messages.size() == 2);
        assertThat(server.text(1)).isEqualTo("good");
    }

    @Test
    void close_ofACaller_closesBothAfterWhatWasSent() {
        Session session = opened();
        Mailbox.send(session, "last");
        session.close();

        assertThat(session.state()).isEqualTo(State.CLOSED);
        assertThat(Mailbox.send(session, "later")).isEqualTo(Sent.CLOSED);
        until(() -> server.closed.size() == 1 && client.closed.size() == 1);
        assertThat(server.text(0)).isEqualTo("last");
        assertThat(server.closed.getFirst().state()).isEqualTo(State.CLOSED);
        assertThat(client.closed).containsExactly(session);
    }

    @Test
    void close_ofACallee_closesBothOnce() {
        Session session = opened();
        Mailbox.send(session, "hello");
        until(() -> server.sessions.size() == 1);
        server.sessions.getFirst().close();
        server.sessions.getFirst().close();

        until(() -> session.state() == State.CLOSED && server.closed.size() == 1);
        until(() -> client.closed.size() == 1);
        bench.rounds(100);
        assertThat(client.closed).containsExactly(session);
        assertThat(server.closed).hasSize(1);
    }

    @Test
    void close_ofATransport_closesTheOthersSessions() {
        Session session = opened();
        Mailbox.send(session, "hello");
        until(() -> server.sessions.size() == 1);
        server.transport.close();

        bench.until(() -> client.closed.size() == 1, client);
        assertThat(session.state()).isEqualTo(State.CLOSED);
        server.poll();
        assertThat(server.closed).containsExactly(server.sessions.getFirst());
        assertThat(
                        server.transport
                                .connect(
                                        client.transport.address().isEmpty()
                                                ? "aeron:127.0.0.1:9"
                                                : "")
                                .state())
                .isEqualTo(State.CLOSED);
    }

    @Test
    void close_fromWithinAHandler_closes() {
        Session session = opened();
        server.onMessage = server.transport::close;
        Mailbox.send(session, "stop");

        until(() -> client.closed.size() == 1);
        assertThat(server.messages).hasSize(1);
    }

    @Test
    void connect_toNobody_isClosedInTime() {
        Mailbox hasty =
                bench.add(
                        options().toBuilder()
                                .connectTimeoutNanos(TimeUnit.MILLISECONDS.toNanos(300))
                                .build());
        String address = server.transport.address();
        server.transport.close();
        Session session = hasty.transport.connect(address);

        bench.until(() -> hasty.closed.contains(session), hasty);
        assertThat(session.state()).isEqualTo(State.CLOSED);
        bench.rounds(100);
        assertThat(hasty.closed).hasSize(1);
    }

    @Test
    void connect_manySessions_areApart() {
        List<Session> sessions = new ArrayList<>();
        for (int count = 0; count < 40; count++) {
            sessions.add(client.transport.connect(server.transport.address()));
        }
        until(() -> sessions.stream().allMatch(each -> each.state() == State.OPEN));
        for (int count = 0; count < sessions.size(); count++) {
            Mailbox.send(sessions.get(count), "from " + count);
        }
        until(() -> server.messages.size() == sessions.size());
        assertThat(server.sessions).doesNotHaveDuplicates();
        for (int count = 0; count < sessions.size(); count++) {
            Mailbox.send(server.sessions.get(count), server.text(count));
        }
        until(() -> client.messages.size() == sessions.size());
        for (int count = 0; count < sessions.size(); count++) {
            int from = sessions.indexOf(client.sessions.get(count));
            assertThat(client.text(count)).isEqualTo("from " + from);
        }
    }

    @Test
    void connect_betweenListeners_worksBothWays() {
        Mailbox other = bench.listening();
        Session there = bench.open(other, server);
        Session back = bench.open(server, other);

        Mailbox.send(there, "there");
        Mailbox.send(back, "back");
        until(() -> server.messages.size() == 1 && other.messages.size() == 1);
        assertThat(server.text(0)).isEqualTo("there");
        assertThat(server.sessions.getFirst().peer()).isEqualTo(other.transport.address());
    }

    @Test
    void connect_toItself_works() {
        Session session = bench.open(server, server);
        Mailbox.send(session, "me");
        until(() -> server.messages.size() == 1);
        assertThat(server.sessions.getFirst()).isNotSameAs(session);
    }
}
