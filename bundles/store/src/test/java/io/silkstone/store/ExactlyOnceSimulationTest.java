package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.simulation.SimulatedRuntime;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients whose every request reaches the store several times, by several sessions at once, while
 * memory is full, tablets are split and the cleaner runs: each request has one effect and one
 * answer.
 */
@Timeout(120)
class ExactlyOnceSimulationTest {
    private static final int SESSIONS = 4;
    private static final int CLIENTS = 3;
    private static final int REQUESTS_AT_ONCE = 8;
    private static final int COUNTERS = 5;
    private static final int FILLING_BYTES = 40_000;
    private static final int FILLING_KEYS = 1_000;
    private static final int FILLINGS = 1_500;
    private static final long CLIENT_PAUSE_NANOS = 200_000;
    private static final long STEPS_MAX = 5_000_000;

    /** What the next session to come by asks; several copies of it are on their way. */
    private record Request(int client, long number, long firstUnanswered, int counter) {}

    private final Map<Long, String> answers = new HashMap<>();
    private final List<Request> onTheirWay = new ArrayList<>();
    private final long[] expected = new long[COUNTERS];
    private boolean filled;
    private int repeated;
    private int clientsLeft = CLIENTS;
    private SplittableRandom random;
    private SimulatedRuntime runtime;
    private KvStore.Table table;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void requests_thatComeSeveralTimesAtOnce_areDoneOnce(long seed) {
        random = new SplittableRandom(seed);
        Metrics metrics = new Metrics();
        StoreOptions options =
                StoreFixture.SMALL.withHugePages(HugePages.OFF).withTombstones(seed % 2 == 0);
        try (SimulatedRuntime simulated = new SimulatedRuntime(random.split(), 2);
                Store store =
                        Store.open(
                                options,
                                simulated.clock(),
                                () -> 1,
                                random.split(),
                                metrics,
                                attempt -> simulated.yield())) {
            runtime = simulated;
            table = store.table(KvStore.DEFAULT_TABLE);
            List<KvSession> sessions = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                long lease = client;
                spawn(() -> ask((int) lease));
            }
            for (int number = 0; number < SESSIONS; number++) {
                KvSession session = store.openSession();
                sessions.add(session);
                spawn(() -> serve(session));
            }
            KvSession filling = store.openSession();
            sessions.add(filling);
            spawn(() -> fill(filling));
            for (Agent agent : store.agents()) {
                spawn(() -> drive(agent));
            }
            spawn(() -> split(store));
            while (runtime.step()) {
                assertThat(runtime.steps()).as("seed " + seed).isLessThan(STEPS_MAX);
            }
            requireSums(sessions.getFirst(), seed);
            sessions.forEach(KvSession::close);
            assertThat(store.leases()).hasSize(CLIENTS + 1);
            for (int client = 0; client <= CLIENTS; client++) {
                store.forgetLease(client);
            }
            assertThat(store.leases()).isEmpty();
            assertThat(repeated).as("answers given again, seed " + seed).isPositive();
            long moved = metrics.counter(CleanerMetrics.MOVED).get();
            assertThat(moved).as("bytes moved, seed " + seed).isPositive();
        }
    }

    private void spawn(Runnable body) {
        runtime.create(ThreadRuntime.NORMAL, body);
    }

    /**
     * Has some requests on their way at a time, each several times, until all are answered. Ends
     * with the filling.
     */
    private void ask(int client) {
        long first = 1;
        long next = 1;
        while (!filled || first < next) {
            while (first < next && answers.containsKey(idOf(client, first))) {
                first++;
            }
            if (!filled && next < first + REQUESTS_AT_ONCE) {
                int counter = random.nextInt(COUNTERS);
                expected[counter] += next;
                for (int copies = 1 + random.nextInt(3); copies > 0; copies--) {
                    onTheirWay.add(new Request(client, next, first, counter));
                }
                next++;
            }
            runtime.sleep(1 + random.nextLong(CLIENT_PAUSE_NANOS));
        }
        clientsLeft--;
    }

    private static long idOf(int client, long number) {
        return client * 1_000_000L + number;
    }

    private void serve(KvSession session) {
        while (clientsLeft > 0) {
            if (onTheirWay.isEmpty()) {
                runtime.sleep(1 + random.nextLong(10_000));
                continue;
            }
            Request request = onTheirWay.remove(random.nextInt(onTheirWay.size()));
            session.enter();
            linger();
            session.once(request.client, request.number, request.firstUnanswered, 0);
            Status status = perform(session, request);
            String answer = status + " " + session.version() + " " + session.number();
            linger();
            session.exit();
            if (status == Status.RETRY_LATER || status == Status.OUT_OF_MEMORY) {
                onTheirWay.add(request);
                runtime.yield();
            } else if (status != Status.STALE_REQUEST) {
                assertThat(status).isEqualTo(Status.OK);
                String before = answers.put(idOf(request.client, request.number), answer);
                repeated += before == null ? 0 : 1;
                assertThat(before == null || before.equals(answer)).isTrue();
            } else {
                assertThat(answers).containsKey(idOf(request.client, request.number));
            }
        }
    }

    /** Counters are numbers; each is incremented alone. */
    private Status perform(KvSession session, Request request) {
        Key key = new Key().wrap(("counter" + request.counter).getBytes(UTF_8));
        return session.increment(table, key, request.number, new WriteOptions());
    }

    /** Fills memory and churns in it, by batches of one lease that come twice. */
    private void fill(KvSession session) {
        MemorySegment value = MemorySegment.ofArray(new byte[FILLING_BYTES]);
        WriteBatch batch = new WriteBatch();
        WriteOptions options = new WriteOptions();
        for (int number = 1; number <= FILLINGS; number++) {
            Key key = new Key().wrap(("filling" + random.nextInt(FILLING_KEYS)).getBytes(UTF_8));
            batch.clear();
            batch.write(key, value, 0, 1 + random.nextInt(FILLING_BYTES), options);
            long version = 0;
            for (int time = 0; time < 2; time++) {
                session.enter();
                session.once(CLIENTS, number, number, 0);
                Status status = session.writeAll(table, batch);
                assertThat(status).isIn(Status.OK, Status.RETRY_LATER, Status.OUT_OF_MEMORY);
                if (status == Status.OK) {
                    assertThat(version).isIn(0L, batch.version(0));
                    version = batch.version(0);
                } else {
                    assertThat(version).isZero();
                    session.remove(table, key, options);
                }
                session.exit();
                runtime.yield();
            }
        }
        filled = true;
    }

    private void drive(Agent agent) {
        while (clientsLeft > 0) {
            if (agent.doWork() == 0) {
                runtime.sleep(1 + random.nextLong(100_000));
            } else {
                runtime.yield();
            }
        }
    }

    private void split(Store store) {
        while (clientsLeft > 0) {
            runtime.sleep(1 + random.nextLong(1_000_000));
            try {
                long slot = random.nextInt(1, Key.SLOTS);
                store.splitTablet(KvStore.DEFAULT_TABLE, slot << Key.SLOT_SHIFT);
            } catch (io.silkstone.api.store.StoreRefused e) {
                // Sessions may be too busy for it; another split comes.
                runtime.yield();
            }
        }
    }

    private void linger() {
        for (int turns = random.nextInt(4); turns > 0; turns--) {
            runtime.yield();
        }
    }

    private void requireSums(KvSession session, long seed) {
        for (int counter = 0; counter < COUNTERS; counter++) {
            Key key = new Key().wrap(("counter" + counter).getBytes(UTF_8));
            session.enter();
            Status status = session.increment(table, key, 0, new WriteOptions());
            if (expected[counter] > 0) {
                assertThat(status).as("seed " + seed).isEqualTo(Status.OK);
                assertThat(session.number()).as("seed " + seed).isEqualTo(expected[counter]);
            }
            session.exit();
        }
    }
}
