package io.silkstone.store;

import io.silkstone.api.store.StoreRefused;

/** A tablet to which its objects are still coming, for those who bring them. Threads: any. */
public final class Filling {
    private final Store store;
    private final TableData table;
    private final Incoming incoming;
    private final long first;
    private final long last;

    Filling(Store store, TableData table, Incoming incoming, long first, long last) {
        this.store = store;
        this.table = table;
        this.incoming = incoming;
        this.first = first;
        this.last = last;
    }

    /** A way in for entries, for one thread. */
    public Replay openReplay() {
        return new Replay(store, table, incoming, store.openReplaySession());
    }

    /**
     * Hashes that somebody waits for, until they are {@link #know}n.
     *
     * @return how many of them are in {@code hashes}
     */
    public int wanted(long[] hashes) {
        return incoming.wanted(hashes);
    }

    /** All objects of {@code hash} have come, or there are none. */
    public void know(long hash) {
        incoming.know(hash);
    }

    /** Whether nothing comes any more, by {@link #end} or since the tablet is not here any more. */
    public boolean hasEnded() {
        return incoming.hasEnded() || table.index() == null || table.incoming(first) != incoming;
    }

    /**
     * All has come: what is not here is nowhere.
     *
     * @throws StoreRefused when the table is busy for seconds; to be tried again
     */
    public void end() throws StoreRefused {
        if (!hasEnded()) {
            store.endFilling(table.id(), first, last);
        }
    }
}
