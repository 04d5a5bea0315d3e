package io.silkstone.simulation.cluster;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.coordinator.CoordinatorOptions;
import io.silkstone.coordinator.journal.JournalOptions;
import io.silkstone.simulation.Filling;
import io.silkstone.simulation.Script;
import io.silkstone.simulation.StoreSubject;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.transport.memory.Faults;
import io.silkstone.transport.memory.MemoryMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * A cluster and its clients in which nothing goes wrong, to count what operations cost: messages,
 * and the turns that threads take. The same seed and the same calls give the same counts. One
 * thread, the one that made it.
 */
public final class CalmCluster implements AutoCloseable {
    private static final long MILLI = 1_000_000;
    private static final int KEYS = 1_000;
    private static final int VALUE_BYTES = 200;
    private static final long DELAY_NANOS_MIN = 5_000;
    private static final long DELAY_NANOS_MAX = 20_000;
    private static final long STEPS_MAX = 50_000_000;

    private final World world;
    private final SplittableRandom random;
    private final Counter messages;
    private final SimulatedCoordinator coordinator;
    private final List<SimulatedServer> servers = new ArrayList<>();
    private final List<Asking> clients = new ArrayList<>();
    private int busy;

    /**
     * What a while of it took.
     *
     * @param messages how many were sent, by whomever
     * @param steps how often a thread got its turn
     * @param nanos how long it was, by the simulation's clock
     */
    public record Cost(long messages, long steps, long nanos) {}

    /** Starts it; every key has been written, and every client knows every server. */
    public CalmCluster(long seed, int servers, int clients) {
        world =
                new World(
                        new SplittableRandom(seed),
                        Parts.GENUINE,
                        Script.none(),
                        Settings.STANDARD);
        random = world.random().split();
        messages = world.metrics().counter(MemoryMetrics.SENT);
        world.network().set(Faults.NONE.withDelay(DELAY_NANOS_MIN, DELAY_NANOS_MAX));
        coordinator =
                new SimulatedCoordinator(
                        world,
                        CoordinatorOptions.DEFAULT.withServersFirst(servers),
                        JournalOptions.DEFAULT,
                        (before, after) -> {});
        coordinator.start();
        for (int number = 1; number <= servers; number++) {
            SimulatedServer server =
                    new SimulatedServer(
                            world, number, List.of(SimulatedCoordinator.ADDRESS), false);
            this.servers.add(server);
            server.start();
        }
        for (int number = 0; number < clients; number++) {
            this.clients.add(new Asking(number));
        }
        this.clients.forEach(client -> begin(client, client::fill));
        runWhile(() -> busy > 0);
    }

    /** One client, which asks for one thing after the other. */
    private final class Asking {
        private final SimulatedClient client;
        private StoreSubject subject;

        private Asking(int number) {
            client =
                    new SimulatedClient(
                            world, "client-" + number, List.of(SimulatedCoordinator.ADDRESS));
        }

        private void fill() {
            KvStore.Table table = null;
            while (table == null) {
                client.process().sleep(10 * MILLI);
                table = client.store().table(KvStore.DEFAULT_TABLE);
            }
            Filling filling = new Filling(VALUE_BYTES, VALUE_BYTES);
            subject = new StoreSubject(client.store().openSession(), table, filling, () -> {});
            for (int number = 0; number < KEYS; number++) {
                check(subject.ask(key(number), Call.write("value")));
            }
        }

        private void ask(int operations) {
            for (int count = 0; count < operations; count++) {
                Call call = count % 2 == 0 ? Call.read() : Call.write("value");
                check(subject.ask(key(random.nextInt(KEYS)), call));
            }
        }

        private static String key(int number) {
            return "key-" + number;
        }

        private static void check(Reply reply) {
            if (reply.outcome() != Reply.Outcome.OK) {
                throw new IllegalStateException("a calm cluster answered " + reply);
            }
        }
    }

    /** Lets {@code nanos} pass in which nobody asks. */
    public Cost rest(long nanos) {
        long end = world.runtime().clock().nanoTime() + nanos;
        return run(() -> world.runtime().clock().nanoTime() - end < 0);
    }

    /**
     * Has each client read and write so many random keys, in turn.
     *
     * @throws IllegalStateException when one of the answers is not as it has to be
     */
    public Cost ask(int operationsPerClient) {
        clients.forEach(client -> begin(client, () -> client.ask(operationsPerClient)));
        return run(() -> busy > 0);
    }

    private void begin(Asking client, Runnable task) {
        busy++;
        client.client
                .process()
                .create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            task.run();
                            busy--;
                        });
    }

    private Cost run(BooleanSupplier condition) {
        long messagesBefore = messages.get();
        long stepsBefore = world.runtime().steps();
        long nanosBefore = world.runtime().clock().nanoTime();
        runWhile(condition);
        return new Cost(
                messages.get() - messagesBefore,
                world.runtime().steps() - stepsBefore,
                world.runtime().clock().nanoTime() - nanosBefore);
    }

    private void runWhile(BooleanSupplier condition) {
        long stepsMax = world.runtime().steps() + STEPS_MAX;
        while (condition.getAsBoolean()) {
            world.runtime().step();
            if (world.runtime().steps() > stepsMax) {
                throw new IllegalStateException("nothing has come of " + STEPS_MAX + " steps");
            }
        }
    }

    @Override
    public void close() {
        clients.forEach(each -> each.client.kill());
        servers.stream().filter(SimulatedServer::isRunning).forEach(SimulatedServer::kill);
        if (coordinator.isRunning()) {
            coordinator.kill();
        }
        world.close();
    }
}
