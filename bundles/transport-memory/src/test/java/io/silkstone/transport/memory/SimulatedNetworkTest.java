package io.silkstone.transport.memory;

import static io.silkstone.api.threads.ThreadRuntime.NORMAL;
import static io.silkstone.transport.memory.TestNetwork.MICRO;
import static io.silkstone.transport.memory.TestNetwork.MILLI;
import static io.silkstone.transport.memory.TestNetwork.SECOND;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.State;
import io.silkstone.base.Metrics;
import io.silkstone.threads.simulation.SimulatedProcess;
import io.silkstone.threads.simulation.SimulatedRuntime;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Processes of a simulation that talk over the network, are killed and started again. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SimulatedNetworkTest {
    private static final Faults LAN = Faults.NONE.withDelay(10 * MICRO, 5 * MICRO);

    /** A server that answers and a client that asks, on a network of their own. */
    private static final class Cluster implements AutoCloseable {
        final SimulatedRuntime runtime;
        final MemoryNetwork network;
        final List<Long> tookNanos = new ArrayList<>();
        final StringBuilder trace = new StringBuilder();
        SimulatedProcess server;
        MemoryTransport serverTransport;

        Cluster(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            runtime = new SimulatedRuntime(random.split(), 1);
            network =
                    new MemoryNetwork(
                            runtime.clock(), random.split(), MemoryOptions.DEFAULTS, new Metrics());
            network.set(LAN);
            startServer();
        }

        void startServer() {
            server = runtime.process("server", 1);
            MemoryTransport transport = network.transport("memory:server");
            serverTransport = transport;
            SimulatedProcess process = server;
            server.attach(
                    core ->
                            new TransportPoller(
                                    process,
                                    transport,
                                    (session, number) -> TestNetwork.send(session, -number)));
        }

        void killServer() {
            server.kill();
            serverTransport.crash();
        }

        /** Asks {@code count} times, each time until there is an answer. */
        void ask(int count, long pauseNanos) {
            Asking asking = new Asking(this);
            runtime.attach(core -> new TransportPoller(runtime, asking.transport, asking));
            runtime.join(runtime.create(NORMAL, () -> asking.ask(count, pauseNanos)));
        }

        @Override
        public void close() {
            runtime.close();
            network.close();
            assertThat(network.messagesInMemory()).isZero();
        }
    }

    private interface Receiver {
        void received(Session session, long number);
    }

    /** A client that opens its session anew when it is lost. */
    private static final class Asking implements Receiver {
        private static final long PATIENCE = 5 * MILLI;

        final MemoryTransport transport;
        private final Cluster cluster;
        private Session session;
        private long answered;
        private long thread;

        Asking(Cluster cluster) {
            this.cluster = cluster;
            transport = cluster.network.transport("");
            session = transport.connect("memory:server");
        }

        void ask(int count, long pauseNanos) {
            SimulatedRuntime runtime = cluster.runtime;
            thread = runtime.self();
            for (long number = 1; number <= count; number++) {
                long began = runtime.clock().nanoTime();
                while (answered != -number) {
                    if (session.state() == State.CLOSED) {
                        session = transport.connect("memory:server");
                    }
                    TestNetwork.send(session, number);
                    runtime.sleep(PATIENCE);
                }
                cluster.tookNanos.add(runtime.clock().nanoTime() - began);
                cluster.trace.append(number).append('@').append(began).append(' ');
                runtime.sleep(pauseNanos);
            }
        }

        @Override
        public void received(Session from, long number) {
            answered = number;
            cluster.runtime.signal(thread);
        }
    }

    @Test
    void run_overALan_messagesArriveWhenTheyAreDueAtFewSteps() {
        try (Cluster cluster = new Cluster(1)) {
            int count = 200;
            cluster.ask(count, SECOND);
            List<Long> took = cluster.tookNanos.stream().sorted().toList();
            assertThat(took.getFirst()).isBetween(20 * MICRO, 30 * MICRO);
            assertThat(took.get(count / 2)).isBetween(27 * MICRO, 35 * MICRO);
            assertThat(cluster.runtime.steps() / count).isLessThan(20);
        }
    }

    @Test
    void run_serverIsKilledAndComesBack_isAskedAgain() {
        Set<String> traces = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            String trace = killed(seed);
            assertThat(killed(seed)).as("seed %d", seed).isEqualTo(trace);
            traces.add(trace);
        }
        assertThat(traces).hasSize(20);
    }

    private static String killed(long seed) {
        try (Cluster cluster = new Cluster(seed)) {
            SplittableRandom random = new SplittableRandom(seed);
            cluster.runtime.create(
                    NORMAL,
                    () -> {
                        for (int round = 0; round < 5; round++) {
                            cluster.runtime.sleep(random.nextLong(20 * MILLI));
                            cluster.killServer();
                            cluster.runtime.sleep(random.nextLong(20 * MILLI));
                            cluster.startServer();
                            cluster.runtime.sleep(random.nextLong(20 * MILLI));
                            cluster.server.pause(random.nextLong(20 * MILLI));
                        }
                    });
            cluster.ask(200, MILLI / 2);
            assertThat(cluster.tookNanos).hasSize(200);
            return cluster.trace + "/" + cluster.runtime.fingerprint();
        }
    }

    /** Polls a transport, and waits for it in simulated time. */
    private static final class TransportPoller implements CorePoller, MessageHandler {
        private final ThreadRuntime runtime;
        private final MemoryTransport transport;
        private final Receiver receiver;
        private final long thread;

        TransportPoller(ThreadRuntime runtime, MemoryTransport transport, Receiver receiver) {
            this.runtime = runtime;
            this.transport = transport;
            this.receiver = receiver;
            thread = runtime.self();
            transport.onSooner(this::wakeup);
        }

        @Override
        public int poll() {
            return transport.poll(this, 16);
        }

        @Override
        public long park(long nanosMax) {
            runtime.sleep(Math.min(nanosMax, transport.nanosToNext()));
            return 1;
        }

        @Override
        public void wakeup() {
            runtime.signal(thread);
        }

        @Override
        public void onMessage(Session session, MemorySegment memory, long offset, int length) {
            receiver.received(session, memory.get(JAVA_LONG, offset));
        }

        @Override
        public void onClosed(Session session) {}

        @Override
        public void handOver(CorePoller successor) {
            throw new AssertionError("a simulated core is never given back");
        }

        @Override
        public boolean isEmpty() {
            return true;
        }

        @Override
        public void close() {
            transport.close();
        }
    }
}
