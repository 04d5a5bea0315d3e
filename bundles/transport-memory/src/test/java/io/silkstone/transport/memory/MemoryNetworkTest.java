package io.silkstone.transport.memory;

import static io.silkstone.transport.memory.TestNetwork.MICRO;
import static io.silkstone.transport.memory.TestNetwork.MILLI;
import static io.silkstone.transport.memory.TestNetwork.SECOND;
import static io.silkstone.transport.memory.TestNetwork.send;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.api.transport.Session.State;
import io.silkstone.transport.memory.TestNetwork.Node;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each thing that can go wrong does when it is set, and only then. */
@Timeout(60)
class MemoryNetworkTest {
    private static final int MANY = 2_000;

    private final TestNetwork wire = new TestNetwork(7);
    private final Node server = wire.node("memory:1");
    private final Node other = wire.node("memory:2");
    private final Node client = wire.node("");

    @AfterEach
    void everythingIsReleased() {
        wire.close();
        assertThat(wire.network.messagesInMemory()).isZero();
        assertThat(wire.count(MemoryMetrics.SENT) + wire.count(MemoryMetrics.DUPLICATED))
                .isEqualTo(wire.count(MemoryMetrics.DELIVERED) + wire.count(MemoryMetrics.LOST));
    }

    /** Sends {@code MANY} messages, 10 us apart, and waits until all is quiet. */
    private Session sendMany() {
        Session session = wire.open(client, server);
        for (long number = 1; number <= MANY; number++) {
            send(session, number);
            wire.run(10 * MICRO);
        }
        wire.run(60 * SECOND);
        return session;
    }

    private static List<Long> upTo(long most) {
        return LongStream.rangeClosed(1, most).boxed().toList();
    }

    @Test
    void set_nothing_nothingGoesWrong() {
        Session session = sendMany();
        assertThat(server.got).isEqualTo(upTo(MANY));
        assertThat(session.state()).isEqualTo(State.OPEN);
        for (MemoryMetrics metric : MemoryMetrics.values()) {
            long expected =
                    switch (metric) {
                        case SENT, DELIVERED -> MANY;
                        case CONNECTED -> 1;
                        default -> 0;
                    };
            assertThat(wire.count(metric)).as(metric.label()).isEqualTo(expected);
        }
    }

    @Test
    void set_delay_isKeptAndSoIsTheOrder() {
        wire.network.set(Faults.NONE.withDelay(100 * MICRO, 50 * MICRO));
        Session session = wire.open(client, server);
        List<Long> took = new ArrayList<>();
        for (long number = 1; number <= 500; number++) {
            final long sentAt = wire.now;
            send(session, number);
            wire.run(5 * MILLI);
            took.add(server.gotAt.getLast() - sentAt);
        }
        assertThat(server.got).isEqualTo(upTo(500));
        assertThat(took).allMatch(nanos -> nanos >= 100 * MICRO).anyMatch(n -> n > 200 * MICRO);
        double mean = took.stream().mapToLong(nanos -> nanos).average().orElseThrow();
        assertThat(mean).isBetween(140.0 * MICRO, 160.0 * MICRO);

        server.got.clear();
        LongStream.rangeClosed(1, 200).forEach(number -> send(session, number));
        wire.run(SECOND);
        assertThat(server.got).isEqualTo(upTo(200));
        assertThat(wire.count(MemoryMetrics.REORDERED)).isZero();
    }

    @Test
    void set_loss_losesThatShare() {
        Session session = wire.open(client, server);
        wire.network.set(Faults.NONE.withLoss(0.1));
        sendOn(session);
        assertThat(server.got).hasSizeBetween(MANY * 85 / 100, MANY * 95 / 100).isSorted();
        assertThat(wire.count(MemoryMetrics.LOST)).isEqualTo(MANY - server.got.size());
        assertThat(session.state()).isEqualTo(State.OPEN);
    }

    private void sendOn(Session session) {
        for (long number = 1; number <= MANY; number++) {
            send(session, number);
            wire.run(10 * MICRO);
        }
        wire.run(SECOND);
    }

    @Test
    void set_duplication_bringsThatShareTwice() {
        wire.network.set(Faults.NONE.withDelay(20 * MICRO, 0).withDuplication(0.1));
        sendMany();
        assertThat(server.got).hasSizeBetween(MANY * 105 / 100, MANY * 115 / 100);
        assertThat(new HashSet<>(server.got)).hasSize(MANY);
        assertThat(wire.count(MemoryMetrics.DUPLICATED)).isEqualTo(server.got.size() - MANY);
        assertThat(wire.count(MemoryMetrics.REORDERED)).isZero();
    }

    @Test
    void set_reordering_letsOthersOvertake() {
        wire.network.set(Faults.NONE.withDelay(20 * MICRO, 0).withReordering(0.1, 100 * MICRO));
        sendMany();
        assertThat(server.got).hasSize(MANY).doesNotHaveDuplicates();
        assertThat(server.got.stream().sorted().toList()).isEqualTo(upTo(MANY));
        long inversions = 0;
        long highest = 0;
        for (long number : server.got) {
            inversions += number < highest ? 1 : 0;
            highest = Math.max(highest, number);
        }
        assertThat(inversions).isPositive();
        assertThat(wire.count(MemoryMetrics.REORDERED)).isEqualTo(inversions);
    }

    @Test
    void set_refusal_isFullAlthoughThereIsRoom() {
        Session session = wire.open(client, server);
        wire.network.set(Faults.NONE.withRefusal(0.5));
        Set<Sent> sent = new HashSet<>();
        for (int number = 0; number < 50; number++) {
            sent.add(send(session, number));
            wire.settle();
        }
        assertThat(sent).containsExactlyInAnyOrder(Sent.SENT, Sent.FULL);
        assertThat(server.got).hasSize(50 - (int) wire.count(MemoryMetrics.FULL));
    }

    @Test
    void set_breakage_closesBothSidesAtDifferentTimes() {
        Session session = wire.open(client, server);
        send(session, 1);
        wire.settle();
        wire.network.set(Faults.NONE.withBreakage(1));
        assertThat(send(session, 2)).isEqualTo(Sent.SENT);
        Set<String> seen = new HashSet<>();
        while (session.state() == State.OPEN || server.last.state() == State.OPEN) {
            seen.add(session.state() + "-" + server.last.state());
            wire.run(MILLI / 10);
        }
        assertThat(seen).hasSize(2);
        assertThat(client.closed).containsExactly(session);
        assertThat(server.closed).containsExactly(server.last);
        assertThat(server.got).containsExactly(1L);
        assertThat(wire.count(MemoryMetrics.BROKEN)).isOne();
    }

    @Test
    void breakage_messagesUnderWay_arriveUpToSomeMoment() {
        Set<Integer> arrived = new HashSet<>();
        for (int round = 0; round < 20; round++) {
            wire.network.set(Faults.NONE.withDelay(MILLI, MILLI));
            Session session = wire.open(client, server);
            server.got.clear();
            for (long number = 1; number <= 20; number++) {
                send(session, number);
                wire.now += MILLI / 10;
            }
            wire.network.set(Faults.NONE.withBreakage(1));
            send(session, 21);
            wire.run(SECOND);
            assertThat(server.got).isEqualTo(upTo(server.got.size()));
            arrived.add(server.got.size());
        }
        assertThat(arrived).hasSizeGreaterThan(5);
    }

    @Test
    void linkSet_holdsForThatDirectionUntilReset() {
        Session session = wire.open(client, server);
        server.answers = true;
        Link back = wire.network.link("memory:1", client.transport.name());
        back.set(Faults.NONE.withLoss(1));
        send(session, 1);
        wire.run(SECOND);
        assertThat(server.got).containsExactly(1L);
        assertThat(client.got).isEmpty();
        back.reset();
        assertThat(back.faults()).isEqualTo(Faults.NONE);
        send(session, 2);
        wire.run(SECOND);
        assertThat(client.got).containsExactly(-2L);
    }

    @Test
    void linkCut_oneDirection_messagesVanishAndTheSessionStaysOpen() {
        wire.network.set(Faults.NONE.withDelay(MILLI, 0));
        Session session = wire.open(client, server);
        server.answers = true;
        Link there = wire.network.link(client.transport.name(), "memory:1");
        send(session, 1);
        there.cut();
        send(session, 2);
        wire.run(100 * SECOND);
        assertThat(server.got).isEmpty();
        assertThat(session.state()).isEqualTo(State.OPEN);
        assertThat(client.closed).isEmpty();
        there.mend();
        send(session, 3);
        wire.run(SECOND);
        assertThat(client.got).containsExactly(-3L);
        assertThat(wire.count(MemoryMetrics.CUT)).isOne();
        assertThat(wire.count(MemoryMetrics.LOST)).isEqualTo(2);
    }

    @Test
    void partition_bothDirections_leavesTheRestAlone() {
        Session across = wire.open(server, other);
        Session beside = wire.open(client, other);
        wire.network.partition(List.of("memory:1"), List.of("memory:2", "memory:3"));
        send(across, 1);
        send(beside, 2);
        wire.run(SECOND);
        assertThat(other.got).containsExactly(2L);
        assertThat(other.transport.connect("memory:1").state()).isEqualTo(State.CONNECTING);
        wire.run(2 * SECOND);
        assertThat(other.closed).hasSize(1);
        wire.network.heal();
        send(across, 3);
        wire.run(SECOND);
        assertThat(other.got).containsExactly(2L, 3L);
    }

    @Test
    void isolate_cutsOffFromAllWhoComeLaterToo() {
        wire.network.isolate("memory:1");
        Node late = wire.node("memory:late");
        Session session = late.transport.connect("memory:1");
        Session itself = server.transport.connect("memory:1");
        wire.run(2 * SECOND);
        assertThat(session.state()).isEqualTo(State.CLOSED);
        assertThat(itself.state()).isEqualTo(State.OPEN);
        wire.network.rejoin("memory:1");
        assertThat(wire.open(late, server).state()).isEqualTo(State.OPEN);
    }

    @Test
    void close_duringAPartition_isHeardWhenItIsOver() {
        Session session = wire.open(client, server);
        send(session, 1);
        wire.settle();
        wire.network.isolate("memory:1");
        session.close();
        wire.run(100 * SECOND);
        assertThat(server.last.state()).isEqualTo(State.OPEN);
        assertThat(send(server.last, 2)).isEqualTo(Sent.SENT);
        wire.network.heal();
        wire.run(SECOND);
        assertThat(server.closed).containsExactly(server.last);
        assertThat(client.got).isEmpty();
    }

    @Test
    void slow_deliveriesToThatPlaceTakeLonger() {
        wire.network.set(Faults.NONE.withDelay(MILLI, 0));
        Session session = wire.open(client, server);
        server.answers = true;
        wire.network.slow("memory:1", 20);
        final long sentAt = wire.now;
        send(session, 1);
        wire.run(SECOND);
        assertThat(server.gotAt).containsExactly(sentAt + 20 * MILLI);
        assertThat(client.gotAt).containsExactly(sentAt + 21 * MILLI);
    }

    @Test
    void crash_othersHearLaterAndOldSessionsNeverReachTheNextOne() {
        List<Long> heardAfter = new ArrayList<>();
        for (int round = 0; round < 40; round++) {
            Node crashing = wire.node("memory:3");
            Session session = wire.open(client, crashing);
            send(session, 1);
            wire.settle();
            send(session, 2);
            final long crashedAt = wire.now;
            crashing.transport.crash();
            Node next = wire.node("memory:3");
            assertThat(session.state()).isEqualTo(State.OPEN);
            assertThat(send(session, 3)).isEqualTo(Sent.SENT);
            while (session.state() == State.OPEN) {
                wire.run(MILLI);
            }
            heardAfter.add(wire.now - crashedAt);
            assertThat(client.closed).containsOnlyOnce(session);
            assertThat(crashing.got).containsExactly(1L);
            assertThat(crashing.closed).isEmpty();
            assertThat(send(crashing.last, 4)).isEqualTo(Sent.CLOSED);
            Session again = wire.open(client, next);
            send(again, 5);
            wire.settle();
            assertThat(next.got).containsExactly(5L);
            next.transport.crash();
        }
        assertThat(heardAfter)
                .anyMatch(nanos -> nanos <= 51 * MILLI)
                .anyMatch(nanos -> nanos > SECOND)
                .allMatch(nanos -> nanos <= 10 * SECOND + MILLI);
        assertThat(wire.count(MemoryMetrics.CRASHED)).isEqualTo(80);
    }

    @Test
    void crash_whatItHadSent_arrivesInPart() {
        Set<Integer> arrived = new HashSet<>();
        wire.network.set(Faults.NONE.withDelay(MILLI, 0));
        for (int round = 0; round < 20; round++) {
            Node crashing = wire.node("memory:3");
            Session session = wire.open(crashing, server);
            server.got.clear();
            for (long number = 1; number <= 10; number++) {
                send(session, number);
                wire.now += MILLI / 20;
            }
            crashing.transport.crash();
            wire.run(20 * SECOND);
            assertThat(server.got).isEqualTo(upTo(server.got.size()));
            arrived.add(server.got.size());
        }
        assertThat(arrived).hasSizeGreaterThan(3);
    }

    @Test
    void crash_withinAHandler_takesTheMessageAway() {
        Session session = wire.open(client, server);
        send(session, 1);
        send(session, 2);
        List<Long> seen = new ArrayList<>();
        server.transport.poll(
                new MessageHandler() {
                    @Override
                    public void onMessage(
                            Session from, MemorySegment memory, long offset, int length) {
                        server.transport.crash();
                        seen.add(memory.get(JAVA_LONG, offset));
                    }

                    @Override
                    public void onClosed(Session closed) {
                        throw new AssertionError("the dead are not told");
                    }
                },
                10);
        assertThat(seen).containsExactly(0xA5A5A5A5_A5A5A5A5L);
        assertThat(server.transport.isOpen()).isFalse();
        wire.run(20 * SECOND);
        assertThat(client.closed).containsExactly(session);
    }

    @Test
    void crash_ofACaller_forgetsItsLinks() {
        String name = client.transport.name();
        wire.open(client, server);
        client.transport.crash();
        assertThatThrownBy(() -> wire.network.link(name, "memory:1"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void slow_notAFactor_isRefused() {
        assertThatThrownBy(() -> wire.network.slow("memory:1", 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Faults.NONE.withLoss(1.5))
                .hasMessage("loss must be from 0 to 1, was 1.5");
        assertThatThrownBy(() -> MemoryOptions.DEFAULTS.withMessageBytesMax(0))
                .hasMessageContaining("messageBytesMax");
    }

    @Test
    void seed_same_givesTheSameTraceAndAnotherOneAnother() {
        Set<String> traces = new HashSet<>();
        for (long seed = 0; seed < 10; seed++) {
            String trace = trace(seed);
            assertThat(trace(seed)).as("seed %d", seed).isEqualTo(trace);
            traces.add(trace);
        }
        assertThat(traces).hasSize(10);
    }

    /** Everything goes wrong; who heard what when. */
    private static String trace(long seed) {
        try (TestNetwork wire = new TestNetwork(seed)) {
            Node a = wire.node("memory:a");
            Node b = wire.node("memory:b");
            Session session = wire.open(a, b);
            wire.network.set(
                    Faults.NONE
                            .withDelay(10 * MICRO, 20 * MICRO)
                            .withLoss(0.05)
                            .withDuplication(0.05)
                            .withReordering(0.05, MILLI)
                            .withRefusal(0.02)
                            .withBreakage(0.005));
            StringBuilder trace = new StringBuilder();
            b.answers = true;
            for (long number = 1; number <= 500; number++) {
                if (send(session, number) == Sent.CLOSED) {
                    session = a.transport.connect("memory:b");
                }
                if (number == 250) {
                    b.transport.crash();
                    b = wire.node("memory:b");
                }
                wire.run(10 * MICRO);
                trace.append(session.state());
            }
            wire.run(20 * SECOND);
            wire.metrics.snapshot().forEach(trace::append);
            return trace.append(a.got).append(a.gotAt).append(b.got).append(b.gotAt).toString();
        }
    }
}
