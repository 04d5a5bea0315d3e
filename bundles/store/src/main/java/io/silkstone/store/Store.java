package io.silkstone.store;

import static io.silkstone.base.Checks.require;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.cleaner.Cleaner;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Copies;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Versions;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.results.Leases;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * The tables of one node: memory, log, hash tables, cleaner and sessions put together.
 *
 * <p>{@link #open} starts no thread. Whoever opens a store drives its {@link #agents}: without them
 * objects are found and changed all the same, but all cleaning is paid for by writers, objects that
 * expired or were cleared keep their memory until a writer lacks it, and first touches of memory
 * cost their time.
 *
 * <p>Operations on objects go through {@link StoreSession}; what is here is for operators, is rare,
 * and takes one lock.
 */
public final class Store implements KvStore, AutoCloseable {
    private static final Logger LOG = System.getLogger(Store.class.getName());
    private static final long[] NOTHING = {};

    /** The state of a tablet in {@link #tablets} whose objects are still coming. */
    public static final String FILLING = "filling";

    /** The state of a tablet in {@link #frozenTablets} of which nobody has copied anything yet. */
    public static final String FROZEN = "frozen";

    /** The state of one that another server has by now, for it copies it. */
    public static final String TAKEN = "taken";

    /** Slots of {@link Epochs} for agents and administrator. */
    private static final int AGENTS_MAX = 16;

    /**
     * Segments for survivors: one to fill, one for the time until readers leave what was cleaned.
     */
    private static final int CLEANER_SEGMENTS = 2;

    private final StoreOptions options;
    private final NanoClock nanoClock;
    private final EpochClock clock;
    private final RandomGenerator random;
    private final Backoff backoff;
    private final SegletPool pool;
    private final Epochs epochs;
    private final Cleaner cleaner;
    private final Versions versions = new Versions();
    private final LongAdder expired = new LongAdder();
    private final Log log;
    private final Leases leases;
    private final Tables tables;
    private final Sweeper sweeper;
    private final TabletGate gate;
    private final Admission admission;
    private final MemoryAhead memoryAhead;
    private final List<Agent> agents;
    private final LogKeeper keeper;
    private final Settlement settlement;
    private final StoreGauges gauges;
    private final Set<StoreSession> sessions = ConcurrentHashMap.newKeySet();

    private final Administration administration;
    private final AtomicLong versionMaxOfClosed = new AtomicLong();

    private volatile Runnable wakeUp = () -> {};
    private boolean closed;
    private boolean unmapped;

    private Store(
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics,
            Backoff backoff,
            KeptLog kept,
            LogKeeper keeper) {
        this.options = options;
        this.keeper = keeper;
        this.nanoClock = nanoClock;
        this.clock = clock;
        this.random = random;
        this.backoff = backoff;
        int slots = options.sessionsMax() + AGENTS_MAX;
        pool =
                new SegletPool(
                        options.memoryBytes(),
                        options.segmentBytes(),
                        CLEANER_SEGMENTS,
                        options.hugePages(),
                        backoff);
        epochs = new Epochs(slots);
        Copies copies = keeper == null ? Copies.NONE : keeper;
        long after = kept == null ? 0 : kept.newest();
        log = new Log(pool, epochs, versions, backoff, copies, after);
        settlement = new Settlement(log, keeper, new Checksum(pool), nanoClock, backoff);
        leases = new Leases(log, backoff);
        tables = new Tables(versions, clock, expired, leases, settlement);
        TabletSweep tabletSweep = new TabletSweep(tables, log, leases);
        sweeper = new Sweeper(tables, log, epochs, tabletSweep, this::replenish);
        gate = new TabletGate(epochs, slots, nanoClock, backoff);
        Expirer expirer = new Expirer(tables, log, epochs, clock, nanoClock);
        cleaner = new Cleaner(pool, log, epochs, tables, metrics, backoff);
        admission =
                new Admission(pool, epochs, cleaner, sweeper, expirer, metrics, nanoClock, backoff);
        memoryAhead = new MemoryAhead(pool, log, epochs, options.memoryPrefaultBytes());
        Agent cleaning = Agent.of("cleaner", cleaner::doWork);
        agents = List.of(memoryAhead, sweeper, expirer, cleaning);
        log.onDemand(() -> wakeUp.run());
        StoreSession administrator = new StoreSession(this, epochs.register(), random);
        administration = new Administration(this, tables, administrator, this::versionMax);
        administration.replenish();
        if (keeper != null) {
            keeper.begin(log, epochs);
        }
        gauges = gauges(metrics);
    }

    /**
     * Opens a store without objects.
     *
     * @throws IllegalStateException when the machine refuses the memory
     */
    public static Store open(
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics) {
        return open(options, nanoClock, clock, random, metrics, Backoff.YIELDING);
    }

    /** As the other, for threads that wait for each other by {@code backoff}. */
    public static Store open(
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics,
            Backoff backoff) {
        Store store = new Store(options, nanoClock, clock, random, metrics, backoff, null, null);
        store.administration.begin(options.tablets());
        return store;
    }

    /**
     * Opens a store whose log is kept, with all that is in {@code kept}. From now on {@code
     * keeper}, which the store closes at its end, has to be driven: until then nothing is settled.
     *
     * <p>When this fails, the files are as they were, and the keeper is closed.
     *
     * @param options with tombstones
     * @throws IOException when that cannot be read, or does not fit; the message is for operators
     */
    public static Store open(
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics,
            Backoff backoff,
            KeptLog kept,
            LogKeeper keeper)
            throws IOException {
        require(options.tombstones(), "a log that is kept needs tombstones");
        Store store = null;
        try {
            store = new Store(options, nanoClock, clock, random, metrics, backoff, kept, keeper);
            store.adopt(kept);
            return store;
        } catch (IOException | RuntimeException | Error e) {
            try {
                keeper.abandon();
            } finally {
                close(store, keeper);
            }
            throw e;
        }
    }

    /** The keeper with its store, if there is one. */
    private static void close(Store store, LogKeeper keeper) throws IOException {
        if (store == null) {
            keeper.close();
        } else {
            store.close();
        }
    }

    private void adopt(KeptLog kept) throws IOException {
        if (kept.isEmpty()) {
            administration.begin(options.tablets());
        } else {
            // First: whoever reads what is written from here on must know the tables.
            administration.begin(StoreNote.decode(kept.storeNote()));
            try (Adoption adoption = new Adoption(this, keeper, newSession())) {
                long objects = adoption.take(kept);
                LOG.log(Level.INFO, "{0} objects were in {1}", objects, keeper.path());
            }
        }
        keeper.release();
    }

    /** The background duties, to be driven by one thread, or each by one. */
    public List<Agent> agents() {
        return agents;
    }

    /**
     * Has {@code wakeUp} called when an operation leaves work that should not wait for the agents'
     * next round: when it has begun a segment of the log, so that there is less free memory, and
     * when it has cleared or dropped a table. Time leaves work too, so come round now and then
     * without it. Called from within operations: be cheap.
     */
    public void onDemand(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    /** Backs this much memory ahead of use by pages from now on. */
    public void prefault(long bytes) {
        memoryAhead.prefault(bytes);
    }

    /** One that has no tablets but those that it is given. */
    @Override
    public boolean isPart() {
        return options.tablets() == 0;
    }

    @Override
    public int valueBytesMax() {
        return options.valueBytesMax();
    }

    @Override
    public KvSession openSession() {
        return newSession();
    }

    private synchronized StoreSession newSession() {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
        if (sessions.size() == options.sessionsMax()) {
            throw new IllegalStateException(
                    String.format(
                            "all %d sessions are open; raise sessions.max", options.sessionsMax()));
        }
        RandomGenerator own = new SplittableRandom(random.nextLong());
        StoreSession session = new StoreSession(this, epochs.register(), own);
        sessions.add(session);
        return session;
    }

    /** Called by a session that closes. */
    synchronized void ended(StoreSession session) {
        versionMaxOfClosed.accumulateAndGet(session.versionMax(), Math::max);
        sessions.remove(session);
        epochs.unregister(session.slot());
        closePool();
    }

    @Override
    public Table createTable(String name, int tablets) throws StoreRefused {
        return administration.createTable(name, tablets);
    }

    /**
     * Creates a table that a coordinator has given its number and name. Nothing is in it, and none
     * of its hashes is owned, until {@link #takeTablet}. If it is there already, this is it.
     *
     * @throws StoreRefused when there is another table of that number or name, or memory is full
     */
    public Table adoptTable(int id, String name) throws StoreRefused {
        return administration.adoptTable(id, name);
    }

    @Override
    public void dropTable(String name) throws StoreRefused {
        administration.dropTable(name);
    }

    @Override
    public Table table(String name) {
        return tables.named(name);
    }

    /** The table with the number {@code id}, or null. */
    public Table table(int id) {
        return tables.numbered(id);
    }

    @Override
    public List<Table> tables() {
        return List.copyOf(tables.list());
    }

    @Override
    public List<Tablet> tablets() {
        return tablets(range -> range.owned);
    }

    private List<Tablet> tablets(Predicate<TabletRange> wanted) {
        List<Tablet> all = new ArrayList<>();
        for (TableData table : tables.list()) {
            for (TabletRange each : table.tablets()) {
                if (wanted.test(each)) {
                    all.add(
                            new Tablet(
                                    table.name(),
                                    each.firstHash,
                                    each.lastHash,
                                    "local",
                                    stateOf(each),
                                    each.epoch));
                }
            }
        }
        return all;
    }

    private static String stateOf(TabletRange range) {
        if (range.isFrozen()) {
            return range.isTaken() ? TAKEN : FROZEN;
        }
        if (range.incoming != null) {
            return FILLING;
        }
        return range.holder == null ? "normal" : "locked";
    }

    /** The ranges that are frozen, each in the state {@link #FROZEN} or {@link #TAKEN}. */
    public List<Tablet> frozenTablets() {
        return tablets(range -> range.isFrozen());
    }

    /**
     * The hashes of a table that are served here: pairs of a first and a last one, unsigned and
     * ascending, neighbours as one. The same array comes back until any tablet of the table comes,
     * goes or is cut; so two that are the same mean that all of it was served in between. Not to be
     * changed. Empty when there is no such table.
     */
    public long[] served(int tableId) {
        TableData table = tables.numbered(tableId);
        return table == null ? NOTHING : table.served();
    }

    /**
     * Serves a range of hashes from now on, in which nothing is yet. A tablet of just this range
     * that is there already gets the epoch and stays as it is otherwise.
     *
     * @param last highest hash, included; hashes are unsigned
     * @throws StoreRefused when there is no such table; some of the range is a tablet already, or
     *     all of it in a later epoch; what a dropped tablet held there is not removed yet, see
     *     {@link #isVacant}; the range does not end at borders of slots where it must; or the table
     *     is busy for seconds
     */
    public void takeTablet(int tableId, long first, long last, long epoch) throws StoreRefused {
        administration.takeTablet(tableId, first, last, epoch);
    }

    /**
     * Keeps a vacant range free for a tablet that is to come from another server.
     *
     * @throws StoreRefused as {@link #takeTablet}
     */
    public Reservation reserveTablet(int tableId, long first, long last) throws StoreRefused {
        return administration.reserveTablet(tableId, first, last);
    }

    /**
     * Serves the tablet of just this range no longer, or thaws it if it was frozen, and keeps what
     * it holds for the time when it is a tablet again.
     *
     * @throws StoreRefused when there is no such tablet, or the table is busy for seconds
     */
    public Reservation reserveAgain(int tableId, long first, long last) throws StoreRefused {
        return administration.reserveAgain(tableId, first, last);
    }

    /** A way to fill reserved ranges from logs of servers that are no more. */
    public TabletRecovery openRecovery() {
        return new TabletRecovery(this);
    }

    /** No other log is needed any more for what is in the tablet of just this range. */
    public void dependsOnNobody(int tableId, long first, long last) {
        TableData table = tables.numbered(tableId);
        TabletRange range = table == null ? null : table.tabletOf(first);
        if (range != null && range.is(first, last)) {
            range.dependsOnNobody();
        }
    }

    /** The mark of all that was appended by now, see {@link #isSettled}. */
    public long mark() {
        return settlement.markOfAll();
    }

    /** Whether what has this mark is settled. */
    public boolean isSettled(long mark) {
        return settlement.isSettled(mark);
    }

    /** Longest step of the log; a copy of a segment is no longer. */
    public int segmentBytes() {
        return log.segmentBytes();
    }

    /** See {@link Reservation#fill}. */
    void fill(TableData table, TabletRange reserved, long epoch, Incoming incoming)
            throws StoreRefused {
        administration.fill(table, reserved, epoch, incoming);
    }

    /** See {@link Reservation#drop}. */
    void dropReserved(TableData table, TabletRange reserved) throws StoreRefused {
        administration.dropReserved(table, reserved);
    }

    /** Whether objects of a table may be here that are not served any more. */
    public boolean hasRemains(int tableId) {
        TableData table = tables.numbered(tableId);
        return table != null && table.isDeparting();
    }

    /** Whether {@code hash} belongs to a tablet of this store. */
    public boolean owns(int tableId, long hash) {
        TableData table = tables.numbered(tableId);
        return table != null && table.owns(hash);
    }

    /** Whether any tablet of a table is on its way here or from here. */
    public boolean isMoving(int tableId) {
        TableData table = tables.numbered(tableId);
        return table != null && table.isMoving();
    }

    /**
     * Nothing comes any more to the tablet of just this range, if it is filling: what is not there
     * is nowhere. As long as the table is busy that is tried again by the caller.
     */
    public void endFilling(int tableId, long first, long last) throws StoreRefused {
        administration.endFilling(tableId, first, last);
    }

    /**
     * Serves the tablet of just this range no longer, but keeps all that is in it, so that {@link
     * #openReader} shows it, until {@link #dropTablet}, or until {@link #takeTablet} makes it a
     * tablet again. One that is frozen already stays so.
     *
     * @throws StoreRefused when there is no such tablet of that epoch, it is filling, or the table
     *     is busy for seconds
     */
    public void freezeTablet(int tableId, long first, long last, long epoch) throws StoreRefused {
        administration.freezeTablet(tableId, first, last, epoch);
    }

    /**
     * Keeps in mind what is changed from now on in a tablet that is served, so that somebody can
     * copy it meanwhile by {@link #openReader}; until it is not the same tablet any more, it is
     * cleared, or {@link #forgetChanges}. When the tablet is frozen that remains as it is.
     *
     * @param server who copies it
     * @param number which of its copies this is; a later one has a higher number
     * @return by which to ask for what was changed; the same again, when that copy was begun before
     * @throws StoreRefused when there is no such tablet, it is filling, frozen or copied by another
     *     server, or the table is busy for seconds
     */
    public long recordChanges(Place place, long server, long number) throws StoreRefused {
        return administration.recordChanges(place, server, number);
    }

    /** What {@link #recordChanges} returned {@code record} for is given up. */
    public void forgetChanges(Place place, long record) {
        administration.forgetChanges(place, record);
    }

    /** See {@link Cleaner#hasten}. */
    public void hastenCleaner() {
        cleaner.hasten();
    }

    /** A way to what frozen tablets hold, for one thread. */
    public TabletReader openReader() {
        return new TabletReader(this, newSession());
    }

    /** A session of its own for what comes to a tablet. */
    StoreSession openReplaySession() {
        return newSession();
    }

    /**
     * Serves a range of hashes no longer. Once this has returned, no operation shows or changes an
     * object of the range; changes under way were made before, or answer NOT_OWNER. The objects and
     * the results of requests on them are removed by the agents, bit by bit. Of a range that is not
     * owned, or only in part, the rest stays as it is.
     *
     * @throws StoreRefused when there is no such table, the range does not end at borders of slots
     *     where it must, or the table is busy for seconds
     */
    public void dropTablet(int tableId, long first, long last) throws StoreRefused {
        administration.dropTablet(tableId, first, last);
    }

    /**
     * As {@link #dropTablet}, but only if there is no object in the range; one step for all others.
     * Takes as long as a look at the whole table, during which nobody can use it.
     *
     * @return whether it is not served here any more
     * @throws StoreRefused as {@link #dropTablet}
     */
    public boolean dropTabletIfEmpty(int tableId, long first, long last) throws StoreRefused {
        return administration.dropTabletIfEmpty(tableId, first, last);
    }

    /**
     * Whether a range can be taken: none of it is owned, and nothing is left of what dropped
     * tablets held there.
     */
    public boolean isVacant(int tableId, long first, long last) {
        return administration.isVacant(tableId, first, last);
    }

    @Override
    public void splitTablet(String name, long hash) throws StoreRefused {
        administration.splitTablet(name, hash);
    }

    @Override
    public Usage usage() {
        long indexes = 0;
        for (TableData table : tables.all()) {
            indexes += table.indexBytes();
        }
        return new Usage(
                pool.capacity(),
                pool.capacity() - pool.freeBytes(),
                log.liveBytes(),
                log.segmentsBytes(),
                indexes,
                objects());
    }

    /**
     * What is served here, see {@link Census}. Takes some milliseconds.
     *
     * @throws IllegalStateException when the store is closed, or all sessions are open
     */
    @Override
    public List<TabletLoad> loads() {
        return loads(table -> true);
    }

    /** As the other, of {@code tables} only, by their numbers. */
    public List<TabletLoad> loads(IntPredicate tables) {
        StoreSession session = newSession();
        try {
            return new Census(this, session, backoff).take(tables);
        } finally {
            session.close();
        }
    }

    /** About how many operations the sessions that are open have been asked for. */
    public long operations() {
        return sessions.stream().mapToLong(session -> session.samples.operations()).sum();
    }

    /** Shows what sessions have worked on lately. */
    void showLoad(LoadSamples.Visitor visitor) {
        sessions.forEach(session -> session.samples.show(visitor));
    }

    /** Every lease that has requests remembered, in no order; see {@link KvSession#once}. */
    public long[] leases() {
        return leases.ids();
    }

    /**
     * Forgets all requests of {@code lease} and their results. For leases that have ended: a change
     * that is asked for again afterwards is made again. One that is under way ends as it would, and
     * is not remembered.
     */
    public void forgetLease(long lease) {
        administration.forgetLease(lease);
    }

    private long objects() {
        long sum = 0;
        for (TableData table : tables.all()) {
            sum += table.objects();
        }
        return sum;
    }

    /**
     * Ends the store and gives its memory back; for sessions that are still open it stays until
     * they close. Agents must be at rest for good.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        gauges.close();
        settlement.close();
        administration.close();
    }

    private void closePool() {
        if (closed && !unmapped && sessions.isEmpty()) {
            unmapped = true;
            pool.close();
        }
    }

    /**
     * As {@link KvSession#clear}, but only if what is served of the table is what {@code expected}
     * says of {@link #served}: one step for all others.
     *
     * @return NOT_OWNER when it is not; UNKNOWN when it is cleared, and that is not settled
     */
    public Status clearIf(Table table, Predicate<long[]> expected) {
        if (settlement.isFailing()) {
            return Status.DISK_FAILED;
        }
        StoreSession session = newSession();
        try {
            session.enter();
            Status status;
            try {
                status = administration.clear(session, (TableData) table, expected);
            } finally {
                session.exit();
            }
            return status == Status.OK ? session.settle() : status;
        } finally {
            session.close();
        }
    }

    /** See {@link KvSession#clear}. */
    Status clear(StoreSession session, TableData table) {
        return administration.clear(session, table);
    }

    private long versionMax() {
        long most = 0;
        for (StoreSession session : sessions) {
            most = Math.max(most, session.versionMax());
        }
        // Last, for a session counts here before it leaves the set.
        return Math.max(most, versionMaxOfClosed.get());
    }

    SegletPool pool() {
        return pool;
    }

    Epochs epochs() {
        return epochs;
    }

    Log log() {
        return log;
    }

    TabletGate gate() {
        return gate;
    }

    Settlement settlement() {
        return settlement;
    }

    Backoff backoff() {
        return backoff;
    }

    /** The table with the number {@code id}, if there is one that was not dropped; or null. */
    TableData tableData(int id) {
        return tables.numbered(id);
    }

    /** Every table, by name. */
    List<TableData> tableList() {
        return tables.list();
    }

    Leases leaseTable() {
        return leases;
    }

    Admission admission() {
        return admission;
    }

    private void replenish() {
        administration.replenish();
    }

    /** Has agents woken, see {@link #onDemand}. */
    void wakeUp() {
        wakeUp.run();
    }

    /** Not while there is somebody to keep the log who does not: then nobody ever reads it. */
    boolean writesTombstones() {
        return options.tombstones() && (keeper == null || keeper.isNeeded());
    }

    NanoClock nanoClock() {
        return nanoClock;
    }

    long nowMillis() {
        return clock.millis();
    }

    void countExpired() {
        expired.increment();
    }

    private StoreGauges gauges(MetricRegistry metrics) {
        return new StoreGauges(metrics)
                .add(StoreMetrics.OBJECTS, this::objects)
                .add(StoreMetrics.MEMORY_CAPACITY, pool::capacity)
                .add(StoreMetrics.MEMORY_ALLOCATED, () -> usage().allocated())
                .add(StoreMetrics.MEMORY_TOUCHED, pool::touchedBytes)
                .add(StoreMetrics.LOG_LIVE, log::liveBytes)
                .add(StoreMetrics.LOG_USED, log::segmentsBytes)
                .add(StoreMetrics.TABLES, () -> usage().hashTables())
                .add(StoreMetrics.EXPIRED, expired::sum)
                .add(StoreMetrics.LEASES, leases::count)
                .add(StoreMetrics.SESSIONS, sessions::size);
    }
}
