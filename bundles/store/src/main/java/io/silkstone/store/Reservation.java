package io.silkstone.store;

import io.silkstone.api.store.StoreRefused;

/**
 * A range that this store is about to serve, and that is kept for that. It is void when the range
 * was dropped, as it is with all else when this server is given up. Threads: any.
 */
public final class Reservation {
    private final Store store;
    private final TableData table;
    private final TabletRange range;

    /** What was still to come when it was a tablet; null for nothing. */
    private final Incoming before;

    Reservation(Store store, TableData table, TabletRange range, Incoming before) {
        this.store = store;
        this.table = table;
        this.range = range;
        this.before = before;
    }

    /** Whether it is not void. */
    public boolean holds() {
        return table.index() != null && table.tabletOf(range.firstHash) == range;
    }

    /** A way in for objects of the range and results of requests on them, for one thread. */
    public Replay openReplay() {
        return new Replay(store, table, range, store.openReplaySession());
    }

    /**
     * Serves the range from now on. What it holds is still to come: operations that depend on what
     * has not come answer RETRY_LATER, and have it wanted.
     *
     * @param epoch higher than that of whoever had the range before
     * @param wanted called when there is something in {@link Filling#wanted}; must be cheap
     * @throws StoreRefused when it is void, or the table is busy for seconds
     */
    public Filling fill(long epoch, Runnable wanted) throws StoreRefused {
        Incoming incoming = new Incoming(wanted);
        store.fill(table, range, epoch, incoming);
        return new Filling(store, table, incoming, range.firstHash, range.lastHash);
    }

    /**
     * Serves the range from now on, with what has come.
     *
     * @param epoch higher than that of whoever had the range before
     * @throws StoreRefused when it is void, or the table is busy for seconds
     */
    public void serve(long epoch) throws StoreRefused {
        store.fill(table, range, epoch, null);
    }

    /** The mark of all that has come by now, see {@link #isSettled}. */
    public long mark() {
        return store.mark();
    }

    /** Whether what has this mark is settled. */
    public boolean isSettled(long mark) {
        return store.isSettled(mark);
    }

    /** Whether {@code hash} of the table lies in it. */
    boolean contains(int tableId, long hash) {
        return table.id() == tableId && range.contains(hash);
    }

    /** The table, while it holds and what comes of {@code hash} is still wanted; else null. */
    TableData tableFor(long hash) {
        boolean isWanted = holds() && (before == null || !before.knows(hash));
        return isWanted ? table : null;
    }

    /**
     * Needs the range no more; what came ahead is removed.
     *
     * @throws StoreRefused when the table is busy for seconds
     */
    public void drop() throws StoreRefused {
        store.dropReserved(table, range);
    }
}
