package io.silkstone.store;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.store.cleaner.Cleaner;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.index.PoolLines;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Versions;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.results.Leases;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

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
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,255}");
    private static final int TABLETS_MAX = Key.SLOTS;
    private static final long[] NOTHING = {};
    private static final long SLOT_MASK = (1L << Key.SLOT_SHIFT) - 1;
    private static final long LOCK_NANOS_MAX = 10_000_000_000L;

    /** Versions of a tablet begin above its epoch, shifted by this. */
    private static final int EPOCH_VERSION_SHIFT = 40;

    /** Slots of {@link Epochs} for agents and administrator. */
    private static final int AGENTS_MAX = 16;

    /**
     * Segments for survivors: one to fill, one for the time until readers leave what was cleaned.
     */
    private static final int CLEANER_SEGMENTS = 2;

    private final StoreOptions options;
    private final EpochClock clock;
    private final RandomGenerator random;
    private final Backoff backoff;
    private final SegletPool pool;
    private final Epochs epochs;
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
    private final List<AutoCloseable> gauges = new ArrayList<>();
    private final Set<StoreSession> sessions = ConcurrentHashMap.newKeySet();

    /** Locks tables and tablets for operators; not one of the sessions, and writes nothing. */
    private final StoreSession administrator;

    private final AtomicLong versionMaxOfClosed = new AtomicLong();

    /** For clearing a table when memory is so full that there is none for an empty one. */
    private final AtomicReference<HashTable> spareIndex = new AtomicReference<>();

    private volatile Runnable wakeUp = () -> {};
    private int lastTableId;
    private boolean closed;
    private boolean unmapped;

    private Store(
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics,
            Backoff backoff) {
        this.options = options;
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
        log = new Log(pool, epochs, versions, backoff);
        leases = new Leases(log, backoff);
        tables = new Tables(versions, clock, expired, leases);
        TabletSweep tabletSweep = new TabletSweep(tables, log, leases);
        sweeper = new Sweeper(tables, log, epochs, tabletSweep, this::replenish);
        gate = new TabletGate(epochs, slots, nanoClock, backoff);
        Expirer expirer = new Expirer(tables, log, epochs, clock, nanoClock);
        Cleaner cleaner = new Cleaner(pool, log, epochs, tables, metrics, backoff);
        admission =
                new Admission(pool, epochs, cleaner, sweeper, expirer, metrics, nanoClock, backoff);
        memoryAhead = new MemoryAhead(pool, log, epochs, options.memoryPrefaultBytes());
        Agent cleaning = Agent.of("cleaner", cleaner::doWork);
        agents = List.of(memoryAhead, sweeper, expirer, cleaning);
        log.onDemand(() -> wakeUp.run());
        administrator = new StoreSession(this, epochs.register(), random);
        replenish();
        addTable(lastTableId + 1, DEFAULT_TABLE, options.tablets());
        registerGauges(metrics);
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
        return new Store(options, nanoClock, clock, random, metrics, backoff);
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
    public synchronized Table createTable(String name, int tablets) throws StoreRefused {
        requireFree(name);
        refuseUnless(
                tablets >= 1 && tablets <= TABLETS_MAX && Integer.bitCount(tablets) == 1,
                "a table has 1, 2, 4 ... %d tablets, not %d",
                TABLETS_MAX,
                tablets);
        return requireMemory(addTable(lastTableId + 1, name, tablets));
    }

    /**
     * Creates a table that a coordinator has given its number and name. Nothing is in it, and none
     * of its hashes is owned, until {@link #takeTablet}. If it is there already, this is it.
     *
     * @throws StoreRefused when there is another table of that number or name, or memory is full
     */
    public synchronized Table adoptTable(int id, String name) throws StoreRefused {
        refuseUnless(
                id >= 1 && id <= Entry.TABLE_ID_MAX,
                "a table's number is 1 to %d, not %d",
                Entry.TABLE_ID_MAX,
                id);
        TableData present = tables.withId(id);
        if (present != null && present == tables.named(name)) {
            return present;
        }
        refuseUnless(
                present == null || present.index() != null,
                "table %d was dropped and its memory is being reclaimed; try again in a moment",
                id);
        refuseUnless(present == null, "there is a table of number %d already", id);
        requireFree(name);
        return requireMemory(addTable(id, name, 0));
    }

    private void requireFree(String name) throws StoreRefused {
        refuseUnless(
                NAME.matcher(name).matches(),
                "a table's name has 1 to 255 characters of A-Z a-z 0-9 . _ -, unlike '%s'",
                name);
        refuseUnless(tables.named(name) == null, "there is a table called %s already", name);
    }

    private static TableData requireMemory(TableData table) throws StoreRefused {
        refuseUnless(table != null, "there is no memory for a table; remove objects first");
        return table;
    }

    private TableData addTable(int id, String name, int tablets) {
        HashTable index = newIndex();
        if (index == null) {
            return null;
        }
        lastTableId = Math.max(lastTableId, id);
        TableData table = new TableData(this, id, name, index, tablets);
        tables.add(table);
        return table;
    }

    private HashTable newIndex() {
        return HashTable.open(new PoolLines(pool), backoff);
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
    public synchronized void dropTable(String name) throws StoreRefused {
        TableData table = existing(name);
        refuseUnless(!DEFAULT_TABLE.equals(name), "the table %s cannot be dropped", name);
        withTableClosed(
                table,
                () -> {
                    tables.drop(table);
                    table.replaceIndex(null);
                    table.depart();
                });
        wakeUp.run();
    }

    @Override
    public List<Table> tables() {
        return List.copyOf(tables.list());
    }

    @Override
    public List<Tablet> tablets() {
        List<Tablet> all = new ArrayList<>();
        for (TableData table : tables.list()) {
            for (TabletRange each : table.tablets()) {
                if (each.owned) {
                    all.add(
                            new Tablet(
                                    table.name(),
                                    each.firstHash,
                                    each.lastHash,
                                    "local",
                                    each.holder == null ? "normal" : "locked",
                                    each.epoch));
                }
            }
        }
        return all;
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
    public synchronized void takeTablet(int tableId, long first, long last, long epoch)
            throws StoreRefused {
        TableData table = existing(tableId);
        requireRange(table, first, last);
        for (TabletRange each : table.tablets()) {
            boolean same = each.firstHash == first && each.lastHash == last;
            if (each.owned && same) {
                refuseUnless(
                        each.epoch <= epoch,
                        "%016x to %016x of the table %s is a tablet of epoch %d, which is after %d",
                        first,
                        last,
                        table.name(),
                        each.epoch,
                        epoch);
                withTableClosed(table, () -> table.renew(each, epoch));
                return;
            }
            refuseUnless(
                    !each.owned || !each.overlaps(first, last),
                    "some of %016x to %016x of the table %s is a tablet already",
                    first,
                    last,
                    table.name());
        }
        refuseUnless(
                isVacant(tableId, first, last),
                "what was in %016x to %016x of the table %s is being removed; try again in a"
                        + " moment",
                first,
                last,
                table.name());
        // Whoever had the range before gave versions of an earlier epoch: those here are higher.
        versions.raiseAbove(epoch << EPOCH_VERSION_SHIFT);
        withTableClosed(table, () -> table.take(first, last, epoch));
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
    public synchronized void dropTablet(int tableId, long first, long last) throws StoreRefused {
        TableData table = existing(tableId);
        requireRange(table, first, last);
        withTableClosed(
                table,
                () -> {
                    // As in clear: a key that comes back here must not repeat a version.
                    versions.raiseAbove(versionMax());
                    table.leave(first, last);
                });
        wakeUp.run();
    }

    /**
     * As {@link #dropTablet}, but only if there is no object in the range; one step for all others.
     * Takes as long as a look at the whole table, during which nobody can use it.
     *
     * @return whether it is not served here any more
     * @throws StoreRefused as {@link #dropTablet}
     */
    public synchronized boolean dropTabletIfEmpty(int tableId, long first, long last)
            throws StoreRefused {
        TableData table = existing(tableId);
        requireRange(table, first, last);
        boolean[] dropped = new boolean[1];
        withTableClosed(
                table,
                () -> {
                    if (isEmpty(table, first, last)) {
                        versions.raiseAbove(versionMax());
                        table.leave(first, last);
                        dropped[0] = true;
                    }
                });
        wakeUp.run();
        return dropped[0];
    }

    private boolean isEmpty(TableData table, long first, long last) {
        TabletRange range = TabletRange.vacant(first, last);
        boolean[] found = new boolean[1];
        long cursor = 0;
        do {
            cursor =
                    table.index()
                            .scan(
                                    cursor,
                                    entry -> {
                                        long hash = Entry.keyHash(entry);
                                        found[0] |=
                                                range.overlaps(hash, hash)
                                                        && !Entry.isExpired(entry, nowMillis());
                                    });
        } while (cursor != 0 && !found[0]);
        return !found[0];
    }

    /**
     * Whether a range can be taken: none of it is owned, and nothing is left of what dropped
     * tablets held there.
     */
    public boolean isVacant(int tableId, long first, long last) {
        TableData table = tables.withId(tableId);
        if (table == null) {
            return true;
        }
        boolean vacant = true;
        for (TabletRange each : table.tablets()) {
            vacant &= !each.overlaps(first, last) || !each.owned && !each.isLeaving();
        }
        return vacant;
    }

    private static void requireRange(TableData table, long first, long last) throws StoreRefused {
        refuseUnless(
                Long.compareUnsigned(first, last) <= 0,
                "a range of hashes from %016x to %016x is none",
                first,
                last);
        refuseUnless(
                !DEFAULT_TABLE.equals(table.name())
                        || (first & SLOT_MASK) == 0 && (last & SLOT_MASK) == SLOT_MASK,
                "%016x to %016x are no whole slots, and the table %s is cut between slots only",
                first,
                last,
                table.name());
    }

    /** Has {@code change} made while all sessions are kept out of {@code table}. */
    private void withTableClosed(TableData table, Runnable change) throws StoreRefused {
        administrator.enter();
        try {
            refuseUnless(
                    gate.closeTable(administrator, table, LOCK_NANOS_MAX),
                    "the table %s is busy; try again",
                    table.name());
            change.run();
            gate.open(administrator, table, null);
        } finally {
            administrator.exit();
        }
    }

    @Override
    public synchronized void splitTablet(String name, long hash) throws StoreRefused {
        TableData table = existing(name);
        refuseUnless(
                !DEFAULT_TABLE.equals(name) || (hash & SLOT_MASK) == 0,
                "%016x is not the first hash of a slot, and the table %s is cut between slots only",
                hash,
                name);
        refuseUnless(table.owns(hash), "another server has %016x of the table %s", hash, name);
        if (table.tabletOf(hash).firstHash == hash) {
            return;
        }
        administrator.enter();
        try {
            TabletRange tablet = gate.closeTablet(administrator, table, hash, LOCK_NANOS_MAX);
            refuseUnless(tablet != null, "the tablet is busy; try again");
            table.split(tablet, hash);
            gate.open(administrator, table, tablet);
        } finally {
            administrator.exit();
        }
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

    /** Every lease that has requests remembered, in no order; see {@link KvSession#once}. */
    public long[] leases() {
        return leases.ids();
    }

    /**
     * Forgets all requests of {@code lease} and their results. For leases that have ended: a change
     * that is asked for again afterwards is made again. One that is under way ends as it would, and
     * is not remembered.
     */
    public synchronized void forgetLease(long lease) {
        administrator.enter();
        try {
            leases.forget(lease);
        } finally {
            administrator.exit();
        }
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
        for (AutoCloseable gauge : gauges) {
            try {
                gauge.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        administrator.close();
    }

    private void closePool() {
        if (closed && !unmapped && sessions.isEmpty()) {
            unmapped = true;
            pool.close();
        }
    }

    /**
     * {@link KvSession#clear} for {@code session}, which is in a batch. An exchange of hash tables
     * behind a closed gate; the {@link Sweeper} sees to the old one.
     */
    Status clear(StoreSession session, TableData table) {
        HashTable fresh = newIndex();
        if (fresh == null) {
            fresh = spareIndex.getAndSet(null);
        }
        if (fresh == null) {
            return Status.RETRY_LATER;
        }
        boolean mine = gate.closeTable(session, table, LOCK_NANOS_MAX);
        boolean exists = table.index() != null;
        if (mine && exists) {
            // All versions given so far are those of sessions that are kept out now.
            versions.raiseAbove(versionMax());
            table.replaceIndex(fresh);
        } else {
            fresh.close();
        }
        if (mine) {
            gate.open(session, table, null);
            wakeUp.run();
        }
        if (!exists) {
            return Status.NO_SUCH_TABLE;
        }
        return mine ? Status.OK : Status.RETRY_LATER;
    }

    /** The sweeper has given memory back. */
    private void replenish() {
        if (spareIndex.get() == null) {
            HashTable spare = newIndex();
            if (spare != null && !spareIndex.compareAndSet(null, spare)) {
                spare.close();
            }
        }
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

    Leases leaseTable() {
        return leases;
    }

    Admission admission() {
        return admission;
    }

    boolean writesTombstones() {
        return options.tombstones();
    }

    long nowMillis() {
        return clock.millis();
    }

    void countExpired() {
        expired.increment();
    }

    private TableData existing(String name) throws StoreRefused {
        TableData table = tables.named(name);
        refuseUnless(table != null, "there is no table called %s", name);
        return table;
    }

    private TableData existing(int id) throws StoreRefused {
        TableData table = tables.withId(id);
        refuseUnless(table != null && table.index() != null, "there is no table of number %d", id);
        return table;
    }

    private static void refuseUnless(boolean holds, String message, Object... arguments)
            throws StoreRefused {
        if (!holds) {
            throw new StoreRefused(String.format(message, arguments));
        }
    }

    private void registerGauges(MetricRegistry metrics) {
        gauge(metrics, StoreMetrics.OBJECTS, this::objects);
        gauge(metrics, StoreMetrics.MEMORY_CAPACITY, pool::capacity);
        gauge(metrics, StoreMetrics.MEMORY_ALLOCATED, () -> usage().allocated());
        gauge(metrics, StoreMetrics.MEMORY_TOUCHED, pool::touchedBytes);
        gauge(metrics, StoreMetrics.LOG_LIVE, log::liveBytes);
        gauge(metrics, StoreMetrics.LOG_USED, log::segmentsBytes);
        gauge(metrics, StoreMetrics.TABLES, () -> usage().hashTables());
        gauge(metrics, StoreMetrics.EXPIRED, expired::sum);
        gauge(metrics, StoreMetrics.LEASES, leases::count);
        gauge(metrics, StoreMetrics.SESSIONS, sessions::size);
    }

    private void gauge(MetricRegistry metrics, StoreMetrics descriptor, LongSupplier value) {
        gauges.add(metrics.gauge(descriptor, value));
    }
}
