package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.index.PoolLines;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Versions;
import io.silkstone.store.results.Leases;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What operators and the coordinator change: which tables there are, and what of them this store
 * serves. Rare, and one at a time.
 *
 * <p>Where the log is kept, each change is noted in it before anybody can rely on it: a new table
 * before it can be found, everything else while the table is closed to all sessions. Whoever made
 * it waits until that is settled, but keeps nobody from anything meanwhile.
 */
final class Administration implements AutoCloseable {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,255}");
    private static final int TABLETS_MAX = Key.SLOTS;
    private static final long SLOT_MASK = (1L << Key.SLOT_SHIFT) - 1;
    private static final long LOCK_NANOS_MAX = 10_000_000_000L;

    /** Versions of a tablet begin above its epoch, shifted by this. */
    private static final int EPOCH_VERSION_SHIFT = 40;

    private final Store store;
    private final Tables tables;
    private final TabletGate gate;
    private final Versions versions;
    private final Leases leases;
    private final Settlement settlement;
    private final LongSupplier versionMax;

    /** Locks tables and tablets; not one of the sessions, and changes no object. */
    private final StoreSession administrator;

    /** For clearing a table when memory is so full that there is none for an empty one. */
    private final AtomicReference<HashTable> spareIndex = new AtomicReference<>();

    private final AtomicBoolean changing = new AtomicBoolean();
    private volatile int lastTableId;

    /** Of the {@link ChangedHashes} that were begun last. */
    private long lastRecord;

    /** See {@link #since()}. */
    private long since;

    /** Whether anything was given up that may be in the log since {@link #since}. */
    private boolean hasGivenUp;

    /** A table that nobody can find yet, and that must be noted already; null for none. */
    private volatile TableData coming;

    /**
     * Of no tables yet.
     *
     * @param administrator closed with this
     * @param versionMax the highest version that any session gave
     */
    Administration(
            Store store, Tables tables, StoreSession administrator, LongSupplier versionMax) {
        this.store = store;
        this.tables = tables;
        this.administrator = administrator;
        this.versionMax = versionMax;
        gate = store.gate();
        versions = store.log().versions();
        leases = store.leaseTable();
        settlement = store.settlement();
    }

    /** The first table, of a store that begins with nothing. */
    void begin(int tablets) {
        lock();
        try {
            add(newTable(lastTableId + 1, KvStore.DEFAULT_TABLE, TableData.equalRanges(tablets)));
            note();
        } finally {
            unlock();
        }
    }

    /** The tables of another log, whose objects are about to be taken. */
    void begin(StoreNote others) throws IOException {
        lock();
        try {
            lastTableId = others.lastTableId();
            for (StoreNote.Table each : others.tables()) {
                TableData table = newTable(each.id(), each.name(), each.ranges());
                if (table == null) {
                    throw new IOException("there is no memory for tables: raise memory.bytes");
                }
                add(table);
            }
            note();
        } finally {
            unlock();
        }
    }

    /** See {@link KvStore#createTable}. */
    TableData createTable(String name, int tablets) throws StoreRefused {
        refuseUnless(
                tablets >= 1 && tablets <= TABLETS_MAX && Integer.bitCount(tablets) == 1,
                "a table has 1, 2, 4 ... %d tablets, not %d",
                TABLETS_MAX,
                tablets);
        requireDisk();
        TableData table;
        long mark;
        lock();
        try {
            requireFree(name);
            table = newTable(lastTableId + 1, name, TableData.equalRanges(tablets));
            requireMemory(table);
            mark = addNoted(table);
        } finally {
            unlock();
        }
        settle(mark);
        return table;
    }

    /** See {@link Store#adoptTable}. */
    TableData adoptTable(int id, String name) throws StoreRefused {
        refuseUnless(
                id >= 1 && id <= Entry.TABLE_ID_MAX,
                "a table's number is 1 to %d, not %d",
                Entry.TABLE_ID_MAX,
                id);
        TableData table;
        long mark;
        lock();
        try {
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
            table = newTable(id, name, TableData.equalRanges(0));
            requireMemory(table);
            mark = addNoted(table);
        } finally {
            unlock();
        }
        settle(mark);
        return table;
    }

    private void requireFree(String name) throws StoreRefused {
        refuseUnless(
                NAME.matcher(name).matches(),
                "a table's name has 1 to 255 characters of A-Z a-z 0-9 . _ -, unlike '%s'",
                name);
        refuseUnless(tables.named(name) == null, "there is a table called %s already", name);
    }

    private static void requireMemory(TableData table) throws StoreRefused {
        refuseUnless(table != null, "there is no memory for a table; remove objects first");
    }

    /** One that nobody can find yet; null when there is no memory. */
    private TableData newTable(int id, String name, List<TabletRange> ranges) {
        HashTable index = newIndex();
        return index == null ? null : new TableData(store, id, name, index, ranges);
    }

    /** Adds a table that is noted before anybody can write to it, and returns the mark of that. */
    private long addNoted(TableData table) {
        lastTableId = Math.max(lastTableId, table.id());
        coming = table;
        long mark = note();
        add(table);
        coming = null;
        return mark;
    }

    private void add(TableData table) {
        lastTableId = Math.max(lastTableId, table.id());
        tables.add(table);
    }

    private HashTable newIndex() {
        return HashTable.open(new PoolLines(store.pool()), store.backoff());
    }

    /** See {@link KvStore#dropTable}. */
    void dropTable(String name) throws StoreRefused {
        refuseUnless(!KvStore.DEFAULT_TABLE.equals(name), "the table %s cannot be dropped", name);
        requireDisk();
        long mark;
        lock();
        try {
            TableData table = existing(name);
            mark =
                    whileClosed(
                            table,
                            () -> {
                                hasGivenUp = true;
                                tables.drop(table);
                                table.replaceIndex(null);
                                table.depart();
                            });
        } finally {
            unlock();
        }
        store.wakeUp();
        settle(mark);
    }

    /** See {@link Store#takeTablet}. */
    void takeTablet(int tableId, long first, long last, long epoch) throws StoreRefused {
        long mark;
        lock();
        try {
            mark = take(existing(tableId), first, last, epoch);
        } finally {
            unlock();
        }
        settle(mark);
    }

    private long take(TableData table, long first, long last, long epoch) throws StoreRefused {
        requireRange(table, first, last);
        TabletRange present = table.tabletOf(first);
        boolean isThere = present.isHeld() && !present.isReserved() && present.is(first, last);
        if (!isThere) {
            requireVacant(table, first, last);
            return put(table, first, last, epoch, null);
        }
        refuseUnless(
                present.epoch <= epoch,
                "%016x to %016x of the table %s is a tablet of epoch %d, which is after %d",
                first,
                last,
                table.name(),
                present.epoch,
                epoch);
        return whileClosed(
                table, () -> table.replace(present, present.renewed(epoch, present.incoming)));
    }

    private long put(TableData table, long first, long last, long epoch, Incoming incoming)
            throws StoreRefused {
        // Whoever had the range before gave versions of an earlier epoch: those here are higher.
        versions.raiseAbove(epoch << EPOCH_VERSION_SHIFT);
        TabletRange gap = table.tabletOf(first);
        long fresh = gap.isReserved() ? 0 : since();
        return whileClosed(
                table, () -> table.put(gap.filling(first, last, epoch, incoming, fresh)));
    }

    /**
     * From which segment on the log holds what a range that comes here has: a new one, if anything
     * was given up since the last time, and may still be in copies of the log.
     */
    private long since() throws StoreRefused {
        if (hasGivenUp) {
            // In this order: what is given up from here on needs another one.
            hasGivenUp = false;
            since = store.log().beginEra();
            hasGivenUp = since == 0;
            refuseUnless(!hasGivenUp, "there is no memory for a tablet; remove objects first");
        }
        return since;
    }

    private void requireVacant(TableData table, long first, long last) throws StoreRefused {
        for (TabletRange each : table.tablets()) {
            refuseUnless(
                    !each.isHeld() || !each.overlaps(first, last),
                    "some of %016x to %016x of the table %s is a tablet already",
                    first,
                    last,
                    table.name());
        }
        refuseUnless(
                isVacant(table.id(), first, last),
                "what was in %016x to %016x of the table %s is being removed; try again in a"
                        + " moment",
                first,
                last,
                table.name());
    }

    /** See {@link Store#reserveTablet}. */
    Reservation reserveTablet(int tableId, long first, long last) throws StoreRefused {
        lock();
        try {
            TableData table = existing(tableId);
            requireRange(table, first, last);
            requireVacant(table, first, last);
            TabletRange range = TabletRange.reserved(first, last, since());
            whileClosed(table, () -> table.put(range));
            return new Reservation(store, table, range, null);
        } finally {
            unlock();
        }
    }

    /** See {@link Store#reserveAgain}. */
    Reservation reserveAgain(int tableId, long first, long last) throws StoreRefused {
        lock();
        try {
            TableData table = existing(tableId);
            TabletRange held = table.tabletOf(first);
            refuseUnless(
                    held.isHeld() && !held.isReserved() && held.is(first, last),
                    "%016x to %016x of the table %s is no tablet here",
                    first,
                    last,
                    table.name());
            TabletRange range = held.reserved();
            whileClosed(
                    table,
                    () -> {
                        // As in clear: a key that comes back here must not repeat a version.
                        versions.raiseAbove(versionMax.getAsLong());
                        table.replace(held, range);
                    });
            boolean hasAll = held.owned && held.incoming == null;
            Incoming before = hasAll ? Incoming.ended() : held.incoming;
            return new Reservation(store, table, range, before);
        } finally {
            unlock();
        }
    }

    /** See {@link Reservation#fill}. */
    void fill(TableData table, TabletRange reserved, long epoch, Incoming incoming)
            throws StoreRefused {
        long mark;
        lock();
        try {
            refuseUnless(
                    table.index() != null && table.tabletOf(reserved.firstHash) == reserved,
                    "%016x to %016x of the table %s is not reserved any more",
                    reserved.firstHash,
                    reserved.lastHash,
                    table.name());
            mark = put(table, reserved.firstHash, reserved.lastHash, epoch, incoming);
        } finally {
            unlock();
        }
        settle(mark);
    }

    /** See {@link Reservation#drop}. */
    void dropReserved(TableData table, TabletRange reserved) throws StoreRefused {
        lock();
        try {
            if (table.index() == null || table.tabletOf(reserved.firstHash) != reserved) {
                return;
            }
            long first = reserved.firstHash;
            long last = reserved.lastHash;
            whileClosed(table, () -> leave(table, first, last));
        } finally {
            unlock();
        }
        store.wakeUp();
    }

    /** See {@link Store#freezeTablet}. */
    void freezeTablet(int tableId, long first, long last, long epoch) throws StoreRefused {
        long mark;
        lock();
        try {
            TableData table = existing(tableId);
            TabletRange tablet = table.tabletOf(first);
            requireWhole(table, tablet, first, last, epoch);
            mark = tablet.isFrozen() ? 0 : whileClosed(table, () -> freeze(table, tablet));
        } finally {
            unlock();
        }
        settle(mark);
    }

    /** That {@code tablet} is of just that range and epoch, and all of it is here. */
    private static void requireWhole(
            TableData table, TabletRange tablet, long first, long last, long epoch)
            throws StoreRefused {
        refuseUnless(
                tablet.isHeld()
                        && !tablet.isReserved()
                        && tablet.is(first, last)
                        && tablet.epoch == epoch,
                "%016x to %016x of the table %s is no tablet of epoch %d here",
                first,
                last,
                table.name(),
                epoch);
        refuseUnless(
                tablet.incoming == null,
                "%016x to %016x of the table %s has not come here altogether yet",
                first,
                last,
                table.name());
    }

    /** See {@link Store#recordChanges}. */
    long recordChanges(Place place, long server, long number) throws StoreRefused {
        lock();
        try {
            TableData table = existing(place.table());
            TabletRange tablet = table.tabletOf(place.first());
            requireWhole(table, tablet, place.first(), place.last(), place.epoch());
            ChangedHashes present = tablet.changes();
            if (present != null && present.isFor(server, number)) {
                return present.id();
            }
            boolean isFree = present == null || present.givesWayTo(server, number);
            refuseUnless(
                    tablet.owned && isFree,
                    "%016x to %016x of the table %s is copied already, or was just now",
                    place.first(),
                    place.last(),
                    table.name());
            lastRecord++;
            ChangedHashes record = new ChangedHashes(lastRecord, server, number);
            whileClosed(table, () -> table.replace(tablet, tablet.recorded(record)));
            return lastRecord;
        } finally {
            unlock();
        }
    }

    /** See {@link Store#forgetChanges}. */
    void forgetChanges(Place place, long record) {
        lock();
        try {
            TableData table = tables.withId(place.table());
            TabletRange tablet = table == null ? null : table.tabletOf(place.first());
            if (tablet != null && tablet.isRecordedAs(record)) {
                table.forgetChanges(tablet.firstHash, tablet.lastHash);
            }
        } finally {
            unlock();
        }
    }

    private void freeze(TableData table, TabletRange tablet) {
        // As in clear: a key that comes back here must not repeat a version.
        versions.raiseAbove(versionMax.getAsLong());
        table.replace(tablet, tablet.frozen());
    }

    /** See {@link Store#endFilling}. */
    void endFilling(int tableId, long first, long last) throws StoreRefused {
        lock();
        try {
            TableData table = existing(tableId);
            TabletRange tablet = table.tabletOf(first);
            if (!tablet.is(first, last) || tablet.incoming == null) {
                return;
            }
            whileClosed(
                    table,
                    () -> {
                        tablet.incoming.end();
                        table.replace(tablet, tablet.renewed(tablet.epoch, null));
                    });
        } finally {
            unlock();
        }
    }

    /** See {@link Store#dropTablet}. */
    void dropTablet(int tableId, long first, long last) throws StoreRefused {
        long mark;
        lock();
        try {
            TableData table = existing(tableId);
            requireRange(table, first, last);
            mark = whileClosed(table, () -> leave(table, first, last));
        } finally {
            unlock();
        }
        store.wakeUp();
        settle(mark);
    }

    private void leave(TableData table, long first, long last) {
        // As in clear: a key that comes back here must not repeat a version.
        versions.raiseAbove(versionMax.getAsLong());
        hasGivenUp = true;
        table.leave(first, last);
    }

    /** See {@link Store#dropTabletIfEmpty}. */
    boolean dropTabletIfEmpty(int tableId, long first, long last) throws StoreRefused {
        boolean[] dropped = new boolean[1];
        long mark;
        lock();
        try {
            TableData table = existing(tableId);
            requireRange(table, first, last);
            mark =
                    whileClosed(
                            table,
                            () -> {
                                dropped[0] = table.isEmpty(first, last, store.nowMillis());
                                if (dropped[0]) {
                                    leave(table, first, last);
                                }
                            });
        } finally {
            unlock();
        }
        store.wakeUp();
        settle(mark);
        return dropped[0];
    }

    /** See {@link Store#isVacant}. */
    boolean isVacant(int tableId, long first, long last) {
        TableData table = tables.withId(tableId);
        if (table == null) {
            return true;
        }
        boolean vacant = true;
        for (TabletRange each : table.tablets()) {
            vacant &= !each.overlaps(first, last) || !each.isHeld() && !each.isLeaving();
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
                !KvStore.DEFAULT_TABLE.equals(table.name())
                        || (first & SLOT_MASK) == 0 && (last & SLOT_MASK) == SLOT_MASK,
                "%016x to %016x are no whole slots, and the table %s is cut between slots only",
                first,
                last,
                table.name());
    }

    /** See {@link KvStore#splitTablet}. */
    void splitTablet(String name, long hash) throws StoreRefused {
        requireDisk();
        long mark;
        lock();
        try {
            TableData table = existing(name);
            refuseUnless(
                    !KvStore.DEFAULT_TABLE.equals(name) || (hash & SLOT_MASK) == 0,
                    "%016x is not the first hash of a slot, and the table %s is cut between slots"
                            + " only",
                    hash,
                    name);
            refuseUnless(table.owns(hash), "another server has %016x of the table %s", hash, name);
            if (table.tabletOf(hash).firstHash == hash) {
                return;
            }
            mark = split(table, hash);
        } finally {
            unlock();
        }
        settle(mark);
    }

    private long split(TableData table, long hash) throws StoreRefused {
        administrator.enter();
        try {
            TabletRange tablet = gate.closeTablet(administrator, table, hash, LOCK_NANOS_MAX);
            refuseUnless(tablet != null, "the tablet is busy; try again");
            table.split(tablet, hash);
            long mark = settlement.noteTables(this::noted);
            gate.open(administrator, table, tablet);
            return mark;
        } finally {
            administrator.exit();
        }
    }

    /**
     * Has {@code change} made, and noted, while all sessions are kept out of {@code table}.
     *
     * @return the mark of that
     */
    private long whileClosed(TableData table, Runnable change) throws StoreRefused {
        administrator.enter();
        try {
            refuseUnless(
                    gate.closeTable(administrator, table, LOCK_NANOS_MAX),
                    "the table %s is busy; try again",
                    table.name());
            change.run();
            long mark = settlement.noteTables(this::noted);
            gate.open(administrator, table, null);
            return mark;
        } finally {
            administrator.exit();
        }
    }

    /** Notes the tables, and the one that is coming. */
    private long note() {
        administrator.enter();
        try {
            return settlement.noteTables(this::noted);
        } finally {
            administrator.exit();
        }
    }

    private StoreNote noted() {
        // In this order: it is among the tables before it stops coming.
        TableData next = coming;
        List<TableData> noted = tables.list();
        if (next != null && !noted.contains(next)) {
            noted.add(next);
        }
        return StoreNote.of(lastTableId, noted);
    }

    private void requireDisk() throws StoreRefused {
        refuseUnless(
                !settlement.isFailing(),
                "the disk that the log is kept on is full or fails; nothing was done");
    }

    /**
     * Returns when what has this mark survives what objects survive. Not under the lock. What a
     * coordinator wants of a part of a cluster's tables needs no such thing: it is the coordinator
     * that remembers it.
     */
    private void settle(long mark) throws StoreRefused {
        if (store.isPart()) {
            return;
        }
        refuseUnless(
                settlement.await(mark) == Status.OK,
                "that is done, but the disk does not answer: after a restart it may be undone");
    }

    /** See {@link Store#forgetLease}. */
    void forgetLease(long lease) {
        lock();
        try {
            administrator.enter();
            try {
                leases.forget(lease);
            } finally {
                administrator.exit();
            }
        } finally {
            unlock();
        }
    }

    /**
     * {@link io.silkstone.api.store.KvSession#clear} for {@code session}, which is in a batch. An
     * exchange of hash tables behind a closed gate; the {@link Sweeper} sees to the old one.
     */
    Status clear(StoreSession session, TableData table) {
        return clear(session, table, served -> true);
    }

    /**
     * As the other, if {@code served}, which are the hashes that are served here as {@link
     * Store#served} has them, is what the caller expects; NOT_OWNER if not.
     */
    Status clear(StoreSession session, TableData table, Predicate<long[]> expected) {
        HashTable fresh = newIndex();
        if (fresh == null) {
            fresh = spareIndex.getAndSet(null);
        }
        if (fresh == null) {
            return Status.RETRY_LATER;
        }
        boolean mine = gate.closeTable(session, table, LOCK_NANOS_MAX);
        boolean exists = table.index() != null;
        // What is on its way from here or to here would be cleared by half.
        boolean moves = table.isMoving();
        boolean isExpected = expected.test(table.served());
        if (mine && exists && isExpected && !moves) {
            // All versions given so far are those of sessions that are kept out now.
            versions.raiseAbove(versionMax.getAsLong());
            table.replaceIndex(fresh);
            table.voidBelow(versions.safe());
            table.forgetChanges(0, -1);
            settlement.cleared(settlement.noteTables(this::noted));
            session.unsettledSight().sawAll();
        } else {
            fresh.close();
        }
        if (mine) {
            gate.open(session, table, null);
            store.wakeUp();
        }
        if (!exists) {
            return Status.NO_SUCH_TABLE;
        }
        if (mine && !isExpected) {
            return Status.NOT_OWNER;
        }
        return mine && !moves ? Status.OK : Status.RETRY_LATER;
    }

    /** The sweeper has given memory back. */
    void replenish() {
        if (spareIndex.get() == null) {
            HashTable spare = newIndex();
            if (spare != null && !spareIndex.compareAndSet(null, spare)) {
                spare.close();
            }
        }
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

    /** As {@link TabletGate}'s holders wait: two that change tables may be threads of one core. */
    private void lock() {
        for (int attempt = 0; !changing.compareAndSet(false, true); attempt++) {
            store.backoff().idle(attempt);
        }
    }

    private void unlock() {
        changing.setRelease(false);
    }

    private static void refuseUnless(boolean holds, String message, Object... arguments)
            throws StoreRefused {
        if (!holds) {
            throw new StoreRefused(String.format(message, arguments));
        }
    }

    @Override
    public void close() {
        administrator.close();
    }
}
