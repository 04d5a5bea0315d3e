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
import io.silkstone.simulation.settings.Odds;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.store.Agent;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.store.memory.HugePages;
import io.silkstone.threads.simulation.SimulatedRuntime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Clients, agents and an operator on the store of one node: every operation under every rule, times
 * of expiry, memory that fills up and is cleaned, tablets that are split. Replies reach clients
 * late, and some clients are gone before theirs comes.
 */
public final class StoreScenario implements Scenario {
    /** What files can tell it. */
    public static final ScenarioKind KIND =
            new ScenarioKind("store", StoreSettings.ALL, StoreSettings::check, StoreScenario::new);

    private static final long EPOCH_MILLIS = 1_800_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** What runs are meant to make happen; of which it shows when it does not. */
    static final Set<String> STEPS =
            Set.of(
                    "READ OK",
                    "READ NOT_FOUND",
                    "SCAN shown",
                    "SCAN not shown",
                    "WRITE OK",
                    "WRITE EXISTS",
                    "WRITE NOT_FOUND",
                    "WRITE WRONG_VERSION",
                    "REMOVE OK",
                    "REMOVE NOT_FOUND",
                    "REMOVE WRONG_VERSION",
                    "INCREMENT OK",
                    "INCREMENT NOT_A_NUMBER",
                    "EXPIRE OK",
                    "EXPIRE NOT_FOUND",
                    "client gone before the reply",
                    "refused for want of memory",
                    "tablet split");

    private final UnaryOperator<KvSession> sessions;
    private final Settings settings;

    /** Of the store as it is, without having been told anything. */
    public StoreScenario() {
        this(Settings.STANDARD);
    }

    private StoreScenario(Settings settings) {
        this(session -> session, settings);
    }

    /**
     * For planted bugs.
     *
     * @param sessions what is made of the store's sessions
     */
    StoreScenario(UnaryOperator<KvSession> sessions, Settings settings) {
        this.sessions = sessions;
        this.settings = settings;
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
    public Report play(long seed, Script script) {
        return new Run(new SplittableRandom(seed), script).play();
    }

    /** One run. */
    private final class Run {
        private final SplittableRandom random;
        private final Script script;
        private final SimulatedRuntime runtime;
        private final EpochClock clock;
        private final History history;
        private final Metrics metrics = new Metrics();
        private final Map<String, Long> coverage = new TreeMap<>();
        private final Filling filling =
                new Filling(
                        settings.get(WorkloadSettings.TEXT_SIZE),
                        settings.get(StoreSettings.FILLING_SIZE));
        private final Range messageTurns = settings.get(StoreSettings.MESSAGE_TURNS);
        private boolean splitting;
        private int clientsLeft;
        private long operations;

        Run(SplittableRandom random, Script script) {
            this.random = random;
            this.script = script;
            runtime = new SimulatedRuntime(random.split(), 2);
            clock = () -> EPOCH_MILLIS + runtime.clock().nanoTime() / NANOS_PER_MILLI;
            history = new History(clock::millis);
            script.keep(history);
            STEPS.forEach(step -> coverage.put(step, 0L));
        }

        Report play() {
            StoreOptions options =
                    StoreOptions.DEFAULTS
                            .withMemoryBytes(settings.get(StoreSettings.MEMORY_SIZE))
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
            Judgement judgement = Judgement.of(history);
            return new Report(
                    operations,
                    runtime.fingerprint(),
                    coverage,
                    judgement.violations(),
                    judgement.keys());
        }

        private void start(Store store) {
            int clients = settings.get(StoreSettings.CLIENTS).drawInt(random);
            int operations = settings.get(StoreSettings.OPERATIONS);
            List<String> keys =
                    ContendedWorkload.keys(
                            settings.get(StoreSettings.KEYS_TEXT),
                            settings.get(StoreSettings.KEYS_TEXT_WEIGHT),
                            settings.get(StoreSettings.KEYS_NUMBERS));
            for (int client = 0; client < clients; client++) {
                Chance chance = new Chance(random.split());
                Workload workload = new ContendedWorkload(client, keys, settings, chance);
                begin(store, client, workload, chance, operations);
            }
            if (settings.get(StoreSettings.FILLING).happens(random)) {
                int all = clients + settings.get(StoreSettings.FILLING_CLIENTS);
                int fillings = settings.get(StoreSettings.FILLING_OPERATIONS);
                int large = settings.get(StoreSettings.FILLING_KEYS);
                for (int client = clients; client < all; client++) {
                    Chance chance = new Chance(random.split());
                    Workload workload = new FillingWorkload(client, large, chance);
                    begin(store, client, workload, chance, fillings);
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
            int stepsMax = settings.get(StoreSettings.STEPS_MAX);
            if (runtime.steps() > stepsMax) {
                throw new IllegalStateException(
                        String.format(
                                "after %d steps %d clients have not ended", stepsMax, clientsLeft));
            }
        }

        private void begin(Store store, int client, Workload workload, Chance chance, int asked) {
            clientsLeft++;
            KvSession session = sessions.apply(store.openSession());
            StoreSubject subject =
                    new StoreSubject(
                            session, store.table(KvStore.DEFAULT_TABLE), filling, this::dawdle);
            spawn(() -> serve(client, subject, workload, chance, asked));
        }

        private void serve(
                int client, StoreSubject subject, Workload workload, Chance chance, int asked) {
            try (subject) {
                Odds scans = settings.get(StoreSettings.SCANS);
                boolean here = true;
                for (int count = 0; count < asked && here; count++) {
                    chance.next();
                    if (script.has("client %d, operation %03d".formatted(client, count))) {
                        if (workload.mayScan() && scans.happens(chance)) {
                            scan(client, subject, chance);
                        } else {
                            here = ask(client, subject, workload, chance);
                        }
                    }
                    pause(chance);
                }
                // A session ends under the store's monitor, which a split holds while it waits.
                while (splitting) {
                    runtime.yield();
                }
            } finally {
                clientsLeft--;
            }
        }

        /** One operation, from call to reply; false when the client is gone before it comes. */
        private boolean ask(int client, StoreSubject subject, Workload workload, Chance chance) {
            String key = workload.nextKey();
            Call call = workload.nextCall(key, clock.millis());
            History.Pending pending = history.called(client, key, call);
            operations++;
            linger(chance);
            Reply reply = subject.ask(key, call);
            linger(chance);
            if (reply.outcome() == Reply.Outcome.NO_EFFECT) {
                pending.hadNoEffect();
                count("refused for want of memory");
                return true;
            }
            if (settings.get(StoreSettings.CLIENT_GONE).happens(chance)) {
                count("client gone before the reply");
                history.note("client " + client + " is gone before the reply");
                return false;
            }
            pending.replied(reply);
            workload.told(key, reply);
            count(call.kind() + " " + reply.outcome());
            return true;
        }

        /**
         * Looks at everything. What is shown was there at some time since the beginning, and what
         * is not shown was at some time not there.
         */
        private void scan(int client, StoreSubject subject, Chance chance) {
            History.Moment since = history.now();
            operations++;
            Set<String> hidden = history.keys();
            subject.scan(
                    settings.get(StoreSettings.SCAN_OBJECTS).drawInt(chance),
                    (name, reply) -> {
                        history.told(client, name, since, reply);
                        hidden.remove(name);
                        count("SCAN shown");
                    });
            hidden.forEach(name -> history.told(client, name, since, Reply.notFound()));
            hidden.forEach(name -> count("SCAN not shown"));
        }

        /** A message on its way. */
        private void linger(Chance chance) {
            for (int turns = messageTurns.drawInt(chance); turns > 0; turns--) {
                runtime.yield();
            }
        }

        /** Within a batch, and now and then for so long that memory would be used again. */
        private void dawdle() {
            boolean dawdles = settings.get(StoreSettings.CLIENT_DAWDLES).happens(random);
            Range most = dawdles ? settings.get(StoreSettings.DAWDLE_TURNS) : messageTurns;
            for (int turns = most.drawInt(random); turns > 0; turns--) {
                runtime.yield();
            }
        }

        private void pause(Chance chance) {
            if (settings.get(StoreSettings.CLIENT_PAUSES).happens(chance)) {
                runtime.sleep(settings.get(StoreSettings.CLIENT_PAUSE).draw(chance));
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
            Chance chance = new Chance(random.split());
            int splits = settings.get(StoreSettings.SPLITS);
            for (int count = 0; count < splits && clientsLeft > 0; count++) {
                chance.next();
                runtime.sleep(settings.get(StoreSettings.SPLIT_PAUSE).draw(chance));
                long slot = chance.nextInt(1, Key.SLOTS);
                if (!script.has("split " + count)) {
                    continue;
                }
                splitting = true;
                try {
                    store.splitTablet(KvStore.DEFAULT_TABLE, slot << Key.SLOT_SHIFT);
                    count("tablet split");
                    history.note("a tablet is split at slot " + slot);
                } catch (StoreRefused e) {
                    throw new IllegalStateException(e);
                } finally {
                    splitting = false;
                }
            }
        }

        private void count(String what) {
            coverage.merge(what, 1L, Long::sum);
        }
    }
}
