package io.silkstone.simulation;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.Reply;
import io.silkstone.store.Agent;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.simulation.SimulatedRuntime;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Clients, agents and an operator on the store of one node: every operation under every rule, times
 * of expiry, memory that fills up and is cleaned, tablets that are split. Replies reach clients
 * late, and some clients are gone before theirs comes.
 */
public final class StoreScenario implements Scenario {
    private static final long EPOCH_MILLIS = 1_800_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int CLIENTS_MAX = 6;
    private static final int OPERATIONS_PER_CLIENT = 60;
    private static final int FILLINGS = 150;

    /** One run in so many fills its memory, which takes longer than all the rest. */
    private static final int FULL_ONE_IN = 4;

    private static final int SPLITS = 6;
    private static final long PAUSE_NANOS_MAX = 8 * NANOS_PER_MILLI;
    private static final int GONE_ONE_IN = 150;
    private static final int SLOW_ONE_IN = 20;
    private static final int SLOW_TURNS_MAX = 200;

    private static final long STEPS_MAX = 1_000_000;

    private final UnaryOperator<KvSession> sessions;
    private final long stepsMax;

    /** Of the store as it is. */
    public StoreScenario() {
        this(session -> session, STEPS_MAX);
    }

    /**
     * For planted bugs.
     *
     * @param sessions what is made of the store's sessions
     * @param stepsMax how long clients may take
     */
    StoreScenario(UnaryOperator<KvSession> sessions, long stepsMax) {
        this.sessions = sessions;
        this.stepsMax = stepsMax;
    }

    @Override
    public String name() {
        return "store";
    }

    @Override
    public String description() {
        return "clients, agents and an operator on the store of one node";
    }

    @Override
    public Report run(long seed) {
        return new Run(new SplittableRandom(seed)).play();
    }

    /** One run. */
    private final class Run {
        private final SplittableRandom random;
        private final SimulatedRuntime runtime;
        private final EpochClock clock;
        private final History history;
        private final Metrics metrics = new Metrics();
        private final Map<String, Long> coverage = new TreeMap<>();
        private int clientsLeft;
        private long operations;

        Run(SplittableRandom random) {
            this.random = random;
            runtime = new SimulatedRuntime(random.split(), 2);
            clock = () -> EPOCH_MILLIS + runtime.clock().nanoTime() / NANOS_PER_MILLI;
            history = new History(clock::millis);
        }

        Report play() {
            StoreOptions options =
                    StoreOptions.DEFAULTS
                            .withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN)
                            .withMemoryPrefaultBytes(0)
                            .withHugePages(HugePages.OFF);
            try (runtime;
                    Store store =
                            Store.open(
                                    options,
                                    runtime.clock(),
                                    clock,
                                    random.split(),
                                    metrics,
                                    attempt -> runtime.yield())) {
                start(store);
                while (runtime.step()) {
                    requireProgress();
                }
            }
            metrics.snapshot().stream()
                    .filter(each -> each.label().startsWith("store.cleaner"))
                    .forEach(each -> coverage.put(each.label(), each.value()));
            return new Report(
                    operations, runtime.fingerprint(), coverage, Judgement.violations(history));
        }

        private void start(Store store) {
            int clients = random.nextInt(2, CLIENTS_MAX + 1);
            for (int client = 0; client < clients; client++) {
                Workload workload = new ContendedWorkload(client, random.split());
                begin(store, client, workload, OPERATIONS_PER_CLIENT);
            }
            if (random.nextInt(FULL_ONE_IN) == 0) {
                // Two, so that one writes on while the other takes its time to read.
                for (int client = clients; client < clients + 2; client++) {
                    Workload workload = new FillingWorkload(client, random.split());
                    begin(store, client, workload, FILLINGS);
                }
            }
            for (Agent agent : store.agents()) {
                spawn(() -> drive(agent));
            }
            spawn(() -> split(store));
        }

        private void spawn(Runnable body) {
            runtime.create(ThreadRuntime.NORMAL, body);
        }

        /** Agents sleep and come again, so that a client that waits for ever is no deadlock. */
        private void requireProgress() {
            if (runtime.steps() > stepsMax) {
                throw new IllegalStateException(
                        String.format(
                                "after %d steps %d clients have not ended", stepsMax, clientsLeft));
            }
        }

        private void begin(Store store, int client, Workload workload, int asked) {
            clientsLeft++;
            KvSession session = sessions.apply(store.openSession());
            StoreSubject subject =
                    new StoreSubject(session, store.table(KvStore.DEFAULT_TABLE), this::dawdle);
            spawn(() -> serve(client, subject, workload, asked));
        }

        private void serve(int client, StoreSubject subject, Workload workload, int asked) {
            try (subject) {
                boolean here = true;
                for (int count = 0; count < asked && here; count++) {
                    here = ask(client, subject, workload);
                    pause();
                }
            } finally {
                clientsLeft--;
            }
        }

        /** One operation, from call to reply; false when the client is gone before it comes. */
        private boolean ask(int client, StoreSubject subject, Workload workload) {
            String key = workload.nextKey();
            Call call = workload.nextCall(key, clock.millis());
            History.Pending pending = history.called(client, key, call);
            operations++;
            linger();
            Reply reply = subject.ask(key, call);
            linger();
            if (reply.outcome() == Reply.Outcome.NO_EFFECT) {
                pending.hadNoEffect();
                count("refused for want of memory");
                return true;
            }
            if (random.nextInt(GONE_ONE_IN) == 0) {
                count("client gone before the reply");
                return false;
            }
            pending.replied(reply);
            workload.told(key, reply);
            count(call.kind() + " " + reply.outcome());
            return true;
        }

        /** A message on its way. */
        private void linger() {
            for (int turns = random.nextInt(4); turns > 0; turns--) {
                runtime.yield();
            }
        }

        /** Within a batch, and now and then for so long that memory would be used again. */
        private void dawdle() {
            int turnsMax = random.nextInt(SLOW_ONE_IN) == 0 ? SLOW_TURNS_MAX : 4;
            for (int turns = random.nextInt(turnsMax); turns > 0; turns--) {
                runtime.yield();
            }
        }

        private void pause() {
            if (random.nextInt(3) == 0) {
                runtime.sleep(1 + random.nextLong(PAUSE_NANOS_MAX));
            }
        }

        private void drive(Agent agent) {
            while (clientsLeft > 0) {
                if (agent.doWork() == 0) {
                    runtime.sleep(1 + random.nextLong(NANOS_PER_MILLI));
                } else {
                    runtime.yield();
                }
            }
        }

        private void split(Store store) {
            for (int count = 0; count < SPLITS && clientsLeft > 0; count++) {
                runtime.sleep(1 + random.nextLong(PAUSE_NANOS_MAX * 4));
                long slot = random.nextInt(1, Key.SLOTS);
                try {
                    store.splitTablet(KvStore.DEFAULT_TABLE, slot << Key.SLOT_SHIFT);
                    count("tablet split");
                } catch (StoreRefused e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        private void count(String what) {
            coverage.merge(what, 1L, Long::sum);
        }
    }
}
