package io.silkstone.store;

import io.silkstone.api.store.KvStore;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A table: its hash table, those that {@code clear} put aside until the {@link Sweeper} has emptied
 * them, and its tablets. Operations read it without locks; it changes under the store's lock, and
 * what operations rely on while they run only behind the {@link TabletGate}.
 */
final class TableData implements KvStore.Table {
    private static final HashTable[] NONE = {};
    private static final long EPOCH_FIRST = 1;

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

    /** What this store owns, neighbours as one: pairs of a first and a last hash. */
    private volatile long[] served;

    /** Whether this store does not own all of the hashes. */
    private volatile boolean partial;

    /** Whether something is still to come to any tablet. */
    private volatile boolean filling;

    /** Whether tombstones of any tablet are wanted whatever they bury. */
    private volatile boolean dependent;

    /** Whether changes of any tablet are marked. */
    private volatile boolean recorded;

    /** How often tablets, or the table, have been given up; and how often by now they are gone. */
    private volatile long departures;

    private volatile long departuresDone;

    /** With the tablets, and gaps, of {@code ranges}, which cover all hashes. */
    TableData(Store store, int id, String name, HashTable index, List<TabletRange> ranges) {
        this.store = store;
        this.id = id;
        this.name = name;
        this.index = index;
        setTablets(ranges);
    }

    /** So many tablets of equal length; one gap if that is 0. */
    static List<TabletRange> equalRanges(int count) {
        if (count == 0) {
            return List.of(TabletRange.vacant(0, -1));
        }
        List<TabletRange> ranges = new ArrayList<>(count);
        int shift = Long.SIZE - Integer.numberOfTrailingZeros(count);
        for (int number = 0; number < count; number++) {
            // A shift by 64 is one by 0: with one range number and number + 1 stay as they are.
            long first = count == 1 ? 0 : (long) number << shift;
            long last = count == 1 ? -1 : ((long) number + 1 << shift) - 1;
            ranges.add(TabletRange.owned(first, last, EPOCH_FIRST));
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
        return current == null || ownsNothing() ? 0 : current.count();
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

    /**
     * An operation that has not ended has changed what there is of {@code hash}. While nobody
     * copies a tablet of the table this is one look at a word that hardly ever changes.
     *
     * @param expiryMillis when the object expires, 0 for never or for one that is gone
     */
    void changed(long hash, long expiryMillis) {
        ChangedHashes changes = recorded ? tabletOf(hash).changes() : null;
        if (changes != null) {
            changes.mark(hash);
        }
        expectExpiry(expiryMillis);
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

    /** Lower versions than {@code floor} are void; all other sessions are kept out. */
    void voidBelow(long floor) {
        for (TabletRange each : tablets) {
            each.floor = floor;
        }
    }

    /**
     * No tablet between these hashes is copied any more while it is served: what was copied is
     * void.
     */
    void forgetChanges(long first, long last) {
        boolean isLeft = false;
        for (TabletRange each : tablets) {
            if (each.overlaps(first, last)) {
                each.forgetChanges();
            }
            isLeft |= each.changes() != null;
        }
        recorded = isLeft;
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
        return rangeOf(tablets, hash);
    }

    /** Which of {@code current}, by first hash, {@code hash} belongs to; null for none at all. */
    static TabletRange rangeOf(TabletRange[] current, long hash) {
        if (current == null) {
            return null;
        }
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

    private void setTablets(List<TabletRange> ranges) {
        served = served(ranges);
        tablets = ranges.toArray(TabletRange[]::new);
        partial = !ranges.stream().allMatch(range -> range.owned);
        filling = ranges.stream().anyMatch(range -> range.incoming != null);
        dependent = ranges.stream().anyMatch(TabletRange::keepsTombstones);
        recorded = ranges.stream().anyMatch(range -> range.changes() != null);
    }

    private static long[] served(List<TabletRange> ranges) {
        long[] served = new long[2 * ranges.size()];
        int length = 0;
        for (TabletRange each : ranges) {
            boolean follows = length > 0 && served[length - 1] + 1 == each.firstHash;
            if (each.owned && !follows) {
                served[length++] = each.firstHash;
                served[length++] = each.lastHash;
            } else if (each.owned) {
                served[length - 1] = each.lastHash;
            }
        }
        return Arrays.copyOf(served, length);
    }

    /** See {@link Store#served}. */
    long[] served() {
        return served;
    }

    /** Whether there are hashes that this store does not own. */
    boolean isPartial() {
        return partial;
    }

    /** Whether {@code hash} belongs to a tablet of this store. */
    boolean owns(long hash) {
        return !partial || tabletOf(hash).owned;
    }

    /** Whether what this store has of {@code hash} is wanted, if only to be copied. */
    boolean holds(long hash) {
        return !partial || tabletOf(hash).isHeld();
    }

    /** Whether a tombstone of {@code hash} is wanted whatever it buries. */
    boolean keepsTombstone(long hash) {
        return dependent && tabletOf(hash).keepsTombstones();
    }

    /** Whether objects are still to come to any of its tablets. */
    boolean isFilling() {
        return filling;
    }

    /** With what else objects of {@code hash} come; null when all there are have come. */
    Incoming incoming(long hash) {
        return filling ? tabletOf(hash).incoming : null;
    }

    /** As {@link #incoming}, but null also when those of {@code hash} have come. */
    Incoming missing(long hash) {
        Incoming incoming = incoming(hash);
        return incoming == null || incoming.knows(hash) ? null : incoming;
    }

    /** Whether any tablet is on its way here or from here. */
    boolean isMoving() {
        return filling
                || partial
                        && Arrays.stream(tablets)
                                .anyMatch(range -> range.isFrozen() || range.isReserved());
    }

    private boolean ownsNothing() {
        return partial && Arrays.stream(tablets).noneMatch(range -> range.owned);
    }

    /** Cuts the tablet of {@code hash}, which all other sessions are kept out of, before it. */
    void split(TabletRange tablet, long hash) {
        List<TabletRange> after = new ArrayList<>();
        for (TabletRange each : tablets) {
            if (each == tablet) {
                after.add(each.part(each.firstHash, hash - 1));
                after.add(each.part(hash, each.lastHash));
            } else {
                after.add(each);
            }
        }
        setTablets(after);
    }

    /**
     * Puts {@code tablet} where the range is vacant, or reserved for it; all other sessions are
     * kept out of the table.
     */
    void put(TabletRange tablet) {
        long first = tablet.firstHash;
        long last = tablet.lastHash;
        List<TabletRange> after = new ArrayList<>();
        boolean placed = false;
        for (TabletRange each : tablets) {
            if (!each.overlaps(first, last)) {
                after.add(each);
                continue;
            }
            assert each.isReserved() || !each.isHeld() && !each.isLeaving();
            if (Long.compareUnsigned(each.firstHash, first) < 0) {
                after.add(each.part(each.firstHash, first - 1));
            }
            if (!placed) {
                after.add(tablet);
                placed = true;
            }
            if (Long.compareUnsigned(last, each.lastHash) < 0) {
                after.add(each.part(last + 1, each.lastHash));
            }
        }
        setTablets(after);
    }

    /**
     * Has {@code after} take the place of {@code before}, of the same range; all other sessions are
     * kept out of the table.
     */
    void replace(TabletRange before, TabletRange after) {
        List<TabletRange> ranges = new ArrayList<>(List.of(tablets));
        ranges.replaceAll(each -> each == before ? after : each);
        setTablets(ranges);
    }

    /**
     * Gives up what this store owns of a range, or keeps frozen; all other sessions are kept out of
     * the table. Ranges that are leaving already stay what they are, for somebody may be about to
     * empty them.
     */
    void leave(long first, long last) {
        List<TabletRange> after = new ArrayList<>();
        for (TabletRange each : tablets) {
            if (!each.isHeld() || !each.overlaps(first, last)) {
                after.add(each);
                continue;
            }
            long from = each.firstHash;
            long to = each.lastHash;
            if (Long.compareUnsigned(from, first) < 0) {
                after.add(each.part(from, first - 1));
                from = first;
            }
            boolean cut = Long.compareUnsigned(last, to) < 0;
            after.add(each.part(from, cut ? last : to).leaving());
            if (cut) {
                after.add(each.part(last + 1, to));
            }
        }
        setTablets(after);
        depart();
    }

    /** Whether no object is in a range that has not expired; all other sessions are kept out. */
    boolean isEmpty(long first, long last, long nowMillis) {
        TabletRange range = TabletRange.vacant(first, last);
        boolean[] found = new boolean[1];
        long cursor = 0;
        do {
            cursor =
                    index.scan(
                            cursor,
                            entry -> {
                                long hash = Entry.keyHash(entry);
                                found[0] |=
                                        range.contains(hash) && !Entry.isExpired(entry, nowMillis);
                            });
        } while (cursor != 0 && !found[0]);
        return !found[0];
    }

    /** Something is to be removed that this store does not serve any more. */
    synchronized void depart() {
        departures++;
    }

    /** Whether {@link #depart} was called, and not all is removed. */
    boolean isDeparting() {
        return departures != departuresDone;
    }

    /** How often {@link #depart} was called. */
    long departures() {
        return departures;
    }

    /** All is removed that was given up by {@code count} calls of {@link #depart}. */
    synchronized void departed(TabletRange[] ranges, long count) {
        for (TabletRange range : ranges) {
            range.hasLeft();
        }
        departuresDone = count;
    }

    /** Whether another session than {@code session} keeps it from working on the whole table. */
    boolean isClosedTo(StoreSession session) {
        StoreSession owner = holder;
        return owner != null && owner != session;
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
