package io.silkstone.store;

/**
 * A range of a table's key hashes, unsigned, both ends included: a tablet that this store owns, or
 * a gap between such. The ranges of a table cover all hashes, so that each has one.
 *
 * <p>A gap that was a tablet is <em>leaving</em> until the {@link TabletSweep} has removed what it
 * held; only then can it be taken again, or what it held would be back.
 */
final class TabletRange {
    final long firstHash;
    final long lastHash;

    /** Whether this store serves it. */
    final boolean owned;

    /** Of the owner; 0 if that is another. */
    final long epoch;

    /**
     * Lower versions are void: their objects went when the table was cleared, or belonged to
     * whoever had the range before, and may still be in copies of the log.
     */
    volatile long floor;

    /** Whether objects and results of it may be left; never if it is owned. */
    private volatile boolean leaving;

    /** The session that keeps all others out for the moment. Changed by {@link TabletGate} only. */
    volatile StoreSession holder;

    private TabletRange(long firstHash, long lastHash, boolean owned, long epoch, boolean leaving) {
        assert Long.compareUnsigned(firstHash, lastHash) <= 0;
        this.firstHash = firstHash;
        this.lastHash = lastHash;
        this.owned = owned;
        this.epoch = epoch;
        this.leaving = leaving;
    }

    /** A tablet. */
    static TabletRange owned(long firstHash, long lastHash, long epoch, long floor) {
        TabletRange range = new TabletRange(firstHash, lastHash, true, epoch, false);
        range.floor = floor;
        return range;
    }

    /** A gap in which nothing is. */
    static TabletRange vacant(long firstHash, long lastHash) {
        return new TabletRange(firstHash, lastHash, false, 0, false);
    }

    /** A gap that was a tablet just now. */
    static TabletRange leaving(long firstHash, long lastHash) {
        return new TabletRange(firstHash, lastHash, false, 0, true);
    }

    boolean isLeaving() {
        return leaving;
    }

    /** Nothing is left of what it held. */
    void hasLeft() {
        leaving = false;
    }

    boolean overlaps(long first, long last) {
        return Long.compareUnsigned(firstHash, last) <= 0
                && Long.compareUnsigned(first, lastHash) <= 0;
    }

    boolean contains(long hash) {
        return overlaps(hash, hash);
    }
}
