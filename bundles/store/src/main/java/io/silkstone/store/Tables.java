package io.silkstone.store;

import io.silkstone.base.EpochClock;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.References;
import io.silkstone.store.log.Versions;
import io.silkstone.store.results.Leases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Every table, by name and by id, and the answer to the cleaner's question who refers to an entry.
 * Reading takes no lock; adding and removing happen under the store's lock.
 */
final class Tables implements References {
    private final Map<String, TableData> byName = new ConcurrentHashMap<>();
    private final Versions versions;
    private final EpochClock clock;
    private final LongAdder expired;
    private final Leases leases;
    private final Settlement settlement;

    /** Every table with entries in the log, dropped ones included, by id. */
    private volatile TableData[] byId = {};

    /**
     * No tables.
     *
     * @param expired counts objects that are removed because they expired
     * @param leases who refer to results
     * @param settlement hears of them first, for an expiry may not be settled
     */
    Tables(
            Versions versions,
            EpochClock clock,
            LongAdder expired,
            Leases leases,
            Settlement settlement) {
        this.settlement = settlement;
        this.leases = leases;
        this.versions = versions;
        this.clock = clock;
        this.expired = expired;
    }

    /** The table called {@code name}, or null. */
    TableData named(String name) {
        return byName.get(name);
    }

    /** The table with that number; null when there is none, or it was dropped. */
    TableData numbered(int id) {
        TableData[] all = byId;
        int low = 0;
        int high = all.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            int at = all[middle].id();
            if (at == id) {
                return all[middle].index() == null ? null : all[middle];
            } else if (at < id) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }

    /** Tables that are not dropped, by name. */
    List<TableData> list() {
        List<TableData> all = new ArrayList<>(byName.values());
        all.sort(Comparator.comparing(TableData::name));
        return all;
    }

    /** Every table with entries in the log. Do not change the array. */
    TableData[] all() {
        return byId;
    }

    synchronized void add(TableData table) {
        TableData[] before = byId;
        TableData[] after = new TableData[before.length + 1];
        System.arraycopy(before, 0, after, 0, before.length);
        after[before.length] = table;
        Arrays.sort(after, Comparator.comparingInt(TableData::id));
        byId = after;
        byName.put(table.name(), table);
    }

    /** The name is free; entries of the table may still be in the log. */
    synchronized void drop(TableData table) {
        byName.remove(table.name(), table);
    }

    /** Forgets {@code table} if it was dropped and nothing refers to entries of it any more. */
    synchronized void swept(TableData table) {
        boolean left = table.discarded().length > 0 || table.isDeparting();
        if (table.index() == null && !left) {
            List<TableData> rest = new ArrayList<>(List.of(byId));
            rest.remove(table);
            byId = rest.toArray(TableData[]::new);
        }
    }

    @Override
    public boolean discard(long entry) {
        if (isResult(entry)) {
            return false;
        }
        TableData table = withId(Entry.tableId(entry));
        if (table == null) {
            return false;
        }
        long hash = Entry.keyHash(entry);
        HashTable index = table.index();
        boolean expires = index != null && mayExpire(table, hash, entry, clock.millis());
        if (expires && removeExpired(index, hash, entry)) {
            return true;
        }
        if (index != null && !table.holds(hash) && index.removeIf(hash, entry)) {
            return true;
        }
        // The sweeper must not come to an entry whose segment is gone.
        for (HashTable discarded : table.discarded()) {
            if (discarded.removeIf(hash, entry)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long prefetch(long[] entries, int count) {
        long sum = 0;
        int id = 0;
        HashTable index = null;
        for (int number = 0; number < count; number++) {
            long entry = entries[number];
            if (Entry.tableId(entry) != id) {
                id = Entry.tableId(entry);
                TableData table = withId(id);
                index = table == null ? null : table.index();
            }
            if (index != null) {
                sum += index.prefetch(Entry.keyHash(entry));
            }
        }
        return sum;
    }

    @Override
    public boolean move(long entry, long copy) {
        if (isResult(entry)) {
            return leases.move(entry, copy);
        }
        TableData table = withId(Entry.tableId(entry));
        HashTable index = table == null ? null : table.index();
        return index != null && index.replaceIf(Entry.keyHash(entry), entry, copy);
    }

    @Override
    public boolean keepsTombstone(long tombstone) {
        TableData table = withId(Entry.tableId(tombstone));
        return table != null && table.keepsTombstone(Entry.keyHash(tombstone));
    }

    /**
     * Whether an object has expired and may go without a trace. What has come ahead of its tablet
     * may not: whoever has that still may remove it, which is to be known here then.
     */
    static boolean mayExpire(TableData table, long hash, long entry, long millis) {
        return Entry.isExpired(entry, millis) && !table.tabletOf(hash).isReserved();
    }

    /**
     * Removes an entry that has expired; needs no tombstone, for its own expiry buries it.
     *
     * @return false when nothing referred to it
     */
    boolean removeExpired(HashTable index, long hash, long entry) {
        versions.raiseAbove(Entry.version(entry));
        settlement.removed(hash, entry);
        boolean removed = index.removeIf(hash, entry);
        if (removed) {
            expired.increment();
        }
        return removed;
    }

    private static boolean isResult(long entry) {
        return Entry.type(Entry.header(entry)) == Entry.RESULT;
    }

    /** Whether what there is of {@code hash} in the table called {@code id} is wanted. */
    boolean isHeld(int id, long hash) {
        TableData table = withId(id);
        return table != null && table.index() != null && table.holds(hash);
    }

    /** The table called {@code id}, which may have been dropped; or null. */
    TableData withId(int id) {
        TableData[] current = byId;
        int low = 0;
        int high = current.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            int found = current[middle].id();
            if (found == id) {
                return current[middle];
            }
            if (found < id) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }
}
