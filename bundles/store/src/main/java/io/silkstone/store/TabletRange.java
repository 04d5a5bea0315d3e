package io.silkstone.store;

/**
 * A range of a table's key hashes, unsigned, both ends included: a tablet that this store owns, or
 * a gap between such. The ranges of a table cover all hashes, so that each has one.
 *
 * <p>A gap that was a tablet is <em>leaving</em> until the {@link TabletSweep} has removed what it
 * held; only then can it be taken again, or what it held would be back. It is <em>frozen</em> while
 * another store takes a copy of what it held: all of that stays as it is. It is <em>reserved</em>
 * when it is about to become a tablet, and what comes ahead of that is kept.
 *
 * <p>A tablet is <em>filling</em> while that copy comes to it, see {@link Incoming}. One that is
 * copied while it is served has a record of its {@link ChangedHashes}.
 */
final class TabletRange {
    private enum State {
        OWNED,
        FROZEN,
        RESERVED,
        LEAVING,
        VACANT
    }

    final long firstHash;
    final long lastHash;

    /** Whether this store serves it. */
    final boolean owned;

    /** Of the owner; 0 if that is another. Of one that is frozen, the last that this store had. */
    final long epoch;

    /** What is still to come to it; null for nothing. */
    final Incoming incoming;

    /** What lies in segments of lower ids was of the range when it was here before, and is void. */
    final long since;

    /**
     * Lower versions are void: their objects went when the table was cleared, and may still be in
     * copies of the log.
     */
    volatile long floor;

    private volatile State state;

    private volatile boolean taken;

    /** See {@link #copiesAhead}; counted by one thread at a time. */
    private volatile long copiesAhead;

    /** See {@link #keepsTombstones}. */
    private volatile boolean dependent;

    /** See {@link #changes}. */
    private volatile ChangedHashes changes;

    /** The session that keeps all others out for the moment. Changed by {@link TabletGate} only. */
    volatile StoreSession holder;

    private TabletRange(
            long firstHash,
            long lastHash,
            State state,
            long epoch,
            long floor,
            Incoming incoming,
            long since) {
        assert Long.compareUnsigned(firstHash, lastHash) <= 0;
        this.firstHash = firstHash;
        this.lastHash = lastHash;
        this.state = state;
        this.epoch = epoch;
        this.floor = floor;
        this.incoming = incoming;
        this.since = since;
        owned = state == State.OWNED;
    }

    /** A tablet. */
    static TabletRange owned(long firstHash, long lastHash, long epoch) {
        return new TabletRange(firstHash, lastHash, State.OWNED, epoch, 0, null, 0);
    }

    /** A gap in which nothing is. */
    static TabletRange vacant(long firstHash, long lastHash) {
        return new TabletRange(firstHash, lastHash, State.VACANT, 0, 0, null, 0);
    }

    /** A gap for what comes ahead of a tablet. */
    static TabletRange reserved(long firstHash, long lastHash, long since) {
        return new TabletRange(firstHash, lastHash, State.RESERVED, 0, 0, null, since);
    }

    /** The gap that this range leaves, with all that it holds, until it is a tablet again. */
    TabletRange reserved() {
        TabletRange range =
                new TabletRange(firstHash, lastHash, State.RESERVED, epoch, floor, null, since);
        range.dependent = true;
        return range;
    }

    /**
     * The tablet that this gap becomes, if it was reserved, with what came ahead of it, else with
     * nothing; what still comes, and what has come, others have too.
     */
    TabletRange filling(long first, long last, long epoch, Incoming incoming, long fresh) {
        TabletRange range =
                new TabletRange(
                        first,
                        last,
                        State.OWNED,
                        epoch,
                        isReserved() ? floor : 0,
                        incoming,
                        isReserved() ? since : fresh);
        range.dependent = isReserved();
        return range;
    }

    /** As it was noted: one that is served, or kept, or else a gap. */
    static TabletRange noted(
            long firstHash,
            long lastHash,
            boolean owned,
            boolean kept,
            long epoch,
            long floor,
            long since) {
        State gap = kept ? State.FROZEN : State.VACANT;
        State state = owned ? State.OWNED : gap;
        return new TabletRange(firstHash, lastHash, state, epoch, floor, null, since);
    }

    /** This tablet, of another epoch, or without anything that is to come. */
    TabletRange renewed(long epoch, Incoming incoming) {
        TabletRange range =
                new TabletRange(firstHash, lastHash, State.OWNED, epoch, floor, incoming, since);
        range.dependent = dependent;
        return range;
    }

    /** The gap that this tablet leaves with all that it holds. */
    TabletRange frozen() {
        TabletRange range =
                new TabletRange(firstHash, lastHash, State.FROZEN, epoch, floor, null, since);
        range.changes = changes;
        return range;
    }

    /** This tablet, whose changes are marked in {@code record} from now on. */
    TabletRange recorded(ChangedHashes record) {
        TabletRange range = renewed(epoch, incoming);
        range.changes = record;
        return range;
    }

    /** The gap that this tablet leaves, to be emptied. */
    TabletRange leaving() {
        return new TabletRange(firstHash, lastHash, State.LEAVING, 0, 0, null, 0);
    }

    /** A piece of it, just as it is. */
    TabletRange part(long first, long last) {
        TabletRange range = new TabletRange(first, last, state, epoch, floor, incoming, since);
        range.dependent = dependent;
        return range;
    }

    /**
     * Whether tombstones of what was removed are wanted whatever became of what they bury: while
     * other logs are needed for what is here, for there it is alive.
     */
    boolean keepsTombstones() {
        return dependent;
    }

    /** No other log is needed any more for what is here. */
    void dependsOnNobody() {
        dependent = false;
    }

    /** Whether it is a gap of which something may be left. */
    boolean isLeaving() {
        return state == State.LEAVING;
    }

    /** Whether it is a gap that keeps what it held. */
    boolean isFrozen() {
        return state == State.FROZEN;
    }

    /** Somebody has copied some of what is frozen, to whom the tablet belongs by now. */
    void taken() {
        taken = true;
    }

    /** Somebody has copied some of it, who has not the tablet yet. */
    void copiedAhead() {
        copiesAhead++;
    }

    /** How often that happened. */
    long copiesAhead() {
        return copiesAhead;
    }

    /**
     * What was changed since somebody began to copy it while it is served, also when it is frozen
     * by now; null when nobody does. A tablet that is cut, or has another epoch, is copied no more.
     */
    ChangedHashes changes() {
        return changes;
    }

    /** Whether {@link #changes} are those of that number. */
    boolean isRecordedAs(long record) {
        ChangedHashes present = changes;
        return present != null && present.id() == record;
    }

    /** It is not copied any more. */
    void forgetChanges() {
        changes = null;
    }

    /** Whether it was frozen and is another server's for certain. */
    boolean isTaken() {
        return taken;
    }

    /** Whether it is a gap for what comes ahead of a tablet. */
    boolean isReserved() {
        return state == State.RESERVED;
    }

    /** Whether what it holds is wanted. */
    boolean isHeld() {
        return owned || isFrozen() || isReserved();
    }

    /** Nothing is left of what it held. */
    void hasLeft() {
        if (state == State.LEAVING) {
            state = State.VACANT;
        }
    }

    boolean overlaps(long first, long last) {
        return Long.compareUnsigned(firstHash, last) <= 0
                && Long.compareUnsigned(first, lastHash) <= 0;
    }

    /** Whether it is just that range. */
    boolean is(long first, long last) {
        return firstHash == first && lastHash == last;
    }

    boolean contains(long hash) {
        return overlaps(hash, hash);
    }
}
