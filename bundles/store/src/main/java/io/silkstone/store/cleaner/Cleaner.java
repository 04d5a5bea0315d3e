package io.silkstone.store.cleaner;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.store.cleaner.Candidates.Urgency;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.References;
import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes free memory out of dead entries, by moving those that are wanted together and taking away
 * the segments that they were in: the two-level cleaner of RAMCloud (FAST'14, sections 4 to 6).
 *
 * <h2>The two levels</h2>
 *
 * <b>Compaction</b> cleans the one segment that costs least for what it gives: the quickest way to
 * memory, for a writer that waits. <b>Combined cleaning</b> takes several segments by cost and
 * benefit, sorted by age, so that entries of one age come to lie together and die together. {@link
 * Candidates} chooses level and segments. In RAMCloud the levels differ in the medium, and
 * compaction leaves a shorter segment; here all segments have one length (see
 * docs/decisions/0020-segments.md), both levels write to the survivor that is open, and they are
 * one loop.
 *
 * <p>Entries may be nearly as long as a segment. Then segments are left far from full, which
 * RAMCloud does not meet, since its objects are an eighth of a segment at most. {@link Survivors}
 * fills such gaps, and for a writer that waits there is a third choice: <b>repacking</b> moves a
 * segment that fits into the gaps of others, though nothing in it may be dead. So any two segments
 * that are wanted to less than a half come to be one, and small entries find their way between
 * large ones.
 *
 * <p>No mix of lengths makes the cleaner run out of memory itself: a segment's entries are never
 * more than a fresh one holds, so each that is cleaned takes one at most and gives one back, and
 * two are kept for it, one to take, one for those that readers have still to leave. Nor can it go
 * on for ever to no avail: each pass leaves fewer dead bytes, or fewer segments, or is counted as
 * barren, after a few of which it waits for more to die.
 *
 * <h2>Liveness</h2>
 *
 * RAMCloud asks the hash table about each entry. Here most of the dead carry a flag, so that the
 * cleaner reads past them; for the others the question is part of the move itself: {@link
 * References#move} swaps the reference under the lock of its line, or says that there is none; the
 * result of a request is asked of its lease in the same way. A tombstone is wanted while the
 * segment that it names is in the log. What is moved, and what turns out to be dead, is marked and
 * counted at once; a segment half cleaned is a good segment, and a pass can stop anywhere.
 *
 * <h2>Slices</h2>
 *
 * The cleaner shares its core with the threads that serve. It works in slices of some ten
 * microseconds, or as much longer as a large entry takes, of batches of up to {@link #BATCH}
 * entries: first it reads their headers and touches the lines of the hash table that refer to them,
 * then it copies, then it swaps the references, so that cache misses overlap.
 *
 * <h2>Pace</h2>
 *
 * Cleaning is the cheaper the later it is done, since entries die meanwhile; but who waits for the
 * last byte makes writers wait. So the agent begins when free memory is below a few segments, or
 * half of what is not live if that is less, and rests when it is above, or when nothing is worth
 * its cost. It has a core to share, and loads may be too much for it: from a segment below its mark
 * on, and at a quarter of what is not live at the latest, writers pay as well. {@link #assist} has
 * each clean as many bytes as its own cost, times how far free memory has sunk. The two meet at
 * some level between, and nobody ever waits for long.
 *
 * <p>{@link #doWork} is an agent's; the other methods may be called by any thread outside an epoch.
 * One thread cleans at a time, the others go on.
 */
public final class Cleaner {
    /** Answer of {@link #urge}: there is nothing to be had. */
    public static final long FUTILE = -1;

    private static final int BATCH = 64;
    private static final int LOOKED_AT_MAX = 8 * BATCH;

    /** Looking at an entry takes about as long as moving so many bytes. */
    private static final int LOOK_BYTES = 32;

    private static final int SLICE_BYTES = 48 << 10;
    private static final int DEBT_MIN_BYTES = 16 << 10;
    private static final int DEBT_MAX_BYTES = 1 << 20;

    /** A writer that waits for another to clean goes on after some tenths of a second. */
    private static final int ATTEMPTS_MAX = Backoff.SPINS + Backoff.YIELDS + 2_000;

    private static final int BARREN_PASSES_MAX = 3;
    private static final int FREE_SHARE = 4;
    private static final int AHEAD_SHARE = 2;
    private static final long FREE_SEGMENTS = 4;

    private static final int SLOTS_PER_SLICE = 128;

    private final SegletPool pool;
    private final Log log;
    private final Epochs epochs;
    private final References references;
    private final Backoff backoff;
    private final int slot;
    private final Counter compactions;
    private final Counter combined;
    private final Counter repackings;
    private final Counter movedBytes;
    private final Counter retiredBytes;
    private final Counter emptySegments;
    private final Counter assistedBytes;
    private final Counter stalls;

    private final AtomicBoolean cleaning = new AtomicBoolean();
    private final AtomicLong debt = new AtomicLong();

    /** Writers pay when they have less than this left. */
    private volatile long freeWanted;

    /** The agent cleans when writers have less than this left: before they pay. */
    private long freeAhead;

    private volatile double costPerByte = 1;
    private volatile boolean hasty;

    // What follows is guarded by cleaning.
    private final Candidates candidates;
    private final Survivors survivors;
    private final SegmentWalk walk = new SegmentWalk();
    private final List<Segment> leftBehind = new ArrayList<>();
    private final long[] entries = new long[BATCH];
    private final int[] headers = new int[BATCH];
    private final long[] copies = new long[BATCH];
    private int batched;
    private int lookedAt;
    private int candidate;
    private Segment source;
    private long retiredInPass;
    private long movedInPass;
    private int barrenPasses;
    private long reclaimableWhenBarren;
    private boolean inTheMaking;

    /** Whether no segment fitted into gaps when last looked for, and what the log was like. */
    private boolean unmovable;

    private long idleWhenUnmovable;
    private long appendedWhenUnmovable;

    /** Whether there was no memory to move to, and some will come back when batches end. */
    private boolean starved;

    /** How urgent cleaning was when nothing was found to be worth it; null when something was. */
    private Urgency futile;

    private long appendedWhenFutile;
    private long reclaimableWhenFutile;
    private long appendedWhenSurveyed;
    private int slotWhenIdle;
    private long owedWhenLeft;

    /** Keeps the compiler from dropping the reads that warm the cache. */
    @SuppressWarnings("unused")
    private long touched;

    /** For {@code log}, whose objects only {@code references} refer to. */
    public Cleaner(
            SegletPool pool,
            Log log,
            Epochs epochs,
            References references,
            MetricRegistry metrics,
            Backoff backoff) {
        this.pool = pool;
        this.log = log;
        this.epochs = epochs;
        this.references = references;
        this.backoff = backoff;
        slot = epochs.register();
        candidates = new Candidates(log);
        survivors = new Survivors(log);
        compactions = metrics.counter(CleanerMetrics.COMPACTIONS);
        combined = metrics.counter(CleanerMetrics.COMBINED);
        repackings = metrics.counter(CleanerMetrics.REPACKINGS);
        movedBytes = metrics.counter(CleanerMetrics.MOVED);
        retiredBytes = metrics.counter(CleanerMetrics.RETIRED);
        emptySegments = metrics.counter(CleanerMetrics.EMPTY);
        assistedBytes = metrics.counter(CleanerMetrics.ASSISTED);
        stalls = metrics.counter(CleanerMetrics.STALLS);
        updateFreeWanted();
    }

    /**
     * Does a slice of what is due.
     *
     * @return 0 when there is nothing to do, or another thread is at it
     */
    public int doWork() {
        if (!begin()) {
            return 0;
        }
        try {
            int work = reclaim();
            if (source == null) {
                work += retireEmpty();
            }
            if (log.appendedBytes() - appendedWhenSurveyed >= log.segmentBytes()) {
                candidates.survey();
                updateFreeWanted();
            }
            if ((source != null || isLow() || hasty) && !leavesItToWriters()) {
                long done = clean(SLICE_BYTES, hasty ? Urgency.PAID : Urgency.AHEAD);
                settle(done);
                work += done > 0 ? 1 : 0;
            }
            return work;
        } finally {
            end();
        }
    }

    /**
     * From now on cleans whatever gives anything, though memory may be free: for tests of those who
     * read the log while entries move.
     */
    public void hasten() {
        hasty = true;
    }

    /**
     * Has a writer pay for {@code bytes} that it is about to append. Costs nothing while there is
     * memory enough; while another thread cleans, that one pays for both, and who owes much waits.
     */
    public void assist(long bytes) {
        long missing = freeWanted - pool.available(Claimant.WRITE);
        if (missing <= 0) {
            return;
        }
        // At half the mark a writer pays exactly what its bytes cost.
        double pressure = 2.0 * missing / freeWanted;
        long share = (long) (bytes * costPerByte * pressure) + 1;
        if (debt.addAndGet(share) < DEBT_MIN_BYTES || !beginToPay()) {
            return;
        }
        try {
            reclaim();
            // Its own share however large: else those who write much would live on others.
            long wanted = Math.min(debt.get(), DEBT_MAX_BYTES + share);
            long done = clean(wanted, Urgency.PAID);
            assistedBytes.add(done);
            // What could not be done, since nothing is to be had, is not owed either.
            settle(Math.max(wanted, done));
        } finally {
            end();
        }
    }

    /**
     * Waits for whoever cleans while much is owed: a writer that goes on meanwhile, because the
     * other is slow or was preempted, has no memory in the end and waits for all of it at once.
     */
    private boolean beginToPay() {
        for (int attempt = 0; !begin(); attempt++) {
            if (attempt == ATTEMPTS_MAX || debt.get() < DEBT_MAX_BYTES) {
                return false;
            }
            backoff.idle(attempt);
        }
        return true;
    }

    private void settle(long bytes) {
        debt.accumulateAndGet(bytes, (owed, paid) -> Math.max(0, owed - paid));
    }

    /**
     * For a writer that found no memory: does a slice, be it ever so dear.
     *
     * @return how much was done; 0 when another thread is at it or must leave its batch first;
     *     {@link #FUTILE} when no memory can be had by cleaning, that is, when it is full of live
     *     entries
     */
    public long urge() {
        if (!begin()) {
            return 0;
        }
        try {
            // Asked first: what is held now may be cleaned by the time that nothing was found.
            boolean held = log.isHeld();
            long done = reclaim();
            if (done == 0) {
                done = clean(SLICE_BYTES, Urgency.WAITING);
            }
            boolean mayChange = inTheMaking || epochs.isPending() || held;
            return done > 0 || mayChange ? done : FUTILE;
        } finally {
            end();
        }
    }

    /** Whether copies of the log are behind, so that memory waits for a disk. Any thread. */
    public boolean isHeld() {
        return log.isHeld();
    }

    private boolean begin() {
        return !cleaning.getOpaque() && cleaning.compareAndSet(false, true);
    }

    private void end() {
        cleaning.setRelease(false);
    }

    private int reclaim() {
        int reclaimed = epochs.reclaim();
        starved &= reclaimed == 0 && epochs.isPending();
        return reclaimed;
    }

    private boolean isLow() {
        return pool.available(Claimant.WRITE) < freeAhead;
    }

    /**
     * Whether writers owe something and are about to pay. They would find the cleaner busy and
     * write on, faster than it cleans, until memory ends; paying, they keep its pace.
     */
    private boolean leavesItToWriters() {
        long owed = pool.available(Claimant.WRITE) < freeWanted ? debt.get() : 0;
        boolean payWillCome = owed >= DEBT_MIN_BYTES && owed != owedWhenLeft;
        owedWhenLeft = owed;
        return payWillCome;
    }

    /** Whether more has died since the last passes gained nothing, if they did. */
    private boolean isFertile() {
        if (barrenPasses < BARREN_PASSES_MAX) {
            return true;
        }
        candidates.survey();
        boolean fertile =
                candidates.reclaimableBytes() - reclaimableWhenBarren >= SegletPool.SEGLET_BYTES;
        barrenPasses = fertile ? 0 : barrenPasses;
        return fertile;
    }

    private void updateFreeWanted() {
        long notLive = pool.available(Claimant.WRITE) + candidates.reclaimableBytes();
        long wanted = Math.min(notLive / FREE_SHARE, FREE_SEGMENTS * log.segmentBytes());
        freeAhead = Math.min(notLive / AHEAD_SHARE, wanted + log.segmentBytes());
        freeWanted = wanted;
        appendedWhenSurveyed = log.appendedBytes();
    }

    /** Looks at the next closed segments, and takes away those in which nothing is wanted. */
    private int retireEmpty() {
        int retired = 0;
        int looks = Math.min(SLOTS_PER_SLICE, log.slots());
        for (int look = 0; look < looks; look++) {
            slotWhenIdle = slotWhenIdle + 1 < log.slots() ? slotWhenIdle + 1 : 0;
            Segment segment = log.segment(slotWhenIdle);
            if (segment != null && segment.isCleanable() && segment.liveBytes() == 0) {
                emptySegments.increment();
                retire(segment);
                retired++;
            }
        }
        return retired;
    }

    /**
     * A segment stays, though some of what was in it is elsewhere. Tombstones name the place where
     * an object lay last; but a copy of this segment, read after a crash, has the object as well.
     */
    private void leaveBehind(Segment segment) {
        if (!leftBehind.contains(segment)) {
            leftBehind.add(segment);
        }
    }

    private void retire(Segment segment) {
        leftBehind.remove(segment);
        retiredBytes.add(segment.capacity());
        retiredInPass += segment.capacity();
        candidates.segmentRetired();
        log.retire(segment);
    }

    /**
     * Moves about {@code bytes} of entries.
     *
     * @return how much was done: bytes moved, and some for each entry that was looked at
     */
    private long clean(long bytes, Urgency urgency) {
        inTheMaking = false;
        long done = 0;
        epochs.enter(slot);
        try {
            while (done < bytes && !inTheMaking && !starved) {
                if (source == null && !beginPass(urgency)) {
                    break;
                }
                done += step();
            }
        } finally {
            epochs.exit(slot);
        }
        return done;
    }

    private boolean beginPass(Urgency urgency) {
        boolean waiting = urgency == Urgency.WAITING;
        boolean chosen = choose(urgency);
        // A segment that goes into gaps is had for less than a byte moved for each that it gives.
        boolean dear = !chosen || costPerByte > 1;
        boolean repacks = waiting && dear && chooseMovable();
        chosen = repacks || chosen && (!waiting || !dear || choose(urgency));
        if (chosen) {
            Counter kind = candidates.count() == 1 ? compactions : combined;
            (repacks ? repackings : kind).increment();
            survivors.begin(candidates);
            candidate = 0;
            beginSource();
        }
        return chosen;
    }

    private boolean choose(Urgency urgency) {
        boolean wasFutile = futile != null && urgency.compareTo(futile) <= 0;
        if (wasFutile && urgency != Urgency.WAITING && !hasChanged() || !isFertile()) {
            return false;
        }
        boolean chosen = candidates.choose(urgency, barrenPasses > 0);
        updateFreeWanted();
        futile = chosen ? null : urgency;
        appendedWhenFutile = log.appendedBytes();
        reclaimableWhenFutile = candidates.reclaimableBytes();
        if (!chosen) {
            candidates.forget();
            return false;
        }
        costPerByte = candidates.costPerByte();
        return true;
    }

    /** Whether the log has moved on, or more of it has died, since nothing was worth its cost. */
    private boolean hasChanged() {
        if (log.appendedBytes() != appendedWhenFutile) {
            return true;
        }
        candidates.survey();
        return candidates.reclaimableBytes() - reclaimableWhenFutile >= log.segmentBytes();
    }

    /** Chooses a segment that fits into gaps, unless nothing has changed since there was none. */
    private boolean chooseMovable() {
        long idle = candidates.idleBytes();
        boolean asBefore =
                log.appendedBytes() == appendedWhenUnmovable
                        && Math.abs(idle - idleWhenUnmovable) < SegletPool.SEGLET_BYTES;
        if (unmovable && asBefore) {
            return false;
        }
        unmovable = !candidates.chooseMovable(survivors, walk);
        idleWhenUnmovable = idle;
        appendedWhenUnmovable = log.appendedBytes();
        return !unmovable;
    }

    private void beginSource() {
        source = candidates.get(candidate);
        walk.begin(source);
    }

    private void endPass() {
        candidates.forget();
        source = null;
        barrenPasses = retiredInPass > movedInPass ? 0 : barrenPasses + 1;
        retiredInPass = 0;
        movedInPass = 0;
        reclaimableWhenBarren = candidates.reclaimableBytes();
        unmovable = false;
    }

    /**
     * One batch of the present segment.
     *
     * @return how much was done
     */
    private long step() {
        boolean ended = gather();
        int copied = copy();
        long moved = swap(copied);
        long done = moved + (long) lookedAt * LOOK_BYTES;
        if (copied < batched) {
            // An entry may be too large for what is free. What comes after it may still fit, and
            // give room for it.
            stalls.increment();
            starved = epochs.isPending();
            leaveBehind(source);
        } else if (ended) {
            retire(source);
        } else {
            return done;
        }
        candidate++;
        if (candidate < candidates.count()) {
            beginSource();
        } else {
            endPass();
        }
        return done;
    }

    /**
     * Collects the next entries that are not known to be dead.
     *
     * @return whether the segment is at its end
     */
    private boolean gather() {
        batched = 0;
        lookedAt = 0;
        long tombstones = 0;
        long deadTombstones = 0;
        boolean ended = false;
        int bytes = 0;
        while (lookedAt < LOOKED_AT_MAX && batched < BATCH && bytes < SLICE_BYTES) {
            long entry = walk.next();
            if (entry == 0 || entry == SegmentWalk.IN_THE_MAKING) {
                inTheMaking = entry != 0;
                ended = entry == 0;
                break;
            }
            lookedAt++;
            int header = Entry.header(entry);
            if (Entry.isDead(header)) {
                continue;
            }
            boolean wanted = false;
            switch (Entry.type(header)) {
                case Entry.OBJECT, Entry.RESULT -> {
                    wanted = !references.discard(entry);
                    if (!wanted) {
                        log.entryDied(entry);
                    }
                }
                case Entry.TOMBSTONE -> {
                    wanted =
                            log.contains(Entry.tombstoneSegment(entry))
                                    || !leftBehind.isEmpty()
                                    || references.keepsTombstone(entry);
                    tombstones += Entry.strideOf(header);
                    if (!wanted) {
                        deadTombstones += Entry.strideOf(header);
                        log.tombstoneDied(entry);
                    }
                }
                default -> {
                    // Marks and padding mean something only where they are.
                }
            }
            if (wanted) {
                entries[batched] = entry;
                headers[batched] = header;
                batched++;
                bytes += Entry.strideOf(header);
            }
        }
        touched = references.prefetch(entries, batched);
        if (tombstones > 0) {
            candidates.sawTombstones(tombstones, deadTombstones);
        }
        return ended;
    }

    /** Copies the batch to survivors, as far as there is memory. */
    private int copy() {
        int index = 0;
        while (index < batched) {
            int room = survivors.room(Entry.strideOf(headers[index]), source.born());
            if (room == 0) {
                return index;
            }
            int first = index;
            int bytes = 0;
            while (index < batched && bytes + Entry.strideOf(headers[index]) <= room) {
                bytes += Entry.strideOf(headers[index]);
                index++;
            }
            copy(first, index, survivors.append(bytes));
        }
        return batched;
    }

    /** Copies neighbours in one go, and without any atomic operation, which would wait for them. */
    private void copy(int first, int end, long address) {
        long copy = address;
        int index = first;
        while (index < end) {
            long run = entries[index];
            long target = copy;
            long bytes = 0;
            while (index < end && entries[index] == run + bytes) {
                copies[index] = copy;
                int stride = Entry.strideOf(headers[index]);
                bytes += stride;
                copy += stride;
                index++;
            }
            Memory.copy(run, target, bytes);
        }
        // An entry may have died before it was copied; the copy is on its own.
        for (index = first; index < end; index++) {
            Memory.putInt(copies[index], headers[index]);
        }
    }

    /**
     * Has references point to the copies. A copy that nobody wants any more becomes padding: a dead
     * one could outlive the tombstone that buries it, and rise when the log is read again.
     */
    private long swap(int copied) {
        long sum = 0;
        long moved = 0;
        long tombstones = 0;
        for (int index = 0; index < copied; index++) {
            long entry = entries[index];
            long copy = copies[index];
            int header = headers[index];
            int stride = Entry.strideOf(header);
            sum += stride;
            boolean tombstone = Entry.type(header) == Entry.TOMBSTONE;
            if (tombstone) {
                log.tombstoneAdded(copy);
                tombstones += stride;
            }
            if (tombstone || references.move(entry, copy)) {
                log.entryMoved(entry, header);
                moved += stride;
                continue;
            }
            log.abandon(copy, stride);
            // Its table may have been cleared meanwhile; whoever drops the last reference counts.
            if (references.discard(entry)) {
                log.entryDied(entry);
            }
        }
        survivors.show();
        log.entriesMoved(source, moved, tombstones);
        movedBytes.add(sum);
        movedInPass += sum;
        return sum;
    }
}
