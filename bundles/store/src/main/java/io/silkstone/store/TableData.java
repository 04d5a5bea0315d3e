package io.silkstone.store;

import io.silkstone.api.store.KvStore;
import io.silkstone.store.index.HashTable;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A table: its hash table, those that {@code clear} put aside until the {@link Sweeper} has emptied
 * them, and its tablets. Operations read it without locks; it changes under the store's lock, and
 * what operations rely on while they run only behind the {@link TabletGate}.
 */
final class TableData implements KvStore.Table {
    private static final HashTable[] NONE = {};

    final Store store;
    private final int id;
    private final String name;

    /** Keeps all other sessions out of the whole table. Changed by {@link TabletGate} only. */
    volatile StoreSession holder;

    /** How many tablets have a holder; changed by {@link TabletGate} only, under its lock. */
    int tabletsHeld;

    /** No object expires before this. */
    private final AtomicLong expiryNext = new AtomicLong(Long.MAX_VALUE);

    private volatile HashTable index;
    private volatile HashTable[] discarded = NONE;
    private volatile TabletRange[] tablets;

    TableData(Store store, int id, String name, HashTable index, int tablets) {
        this.store = store;
        this.id = id;
        this.name = name;
        this.index = index;
        this.tablets = equalRanges(tablets);
    }

    private static TabletRange[] equalRanges(int count) {
        TabletRange[] ranges = new TabletRange[count];
        int shift = Long.SIZE - Integer.numberOfTrailingZeros(count);
        for (int number = 0; number < count; number++) {
            // A shift by 64 is one by 0: with one range number and number + 1 stay as they are.
            long first = count == 1 ? 0 : (long) number << shift;
            long last = count == 1 ? -1 : ((long) number + 1 << shift) - 1;
            ranges[number] = new TabletRange(first, last);
        }
        return ranges;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long objects() {
        HashTable current = index;
        return current == null ? 0 : current.count();
    }

    /** Where the objects are found; null when the table was dropped. */
    HashTable index() {
        return index;
    }

    /** Hash tables put aside, whose entries are dead but not yet marked so. */
    HashTable[] discarded() {
        return discarded;
    }

    /** An object that expires at {@code millis}, 0 for never, is in the table. */
    void expectExpiry(long millis) {
        if (millis == 0) {
            return;
        }
        long next = expiryNext.get();
        while (millis < next && !expiryNext.compareAndSet(next, millis)) {
            next = expiryNext.get();
        }
    }

    /** No object expires before this. */
    long expiryNext() {
        return expiryNext.get();
    }

    /** Forgets every expiry; whoever calls this looks at all objects afterwards. */
    void resetExpiry() {
        expiryNext.set(Long.MAX_VALUE);
    }

    /** Bytes of all hash tables. */
    long indexBytes() {
        HashTable current = index;
        long sum = current == null ? 0 : current.bytes();
        for (HashTable each : discarded) {
            sum += each.bytes();
        }
        return sum;
    }

    /**
     * Begins anew with {@code fresh}, null to end the table; all other sessions are kept out. The
     * old hash table is among those put aside before it stops being the current one, so that the
     * cleaner meets every reference to an entry.
     */
    void replaceIndex(HashTable fresh) {
        synchronized (this) {
            HashTable[] longer = Arrays.copyOf(discarded, discarded.length + 1);
            longer[discarded.length] = index;
            discarded = longer;
        }
        index = fresh;
    }

    /** Forgets a hash table that was put aside and is empty now. */
    synchronized void forget(HashTable empty) {
        HashTable[] rest = new HashTable[discarded.length - 1];
        int count = 0;
        for (HashTable each : discarded) {
            if (each != empty) {
                rest[count++] = each;
            }
        }
        discarded = rest;
    }

    /** The tablets, by first hash. */
    TabletRange[] tablets() {
        return tablets;
    }

    /** The tablet that {@code hash} belongs to. */
    TabletRange tabletOf(long hash) {
        TabletRange[] current = tablets;
        int low = 0;
        int high = current.length - 1;
        while (low < high) {
            int middle = low + high + 1 >>> 1;
            if (Long.compareUnsigned(current[middle].firstHash, hash) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return current[low];
    }

    /** Cuts the tablet of {@code hash}, which all other sessions are kept out of, before it. */
    void split(TabletRange tablet, long hash) {
        TabletRange[] before = tablets;
        TabletRange[] after = new TabletRange[before.length + 1];
        int count = 0;
        for (TabletRange each : before) {
            if (each == tablet) {
                after[count++] = new TabletRange(each.firstHash, hash - 1);
                after[count++] = new TabletRange(hash, each.lastHash);
            } else {
                after[count++] = each;
            }
        }
        tablets = after;
    }

    /** Whether another session than {@code session} keeps it from working on {@code hash}. */
    boolean isClosedTo(StoreSession session, long hash) {
        StoreSession owner = holder;
        if (owner == null) {
            owner = tabletOf(hash).holder;
        }
        return owner != null && owner != session;
    }
}
