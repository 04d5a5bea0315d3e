package io.silkstone.store.log;

import static io.silkstone.base.Checks.require;

import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Log-structured memory after RAMCloud (FAST'14): objects are only ever appended, at the head, and
 * the cleaner copies what is wanted of old segments into survivors and frees the segments. All
 * segments have one length, so that memory is never fragmented; see
 * docs/decisions/0020-segments.md.
 *
 * <p><b>Appending.</b> A thread claims room with {@link #claim} (one atomic addition for all that
 * it writes as one step, no lock), writes its entries and commits each by its header word, the
 * first one last. A claim of 0 means that the head has no such room: the thread lets go of every
 * lock, calls {@link #makeRoom} and tries again. RAMCloud takes a spin lock for each append; with
 * many sessions that lock is what they meet at. See docs/decisions/0021-one-head.md.
 *
 * <p><b>Large entries.</b> Between {@link #makeRoom} and the next {@link #claim} others take some
 * of the room, and one entry that is nearly as long as a segment would begin segment after segment
 * in vain. {@link #claimLarge} makes room and claims it in one step.
 *
 * <p><b>Windows.</b> Only memory that is clear may be claimed, so that header words not yet written
 * are 0. {@link #prepare} keeps the next segment's memory clear, and thereby touched; when it falls
 * behind, writers open the head's segment window by window, and clear as much at a time as takes
 * some fifty microseconds.
 *
 * <p><b>Liveness.</b> Whoever drops the last reference to an entry says so to {@link #entryDied},
 * which sets its dead flag and counts it.
 *
 * <p><b>Positions.</b> What writers append has a place that grows from entry to entry, see {@link
 * #positionOf}: whoever copies the log out of memory says by one number how far it has come.
 *
 * <p>All methods may be called by any thread, {@link #append} and {@link #prepare} excepted.
 */
public final class Log {
    private static final int WINDOW_BYTES = 512 << 10;
    private static final int CLEAR_BYTES = 256 << 10;
    private static final int PREPARE_FACTOR = 4;
    private static final int MARK_BYTES = Entry.stride(Entry.HEADER_BYTES);

    /** What every segment begins with. */
    public static final int MARKS_BYTES = 2 * MARK_BYTES;

    /** Entries of this share of a segment are large. */
    private static final int LARGE_SHARE = 16;

    private static final VarHandle SEGMENTS =
            MethodHandles.arrayElementVarHandle(Segment[].class).withInvokeExactBehavior();

    private final SegletPool pool;
    private final Epochs epochs;
    private final Versions versions;
    private final Backoff backoff;
    private final Copies copies;
    private final int segmentBytes;
    private final int segmentOrder;
    private final Checksum checksum;

    /** The segment that each seglet belongs to. */
    private final Segment[] segmentOfSeglet;

    /** Segments of the log; a segment's id modulo the length is its slot. */
    private final AtomicReferenceArray<Segment> slots;

    /** Memory of the next segment, clear; 0 for none. */
    private final AtomicLong prepared = new AtomicLong();

    private final AtomicBoolean lock = new AtomicBoolean();
    private volatile long appended;
    private volatile Runnable onDemand = () -> {};
    private volatile int slotsUsed;
    private volatile Window head;
    private volatile long era;
    private long sequence;
    private long preparing;
    private int preparingCleared;

    /**
     * What the next window is to give to {@link #claimLarge}, and where that is; under the lock.
     */
    private int claiming;

    private long claimed;

    /** An empty log whose segments take the unit of {@code pool}. */
    public Log(SegletPool pool, Epochs epochs, Versions versions, Backoff backoff) {
        this(pool, epochs, versions, backoff, Copies.NONE, 0);
    }

    /**
     * As the other.
     *
     * @param copies who copies its segments
     * @param after no segment's id is as low as this
     */
    public Log(
            SegletPool pool,
            Epochs epochs,
            Versions versions,
            Backoff backoff,
            Copies copies,
            long after) {
        this.pool = pool;
        this.epochs = epochs;
        this.versions = versions;
        this.backoff = backoff;
        this.copies = copies;
        segmentBytes = pool.unitBytes();
        segmentOrder = SegletPool.orderFor(segmentBytes);
        checksum = new Checksum(pool);
        segmentOfSeglet = new Segment[(int) (pool.capacity() >>> SegletPool.SEGLET_SHIFT)];
        slots = new AtomicReferenceArray<>((int) (pool.capacity() / segmentBytes));
        sequence = after / slots.length();
        boolean begun = makeRoom(Entry.HEADER_BYTES, Claimant.WRITE);
        require(begun, "memory of %d bytes is too small for the log to begin", pool.capacity());
    }

    /** Length of a segment. */
    public int segmentBytes() {
        return segmentBytes;
    }

    /**
     * Room for entries whose strides sum up to {@code bytes}, written by a caller that commits all
     * of it before its epoch ends.
     *
     * @return its address; 0 when the head has no such room, see {@link #makeRoom}
     */
    public long claim(int bytes) {
        Window window = head;
        return window.reserved ? 0 : window.claim(bytes);
    }

    /** As {@link #claim}, for a tombstone, which has room when writes have none. */
    public long claimForRemoval(int bytes) {
        return head.claim(bytes);
    }

    /**
     * Sees to it that the head has room for {@code bytes}, by giving it more memory.
     *
     * @return false when the pool has none for this claimant; otherwise claim again, though another
     *     thread may have taken the room meanwhile
     */
    public boolean makeRoom(int bytes, Claimant claimant) {
        lock();
        try {
            return extendHead(bytes, claimant);
        } finally {
            unlock();
        }
    }

    /** Most bytes that one claim may have. */
    public int claimBytesMax() {
        return segmentBytes - MARKS_BYTES;
    }

    /** Whether entries of so many bytes together are claimed by {@link #claimLarge}. */
    public boolean isLarge(int bytes) {
        return bytes > segmentBytes / LARGE_SHARE;
    }

    /**
     * As {@link #claim}, for a large entry, for which it also makes room. Not under any lock; what
     * is not used must be {@link #abandon}ed.
     *
     * @return its address; 0 when the pool has no memory for writes
     */
    public long claimLarge(int bytes) {
        lock();
        try {
            long room = claim(bytes);
            if (room != 0) {
                return room;
            }
            claiming = bytes;
            return extendHead(bytes, Claimant.WRITE) ? claimed : 0;
        } finally {
            claiming = 0;
            unlock();
        }
    }

    private boolean extendHead(int bytes, Claimant claimant) {
        assert bytes + MARKS_BYTES <= segmentBytes;
        Window current = head;
        if (current == null) {
            return beginSegment(bytes, claimant);
        }
        boolean closedToCaller =
                current.reserved
                        && claimant == Claimant.WRITE
                        && pool.available(Claimant.WRITE) == 0;
        if (closedToCaller) {
            return false;
        }
        boolean open = !current.reserved || claimant != Claimant.WRITE;
        if (open && current.fits(bytes)) {
            return true;
        }
        Segment segment = current.segment;
        if (segment.usedBytes() + bytes > segmentBytes) {
            return beginSegment(bytes, claimant);
        }
        current.close(backoff);
        if (segment.usedBytes() + bytes > segmentBytes) {
            openWindow(segment, 0, current.reserved);
            return beginSegment(bytes, claimant);
        }
        openWindow(segment, bytes, current.reserved && claimant != Claimant.WRITE);
        return true;
    }

    /** Makes a new segment the head. */
    private boolean beginSegment(int bytes, Claimant claimant) {
        long memory = prepared.getAndSet(0);
        int cleared = memory == 0 ? 0 : segmentBytes;
        if (memory == 0) {
            memory = pool.allocate(segmentOrder, Claimant.WRITE);
        }
        boolean reserved = memory == 0;
        if (reserved && claimant != Claimant.WRITE) {
            memory = pool.allocate(segmentOrder, claimant);
        }
        onDemand.run();
        if (memory == 0) {
            return false;
        }
        Window before = head;
        long age = before == null ? 0 : appended + segmentBytes;
        Segment segment = newSegment(age, memory, 0, false);
        segment.cleared(cleared);
        openWindow(segment, bytes + MARKS_BYTES, reserved);
        if (before != null) {
            before.close(backoff);
            before.segment.close();
            appended = age;
        }
        return true;
    }

    /**
     * Opens the head's next window, which is the rest of {@code segment} that is clear, and has
     * room for {@code bytes}.
     */
    private void openWindow(Segment segment, int bytes, boolean reserved) {
        int from = (int) segment.usedBytes();
        int cleared = segment.cleared();
        if (cleared - from < bytes) {
            int wanted = Math.max(cleared + WINDOW_BYTES, from + bytes);
            int to = Math.min(segmentBytes, wanted + Entry.ALIGNMENT - 1 & -Entry.ALIGNMENT);
            Memory.clear(segment.begin() + cleared, to - cleared);
            segment.cleared(to);
            cleared = to;
        }
        Window next = new Window(segment, segment.begin() + from, cleared - from, reserved);
        if (from == 0) {
            writeMarks(segment, next);
        }
        claimed = claiming == 0 ? 0 : next.claim(claiming);
        segment.window(next);
        head = next;
    }

    private void writeMarks(Segment segment, Window window) {
        writeMark(window.claim(MARK_BYTES), Entry.SEGMENT_HEADER, segment.id());
        writeMark(window.claim(MARK_BYTES), Entry.SAFE_VERSION, versions.safe());
        segment.addDead(MARKS_BYTES);
    }

    private void writeMark(long entry, int type, long version) {
        Entry.putFields(entry, 0, version, 0, 0, 0);
        Entry.commit(entry, Entry.headerOf(type, Entry.HEADER_BYTES, false), checksum);
    }

    /**
     * Room for an entry that says nothing and marks a moment, to be given to {@link #mark}.
     *
     * @return 0 when the pool has no memory
     */
    public long claimMark() {
        lock();
        try {
            boolean made = extendHead(MARK_BYTES, Claimant.REMOVE);
            return made ? head.claim(MARK_BYTES) : 0;
        } finally {
            unlock();
        }
    }

    /** Writes the entry that {@link #claimMark} made room for. Not twice at a time. */
    public void mark(long entry, Checksum own) {
        Entry.putFields(entry, 0, versions.safe(), 0, 0, 0);
        Entry.commit(entry, Entry.headerOf(Entry.SAFE_VERSION, Entry.HEADER_BYTES, false), own);
        segmentOf(entry).addDead(MARK_BYTES);
    }

    /**
     * Brings the memory of the next segment nearer to being ready. One agent's duty, in slices of
     * some ten microseconds.
     *
     * @return 0 when there is nothing to do
     */
    public int prepare() {
        if (preparing == 0) {
            if (prepared.get() != 0
                    || pool.available(Claimant.WRITE) < (long) PREPARE_FACTOR * segmentBytes) {
                return 0;
            }
            preparing = pool.allocate(segmentOrder, Claimant.WRITE);
            preparingCleared = 0;
            if (preparing == 0) {
                return 0;
            }
        }
        int length = Math.min(CLEAR_BYTES, segmentBytes - preparingCleared);
        Memory.clear(preparing + preparingCleared, length);
        preparingCleared += length;
        if (preparingCleared == segmentBytes) {
            prepared.set(preparing);
            preparing = 0;
        }
        return 1;
    }

    /** Has {@code wakeUp} called when the log takes memory, or would like to. Be cheap. */
    public void onDemand(Runnable wakeUp) {
        onDemand = wakeUp;
    }

    /** Nothing refers to {@code entry} any more. Exactly once per entry, inside an epoch. */
    public void entryDied(long entry) {
        int header = Entry.markDead(entry);
        assert !Entry.isDead(header);
        segmentOf(entry).addDead(Entry.strideOf(header));
    }

    /**
     * The cleaner has moved what was at {@code entry}, with this header word, and nobody else can
     * find it there. To be counted by {@link #entriesMoved}.
     */
    public void entryMoved(long entry, int header) {
        Entry.markMoved(entry, header);
    }

    /** So many bytes of {@code segment} have been moved away, {@code tombstones} among them. */
    public void entriesMoved(Segment segment, long bytes, long tombstones) {
        segment.addDead(bytes);
        segment.addTombstone(-tombstones);
    }

    /** A tombstone was written at {@code entry}. */
    public void tombstoneAdded(long entry) {
        segmentOf(entry).addTombstone(Entry.strideOf(Entry.header(entry)));
    }

    /** The tombstone at {@code entry} buries nothing any more. Called by the cleaner only. */
    public void tombstoneDied(long entry) {
        entryDied(entry);
        segmentOf(entry).addTombstone(-Entry.strideOf(Entry.header(entry)));
    }

    /** What was claimed at {@code entry} is to be nothing: it stays unwritten, or is unwanted. */
    public void abandon(long entry, int bytes) {
        Entry.commitPadding(entry, bytes);
        segmentOf(entry).addDead(bytes);
    }

    /**
     * Begins an era: nothing that is appended from now on lies in a segment of a lower id, also
     * when the cleaner moves it. Whoever drops what it had, and is to get something like it again,
     * can then tell the one from the other in copies of the log. RAMCloud compares positions
     * (specs/rocksteady.md, B.1: ctime), and its cleaner uses new segments only.
     *
     * @return the lowest id; 0 when there is no memory for a segment
     */
    public long beginEra() {
        lock();
        try {
            Segment last = head.segment;
            boolean isNew = last.usedBytes() <= MARKS_BYTES && numberOf(last.id()) == sequence;
            if (!isNew && !beginSegment(0, Claimant.REMOVE)) {
                return 0;
            }
            era = head.segment.id();
            return era;
        } finally {
            unlock();
        }
    }

    /**
     * Which segment of all that were ever begun is called {@code id}: it grows from one to the
     * next.
     */
    long numberOf(long id) {
        return id / slots.length();
    }

    /** The lowest id of a segment of the era; the cleaner moves nothing into older ones. */
    public long era() {
        return era;
    }

    /** The source of versions. */
    public Versions versions() {
        return versions;
    }

    /** The segment that an entry lies in. */
    public Segment segmentOf(long entry) {
        return (Segment) SEGMENTS.getAcquire(segmentOfSeglet, pool.segletOf(entry));
    }

    /** Whether the segment called {@code id} is still in the log. */
    public boolean contains(long id) {
        Segment segment = slots.getAcquire(slotOf(id));
        return segment != null && segment.id() == id;
    }

    /** Whether copies are behind, so that memory may yet be had by cleaning. */
    public boolean isHeld() {
        boolean held = false;
        for (int slot = 0; slot < slotsUsed && copies.areMade() && !held; slot++) {
            Segment segment = slots.getAcquire(slot);
            held = segment != null && segment.isClosed() && !segment.isCleanable();
        }
        return held;
    }

    /** See {@link Segment#positionOf}. */
    public long positionOf(long entry) {
        return segmentOf(entry).positionOf(entry);
    }

    /** The position that the next entry gets: all that have been claimed have lower ones. */
    public long headPosition() {
        Segment segment = head.segment;
        return segment.positionOf(segment.end());
    }

    /** How many slots to look at for every segment. */
    public int slots() {
        return slotsUsed;
    }

    /** The segment in a slot, or null. */
    public Segment segment(int slot) {
        return slots.getAcquire(slot);
    }

    /** Bytes appended at the head so far, segment by segment: the clock of {@link Segment#born}. */
    public long appendedBytes() {
        return appended;
    }

    /** Bytes of wanted entries and tombstones in all segments. */
    public long liveBytes() {
        long sum = 0;
        for (int slot = 0; slot < slotsUsed; slot++) {
            Segment segment = slots.getAcquire(slot);
            sum += segment == null ? 0 : segment.liveBytes();
        }
        return sum;
    }

    /** Memory of all segments. */
    public long segmentsBytes() {
        long sum = 0;
        for (int slot = 0; slot < slotsUsed; slot++) {
            sum += slots.getAcquire(slot) == null ? 0 : segmentBytes;
        }
        return sum;
    }

    /**
     * A segment for the cleaner to {@link #append} to; null when the pool has no memory. It is in
     * the log at once.
     *
     * @param born see {@link Segment#born}
     */
    public Segment openSurvivor(long born) {
        long memory = pool.allocate(segmentOrder, Claimant.CLEANER);
        if (memory == 0) {
            return null;
        }
        lock();
        try {
            Segment survivor = newSegment(born, memory, segmentBytes, true);
            writeMarks(survivor, survivor.window());
            show(survivor);
            return survivor;
        } finally {
            unlock();
        }
    }

    /**
     * Room for {@code bytes} in a survivor that only the caller appends to.
     *
     * @return its address; 0 when it is full
     */
    public long append(Segment survivor, int bytes) {
        return survivor.window().claim(bytes);
    }

    /**
     * Lets the cleaner {@link #append} to what a closed segment has left at its end. It stays
     * closed: nobody else adds to it.
     */
    public void reopen(Segment segment) {
        assert segment.isCleanable() && !segment.isGone();
        segment.show();
        int left = segment.leftBytes();
        segment.window(new Window(segment, segment.end(), left, false));
    }

    /** All that the cleaner has appended to {@code segment} is as it will stay. */
    public void show(Segment segment) {
        segment.show();
        copies.grown(segment);
    }

    /** Ends a survivor. It may be cleaned from now on. */
    public void seal(Segment survivor) {
        survivor.window().close(backoff);
        survivor.close();
        copies.grown(survivor);
    }

    /**
     * Takes a segment out of the log; its memory is free when no reader can see it. Nothing may
     * refer to its entries any more.
     */
    public void retire(Segment segment) {
        assert segment.isCleanable();
        assert !segment.isGone();
        copies.retired(segment);
        segment.leave();
        slots.set(slotOf(segment.id()), null);
        epochs.retire(() -> pool.free(segment.begin(), segmentOrder));
    }

    private Segment newSegment(long born, long memory, int windowBytes, boolean survivor) {
        int slot = 0;
        while (slots.getAcquire(slot) != null) {
            slot++;
        }
        sequence++;
        long id = sequence * slots.length() + slot;
        Segment segment = new Segment(id, born, memory, segmentBytes, survivor);
        if (copies.areMade()) {
            segment.copied(memory);
        }
        segment.window(new Window(segment, memory, windowBytes, false));
        int first = pool.segletOf(memory);
        for (int seglet = first; seglet < first + (1 << segmentOrder); seglet++) {
            SEGMENTS.setRelease(segmentOfSeglet, seglet, segment);
        }
        slots.set(slot, segment);
        slotsUsed = Math.max(slotsUsed, slot + 1);
        copies.begun(segment);
        return segment;
    }

    private int slotOf(long id) {
        return (int) Long.remainderUnsigned(id, slots.length());
    }

    private void lock() {
        for (int attempt = 0; !lock.compareAndSet(false, true); attempt++) {
            backoff.idle(attempt);
        }
    }

    private void unlock() {
        lock.setRelease(false);
    }
}
