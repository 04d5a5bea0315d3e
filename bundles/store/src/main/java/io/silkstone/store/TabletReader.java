package io.silkstone.store;

import io.silkstone.store.index.EntryVisitor;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.LogOrder;
import io.silkstone.store.log.Result;
import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.results.Lease;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Shows what a frozen tablet holds to whoever copies it to another server, in pieces: Rocksteady's
 * source, which keeps nothing in mind between two pulls (SOSP 2017, section 3.1). Nothing of what
 * is shown changes while the tablet is frozen, but for what expires.
 *
 * <p>A tablet whose {@link ChangedHashes} are recorded is shown too, while it changes: what is not
 * changed in a pass through all lines is shown in it, and of the rest it is known that it was.
 *
 * <p>Threads: one.
 */
public final class TabletReader implements AutoCloseable {
    /** From all that shows something: the tablet is not frozen here, nor copied. */
    public static final long NOT_HERE = -1;

    /** From {@link #changes}: more was changed than is known. */
    public static final long TOO_MANY = -2;

    /** Of so many hashes at a time is shown what became of them. */
    private static final int HASHES_MAX = 512;

    /** So many lines at a time: others wait, also where nearly nothing is to be shown. */
    private static final int LINES_MAX = 1_024;

    /** So many entries of the log at a time, for the same reason. */
    private static final int ENTRIES_MAX = 4_096;

    /** Lines whose entries are read before the first of them is shown. */
    private static final int PREFETCH = 16;

    /** So many lines, all over the table, say how much a tablet has. */
    private static final int MEASURED = 512;

    /** A lease has no more results than that, which have different numbers modulo it. */
    private static final int RESULTS_SHIFT = 10;

    private static final int RESULTS_MASK = (1 << RESULTS_SHIFT) - 1;

    private final Store store;
    private final StoreSession session;
    private final LogOrder order;

    /** What prefetching returned, so that the compiler does not drop it. */
    private long prefetched;

    /**
     * About how much a tablet has.
     *
     * @param objects how many objects
     * @param bytes what they take in the log
     */
    public record Size(long objects, long bytes) {}

    /**
     * A tablet that was frozen.
     *
     * @param table its number
     * @param first lowest hash
     * @param last highest hash
     * @param epoch in which it was this store's
     */
    public record Place(int table, long first, long last, long epoch) {}

    /**
     * A pass through the log, in which all is found that was not moved behind it meanwhile.
     *
     * @param begins where its stretches begin, each of which ends where the next one begins
     * @param until where the last one ends, and the next pass begins; where this one begins too
     *     when there is nothing to be found that earlier passes have not shown
     */
    public record Pass(long[] begins, long until) {}

    /** Takes copies of entries. */
    public interface Sink {
        /**
         * An entry of {@code bytes} lies at {@code entry}, and does so only within this call.
         *
         * @return whether there was room for it
         */
        boolean put(long entry, int bytes);

        /** There will be no room for an object of {@code hash} in this piece, nor in any. */
        void leaveOut(long hash);

        /** Whether no more should come. */
        boolean isFull();
    }

    /** Takes copies of what was changed. */
    public interface Changes {
        /**
         * There are {@code count} objects of {@code hash}, and no others; they lie at {@code
         * entries}, and do so only within this call.
         *
         * @return whether there was room for all of them; if not, none was taken
         */
        boolean put(long hash, long[] entries, int count);

        /** Whether no more should come. */
        boolean isFull();
    }

    TabletReader(Store store, StoreSession session) {
        this.store = store;
        this.session = session;
        order = new LogOrder(store.log());
    }

    /** Whether {@code place} is frozen here. Threads: any. */
    public boolean holds(Place place) {
        return frozen(place) != null;
    }

    /**
     * How many pieces of {@code place} were shown to somebody who has not the tablet yet; 0 also
     * when it is neither frozen here nor copied. Threads: any.
     */
    public long piecesAhead(Place place) {
        TabletRange range = shown(place, true);
        return range == null ? 0 : range.copiesAhead();
    }

    /**
     * Whether {@code place} is served here, and its changes are recorded meanwhile as {@code
     * record}. Threads: any.
     */
    public boolean isRecorded(Place place, long record) {
        TabletRange range = shown(place, true);
        return range != null && range.owned && range.isRecordedAs(record);
    }

    /** Whoever is shown something of {@code range} has the tablet by now, or not yet. */
    private static void note(TabletRange range, boolean ahead) {
        if (ahead) {
            range.copiedAhead();
        } else {
            range.taken();
        }
    }

    private TabletRange frozen(Place place) {
        return shown(place, false);
    }

    /** The tablet if it is frozen; or, to somebody who has it not yet, also if it is recorded. */
    private TabletRange shown(Place place, boolean ahead) {
        TableData table = store.tableData(place.table);
        TabletRange range = table == null ? null : table.tabletOf(place.first);
        boolean isIt =
                range != null
                        && (range.isFrozen() || ahead && range.changes() != null)
                        && range.is(place.first, place.last)
                        && range.epoch == place.epoch;
        return isIt ? range : null;
    }

    /**
     * Shows objects, line by line of the hash table. Those that do not fit into what is left of a
     * piece that is not full yet are left out.
     *
     * @param cursor where to begin: 0, what the call before returned, or any other one
     * @param until a cursor to stop at; 0 for the end
     * @param ahead whether it is shown to somebody who has not the tablet yet, and may never have
     * @return the next cursor; 0 at the end; {@link #NOT_HERE}, and then what was shown is void
     */
    public long objects(Place place, long cursor, long until, boolean ahead, Sink sink) {
        TabletRange range = shown(place, ahead);
        TableData table = store.tableData(place.table);
        HashTable index = table == null ? null : table.index();
        if (range == null || index == null) {
            return NOT_HERE;
        }
        long now = store.nowMillis();
        EntryVisitor visitor =
                entry -> {
                    boolean isIn = range.contains(Entry.keyHash(entry));
                    if (isIn && !Entry.isExpired(entry, now)) {
                        show(entry, sink);
                    }
                };
        long next = cursor;
        session.enter();
        try {
            int lines = 0;
            do {
                if (lines % PREFETCH == 0) {
                    prefetched = index.prefetch(next, PREFETCH);
                }
                next = index.scan(next, visitor);
                lines++;
            } while (next != 0 && isBefore(next, until) && !sink.isFull() && lines < LINES_MAX);
        } finally {
            session.exit();
        }
        if (shown(place, ahead) != range) {
            // What it held may have been removed meanwhile, or changed.
            return NOT_HERE;
        }
        note(range, ahead);
        return isBefore(next, until) ? next : 0;
    }

    /**
     * Begins a pass through the log, for {@link #objectsInLog}. Waits until nobody adds anything to
     * what it goes through: for as long as operations take that are under way. Threads: any, but
     * none that is inside an epoch.
     *
     * @param since where the pass before ended; 0 for the first
     * @param stretches how many there are at most
     * @param ahead as above
     * @param pause called while this waits
     * @return null when the tablet is not frozen here; a pass until 0 when there is no memory for
     *     the segment that begins behind it
     */
    public Pass beginPass(Place place, long since, int stretches, boolean ahead, Runnable pause) {
        TabletRange range = frozen(place);
        if (range == null) {
            return null;
        }
        note(range, ahead);
        if (since != 0 && !order.hasMoved(since)) {
            return new Pass(new long[0], since);
        }
        long until = order.begin();
        if (until == 0) {
            return new Pass(new long[0], 0);
        }
        Epochs epochs = store.epochs();
        long stamp = epochs.stamp();
        while (!epochs.isSafe(stamp)) {
            pause.run();
        }
        return new Pass(order.stretches(since, until, since != 0, stretches), until);
    }

    /**
     * As {@link #objects}, of a stretch of the log. An entry that is dead by its flag is nobody's,
     * and one that is not is the tablet's, for a frozen tablet gains and loses nothing; but where
     * entries of the table are not all marked yet that were cleared, the hash table is asked.
     *
     * @param cursor where the stretch begins, or what the call before returned
     * @param until where the stretch ends
     * @param onlyMoved only in segments that the cleaner has moved something to
     */
    public long objectsInLog(
            Place place, long cursor, long until, boolean onlyMoved, boolean ahead, Sink sink) {
        TabletRange range = frozen(place);
        TableData table = store.tableData(place.table);
        HashTable index = table == null ? null : table.index();
        if (range == null || index == null) {
            return NOT_HERE;
        }
        HashTable asked = table.discarded().length == 0 ? null : index;
        LogWalk walk = new LogWalk(place, range, asked, store.nowMillis(), sink);
        long next = cursor;
        session.enter();
        try {
            while (next < until && walk.goesOn()) {
                Segment segment = order.segmentAt(next, until, onlyMoved);
                long entry = segment == null ? 0 : order.entryAt(segment, next);
                long end = segment == null ? 0 : walk.show(entry, segment.end());
                if (segment == null) {
                    next = until;
                } else if (end == segment.end()) {
                    next = order.placeAfter(segment);
                } else {
                    next = order.placeOf(segment, end);
                }
            }
        } finally {
            session.exit();
        }
        if (frozen(place) != range) {
            return NOT_HERE;
        }
        note(range, ahead);
        return next < until ? next : 0;
    }

    /** Shows what is wanted of segments, up to as much as one pull may take. */
    private static final class LogWalk {
        private final Place place;
        private final TabletRange range;
        private final HashTable asked;
        private final long nowMillis;
        private final Sink sink;
        private int left = ENTRIES_MAX;
        private boolean isStopped;

        LogWalk(Place place, TabletRange range, HashTable asked, long nowMillis, Sink sink) {
            this.place = place;
            this.range = range;
            this.asked = asked;
            this.nowMillis = nowMillis;
            this.sink = sink;
        }

        boolean goesOn() {
            return left > 0 && !isStopped && !sink.isFull();
        }

        /** Returns where it has stopped. */
        long show(long first, long end) {
            long entry = first;
            while (entry < end && goesOn()) {
                int header = Entry.header(entry);
                if (header == 0) {
                    // Somebody has claimed room, and has still to use it, or to give it up.
                    isStopped = true;
                    return entry;
                }
                if (isWanted(entry, header)) {
                    TabletReader.show(entry, sink);
                }
                entry += Entry.strideOf(header);
                left--;
            }
            return entry;
        }

        private boolean isWanted(long entry, int header) {
            return !Entry.isDead(header)
                    && Entry.type(header) == Entry.OBJECT
                    && range.contains(Entry.keyHash(entry))
                    && Entry.tableId(entry) == place.table
                    && !Entry.isExpired(entry, nowMillis)
                    && (asked == null || isReferred(entry));
        }

        private boolean isReferred(long entry) {
            boolean[] found = new boolean[1];
            asked.scan(Entry.keyHash(entry), each -> found[0] |= each == entry);
            return found[0];
        }
    }

    /** How much there is of the hashes from {@code first} to {@code last}, served or frozen. */
    public Size measure(int tableNumber, long first, long last) {
        TableData table = store.tableData(tableNumber);
        HashTable index = table == null ? null : table.index();
        if (index == null) {
            return new Size(0, 0);
        }
        TabletRange range = TabletRange.vacant(first, last);
        long[] sums = new long[2];
        session.enter();
        try {
            long lines = index.lines();
            int measured = (int) Math.min(lines, MEASURED);
            for (int number = 0; number < measured; number++) {
                index.scan(
                        number * lines / measured,
                        entry -> {
                            boolean isIn = range.contains(Entry.keyHash(entry));
                            sums[0] += isIn ? 1 : 0;
                            sums[1] += isIn ? Entry.strideOf(Entry.header(entry)) : 0;
                        });
            }
            double share = (double) lines / Math.max(1, measured);
            return new Size((long) (sums[0] * share), (long) (sums[1] * share));
        } finally {
            session.exit();
        }
    }

    /** In the order of a scan. */
    private static boolean isBefore(long cursor, long until) {
        return until == 0 || Long.compareUnsigned(Long.reverse(cursor), Long.reverse(until)) < 0;
    }

    private static void show(long entry, Sink sink) {
        if (!sink.put(entry, Entry.strideOf(Entry.header(entry)))) {
            sink.leaveOut(Entry.keyHash(entry));
        }
    }

    /**
     * Shows all objects of {@code hash}.
     *
     * @param ahead as above
     * @return false when the tablet is not frozen here, and then what was shown is void
     */
    public boolean objects(Place place, long hash, boolean ahead, Sink sink) {
        TabletRange range = shown(place, ahead);
        TableData table = store.tableData(place.table);
        HashTable index = table == null ? null : table.index();
        if (range == null || index == null) {
            return false;
        }
        long now = store.nowMillis();
        session.enter();
        try {
            index.scan(
                    hash,
                    entry -> {
                        if (Entry.keyHash(entry) == hash && !Entry.isExpired(entry, now)) {
                            show(entry, sink);
                        }
                    });
        } finally {
            session.exit();
        }
        note(range, ahead);
        return shown(place, ahead) == range;
    }

    /**
     * Shows what there is of hashes that were changed while the tablet is copied, or were until it
     * was frozen.
     *
     * @param record from {@link Store#recordChanges}
     * @param round see {@link ChangedHashes#round}
     * @param cursor 0 to begin, then what the call before returned
     * @return the next cursor; 0 when that is all of the round; {@link #NOT_HERE} or {@link
     *     #TOO_MANY}, and then what was shown is void
     */
    public long changes(Place place, long record, long round, long cursor, Changes sink) {
        TabletRange range = shown(place, true);
        TableData table = store.tableData(place.table);
        HashTable index = table == null ? null : table.index();
        ChangedHashes changes = range == null ? null : range.changes();
        if (changes == null || changes.id() != record || index == null) {
            return NOT_HERE;
        }
        long[] changed = changes.round(round);
        if (changed == null || cursor < 0 || cursor > changed.length) {
            return TOO_MANY;
        }
        int next = (int) cursor;
        int end = Math.min(next + HASHES_MAX, changed.length);
        Gathered gathered = new Gathered(store.nowMillis());
        session.enter();
        try {
            while (next < end && !sink.isFull() && gathered.show(index, changed[next], sink)) {
                next++;
            }
        } finally {
            session.exit();
        }
        boolean isStuck = next == cursor && next < changed.length;
        if (isStuck || shown(place, true) != range) {
            return NOT_HERE;
        }
        note(range, true);
        return next < changed.length ? next : 0;
    }

    /** All objects of one hash. */
    private static final class Gathered {
        private final long nowMillis;
        private long[] entries = new long[2];
        private int count;

        Gathered(long nowMillis) {
            this.nowMillis = nowMillis;
        }

        boolean show(HashTable index, long hash, Changes sink) {
            count = 0;
            index.scan(
                    hash,
                    entry -> {
                        if (Entry.keyHash(entry) == hash && !Entry.isExpired(entry, nowMillis)) {
                            add(entry);
                        }
                    });
            return sink.put(hash, entries, count);
        }

        private void add(long entry) {
            if (count == entries.length) {
                entries = Arrays.copyOf(entries, 2 * count);
            }
            entries[count++] = entry;
        }
    }

    /**
     * Shows results of requests on the tablet. One that does not fit into an empty piece is left
     * out for good: its client is told that it cannot be known.
     *
     * @param cursor 0 to begin, then from the call before
     * @return the next cursor; 0 at the end; {@link #NOT_HERE}, and then what was shown is void
     */
    public long results(Place place, long cursor, Sink sink) {
        TabletRange range = frozen(place);
        if (range == null) {
            return NOT_HERE;
        }
        Lease[] leases = store.leaseTable().all();
        Arrays.sort(leases, Comparator.comparingLong(Lease::id));
        long next = 0;
        session.enter();
        try {
            for (int index = 0; index < leases.length && next == 0; index++) {
                if (leases[index].id() >= cursor >>> RESULTS_SHIFT) {
                    next = results(place, leases[index], cursor, sink);
                }
            }
        } finally {
            session.exit();
        }
        return frozen(place) == range ? next : NOT_HERE;
    }

    /** Those of one lease; returns where the first one is that had no room, or 0. */
    private static long results(Place place, Lease lease, long cursor, Sink sink) {
        TabletRange range = TabletRange.vacant(place.first, place.last);
        boolean isEmpty = true;
        for (long entry : inOrder(lease.results())) {
            boolean isOfIt =
                    Entry.tableId(entry) == place.table && range.contains(Entry.keyHash(entry));
            long at = lease.id() << RESULTS_SHIFT | Result.request(entry) & RESULTS_MASK;
            if (!isOfIt || at < cursor) {
                continue;
            }
            boolean isFirst = isEmpty && at == cursor;
            isEmpty = false;
            if (!sink.put(entry, Entry.strideOf(Entry.header(entry))) && !isFirst) {
                return at;
            }
        }
        return 0;
    }

    private static long[] inOrder(long[] results) {
        return Arrays.stream(results)
                .boxed()
                .sorted(Comparator.comparingLong(each -> Result.request(each) & RESULTS_MASK))
                .mapToLong(Long::longValue)
                .toArray();
    }

    @Override
    public void close() {
        session.close();
    }
}
