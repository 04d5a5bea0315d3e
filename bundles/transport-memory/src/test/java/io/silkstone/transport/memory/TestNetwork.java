package io.silkstone.transport.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.api.transport.Session.State;
import io.silkstone.base.Metrics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A network whose time a test moves, and transports that note what they are shown. */
final class TestNetwork implements AutoCloseable {
    static final long MICRO = 1_000;
    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000_000_000;

    private static final int SETTLE_ROUNDS_MAX = 100_000;

    /** Shortly before the clock's numbers become negative, as System.nanoTime may. */
    long now = Long.MAX_VALUE - MILLI;

    final Metrics metrics = new Metrics();
    final MemoryNetwork network;
    private final List<Node> nodes = new ArrayList<>();

    TestNetwork(long seed) {
        this(seed, MemoryOptions.DEFAULTS);
    }

    TestNetwork(long seed, MemoryOptions options) {
        network = new MemoryNetwork(() -> now, new SplittableRandom(seed), options, metrics);
    }

    Node node(String address) {
        Node node = new Node(network.transport(address));
        nodes.add(node);
        return node;
    }

    /** Polls everybody until nothing is left to do at this moment. */
    void settle() {
        boolean worked = true;
        for (int round = 0; worked; round++) {
            if (round == SETTLE_ROUNDS_MAX) {
                throw new AssertionError("it never ends");
            }
            worked = false;
            for (Node node : nodes) {
                worked |= node.transport.poll(node, 10) > 0;
            }
        }
    }

    /** As time goes on: from one moment at which something happens to the next. */
    void run(long nanos) {
        long end = now + nanos;
        settle();
        while (true) {
            long wait = end - now;
            for (Node node : nodes) {
                wait = Math.min(wait, node.transport.nanosToNext());
            }
            if (wait <= 0) {
                return;
            }
            now += wait;
            settle();
        }
    }

    /** A session that is open on both sides; the other side is the last one that was {@code to}. */
    Session open(Node from, Node to) {
        Session session = from.transport.connect(to.transport.address());
        run(10 * SECOND);
        if (session.state() != State.OPEN) {
            throw new AssertionError(session + " should be open");
        }
        return session;
    }

    long count(MemoryMetrics metric) {
        return metrics.counter(metric).get();
    }

    @Override
    public void close() {
        network.close();
    }

    static Sent send(Session session, long number) {
        MemorySegment memory = MemorySegment.ofArray(new long[] {-1, number, -1});
        return session.send(memory, 8, 8);
    }

    /** Notes what it is shown; answers if it is told to. */
    final class Node implements MessageHandler {
        final MemoryTransport transport;
        final List<Long> got = new ArrayList<>();
        final List<Long> gotAt = new ArrayList<>();
        final List<Session> closed = new ArrayList<>();
        Session last;
        boolean answers;

        Node(MemoryTransport transport) {
            this.transport = transport;
        }

        @Override
        public void onMessage(Session session, MemorySegment memory, long offset, int length) {
            if (!memory.isNative() || (memory.address() + offset) % 8 != 0 || offset % 8 != 0) {
                throw new AssertionError("the message lies badly");
            }
            last = session;
            got.add(length < 8 ? memory.get(JAVA_BYTE, offset) : memory.get(JAVA_LONG, offset));
            gotAt.add(now);
            if (answers) {
                TestNetwork.send(session, -got.getLast());
            }
        }

        @Override
        public void onClosed(Session session) {
            closed.add(session);
        }
    }
}
