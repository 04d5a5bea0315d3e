package io.silkstone.store.log;

import static io.silkstone.base.Checks.inRange;
import static io.silkstone.base.Checks.isPowerOfTwo;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Log-structured memory after RAMCloud (FAST'14): objects are only ever appended, at the head, and
 * the cleaner copies what is wanted of old segments into survivors and frees the segments.
 *
 * <p><b>Appending.</b> A thread claims room with {@link #claim} (one atomic addition for all that
 * it writes as one step, no lock), writes its entries and commits each by its header word, the
 * first one last. A claim of 0 means that the head has no such room: the thread lets go of every
 * lock, calls {@link #makeRoom} and tries again. RAMCloud takes a spin lock for each append; with
 * many sessions that lock is what they meet at. See docs/decisions/0021-one-head.md.
 *
 * <p><b>Extents of the head.</b> A segment takes memory extent by extent. {@link #prepare} keeps
 * the next one cleared, so that header words not yet written are 0 and no write waits for the
 * kernel's first touch; when it falls behind, or memory is scarce, writers clear a small one
 * themselves.
 *
 * <p><b>Liveness.</b> Whoever drops the last reference to an entry says so to {@link #entryDied},
 * which sets its dead flag and counts it.
 *
 * <p>All methods may be called by any thread, {@link #append} excepted.
 */
public final class Log {
    /** Largest segment: one largest extent. */
    public static final int SEGMENT_BYTES_MAX = SegletPool.BLOCK_BYTES;

    private static final int SMALL_ORDER = 3;
    private static final int ENTRIES_PER_EXTENT = 16;
    private static final int CLEAR_BYTES = 256 << 10;
    private static final int PREPARE_FACTOR = 4;
    private static final int PREAMBLE_BYTES = 2 * Entry.stride(Entry.HEADER_BYTES);
    private static final VarHandle EXTENTS =
            MethodHandles.arrayElementVarHandle(Extent[].class).withInvokeExactBehavior();

    private final SegletPool pool;
    private final Epochs epochs;
    private final Versions versions;
    private final Backoff backoff;
    private final int segmentBytes;
    private final Checksum checksum;

    /** The extent that each seglet belongs to. */
    private final Extent[] extentOfSeglet;

    /** Segments of the log; a segment's id modulo the length is its slot. */
    private final AtomicReferenceArray<Segment> slots;

    private final AtomicReference<Prepared> prepared = new AtomicReference<>();
    private final AtomicBoolean lock = new AtomicBoolean();
    private final AtomicLong appended = new AtomicLong();
    private volatile Runnable onDemand = () -> {};
    private volatile int slotsUsed;
    private volatile Extent head;
    private long sequence;
    private Prepared preparing;
    private int cleared;

    /** An empty log whose segments take {@code segmentBytes}, a power of two. */
    public Log(
            SegletPool pool, Epochs epochs, Versions versions, int segmentBytes, Backoff backoff) {
        require(
                isPowerOfTwo(segmentBytes),
                "log.segment.bytes must be a power of two, was %d",
                segmentBytes);
        inRange(
                "log.segment.bytes",
                segmentBytes,
                SegletPool.SEGLET_BYTES,
                Math.min(SEGMENT_BYTES_MAX, pool.capacity() / 4));
        this.pool = pool;
        this.epochs = epochs;
        this.versions = versions;
        this.segmentBytes = segmentBytes;
        this.backoff = backoff;
        checksum = new Checksum(pool);
        int seglets = (int) (pool.capacity() >>> SegletPool.SEGLET_SHIFT);
        extentOfSeglet = new Extent[seglets];
        slots = new AtomicReferenceArray<>(seglets);
        boolean begun = makeRoom(Entry.HEADER_BYTES, Claimant.WRITE);
        require(begun, "memory of %d bytes is too small for the log to begin", pool.capacity());
    }

    /** Longest a segment gets, large objects excepted. */
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
        Extent extent = head;
        return extent.reserved ? 0 : extent.claim(bytes);
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
            Extent current = head;
            if (current != null && hasRoom(current, bytes, claimant)) {
                return true;
            }
            Prepared memory = obtain(bytes + PREAMBLE_BYTES, claimant);
            if (memory == null) {
                return false;
            }
            extendHead(current, memory);
            return true;
        } finally {
            unlock();
        }
    }

    private static boolean hasRoom(Extent extent, int bytes, Claimant claimant) {
        return extent.fits(bytes) && !(extent.reserved && claimant == Claimant.WRITE);
    }

    /** Cleared memory of at least {@code bytes}; null when there is none. */
    private Prepared obtain(int bytes, Claimant claimant) {
        Prepared ready = prepared.getAndSet(null);
        onDemand.run();
        if (ready != null) {
            if (SegletPool.bytesOf(ready.order) >= bytes) {
                return ready;
            }
            pool.free(ready.address, ready.order);
        }
        int smallest = SegletPool.orderFor(bytes);
        for (int order = headOrder(bytes); order >= smallest; order--) {
            long address = pool.allocate(order, Claimant.WRITE);
            if (address != 0) {
                return cleared(new Prepared(address, order, false));
            }
        }
        if (claimant == Claimant.WRITE) {
            return null;
        }
        long address = pool.allocate(smallest, claimant);
        return address == 0 ? null : cleared(new Prepared(address, smallest, true));
    }

    /**
     * Which order to take for an entry of {@code bytes}: soon cleared, but not so small that what
     * the entry leaves unused at its end is much.
     */
    private int headOrder(int bytes) {
        long roomy = Math.min((long) bytes * ENTRIES_PER_EXTENT, SegletPool.BLOCK_BYTES);
        int small = Math.min(SMALL_ORDER, SegletPool.orderFor(segmentBytes));
        return Math.max(small, SegletPool.orderFor(roomy));
    }

    private static Prepared cleared(Prepared memory) {
        Memory.clear(memory.address, SegletPool.bytesOf(memory.order));
        return memory;
    }

    private void extendHead(Extent current, Prepared memory) {
        int bytes = SegletPool.bytesOf(memory.order);
        Segment segment = current == null ? null : current.segment;
        boolean full = segment == null || segment.capacity() + bytes > segmentBytes;
        if (full) {
            segment = newSegment(appended.get() + (current == null ? 0 : current.capacity()));
        }
        Extent fresh = attach(segment, memory.address, memory.order, memory.reserved);
        if (full) {
            writePreamble(segment, fresh);
        }
        head = fresh;
        if (current != null) {
            free(current, current.close(SegletPool.SEGLET_BYTES, backoff));
            appended.addAndGet(current.capacity());
            if (full) {
                current.segment.close();
            }
        }
    }

    private void writePreamble(Segment segment, Extent extent) {
        long entry = extent.claim(PREAMBLE_BYTES);
        writeMark(entry, Entry.SEGMENT_HEADER, segment.id());
        writeMark(entry + PREAMBLE_BYTES / 2, Entry.SAFE_VERSION, versions.safe());
        segment.addDead(PREAMBLE_BYTES);
    }

    private void writeMark(long entry, int type, long version) {
        Entry.putFields(entry, 0, version, 0, 0, 0);
        Entry.commit(entry, Entry.headerOf(type, Entry.HEADER_BYTES, false), checksum);
    }

    /**
     * Brings the next extent of the head nearer to being ready. One agent's duty, in slices of some
     * ten microseconds.
     *
     * @return 0 when there is nothing to do
     */
    public int prepare() {
        if (preparing == null) {
            if (prepared.get() != null
                    || pool.available(Claimant.WRITE) < (long) PREPARE_FACTOR * segmentBytes) {
                return 0;
            }
            int order = pool.largestFree(SegletPool.orderFor(segmentBytes));
            long address = order < 0 ? 0 : pool.allocate(order, Claimant.WRITE);
            if (address == 0) {
                return 0;
            }
            preparing = new Prepared(address, order, false);
            cleared = 0;
        }
        int bytes = SegletPool.bytesOf(preparing.order);
        int length = Math.min(CLEAR_BYTES, bytes - cleared);
        Memory.clear(preparing.address + cleared, length);
        cleared += length;
        if (cleared == bytes) {
            prepared.set(preparing);
            preparing = null;
        }
        return 1;
    }

    /** Has {@code wakeUp} called when there is something to {@link #prepare}. Be cheap. */
    public void onDemand(Runnable wakeUp) {
        onDemand = wakeUp;
    }

    /** Nothing refers to {@code entry} any more. Exactly once per entry, inside an epoch. */
    public void entryDied(long entry) {
        int header = Entry.markDead(entry);
        assert !Entry.isDead(header);
        segmentOf(entry).addDead(Entry.strideOf(header));
    }

    /** A tombstone was written at {@code entry}. */
    public void tombstoneAdded(long entry) {
        segmentOf(entry).addTombstone(Entry.strideOf(Entry.header(entry)));
    }

    /** What was claimed at {@code entry} will not be written. */
    public void abandon(long entry, int bytes) {
        Entry.commitPadding(entry, bytes);
        segmentOf(entry).addDead(bytes);
    }

    /** The source of versions. */
    public Versions versions() {
        return versions;
    }

    /** The segment that an entry lies in. */
    public Segment segmentOf(long entry) {
        Extent extent = (Extent) EXTENTS.getAcquire(extentOfSeglet, pool.segletOf(entry));
        return extent.segment;
    }

    /** Whether the segment called {@code id} is still in the log. */
    public boolean contains(long id) {
        Segment segment = slots.getAcquire((int) Long.remainderUnsigned(id, slots.length()));
        return segment != null && segment.id() == id;
    }

    /** How many slots to look at for every segment. */
    public int slots() {
        return slotsUsed;
    }

    /** The segment in a slot, or null. */
    public Segment segment(int slot) {
        return slots.getAcquire(slot);
    }

    /** Bytes appended at the head so far, extent by extent: the clock of {@link Segment#born}. */
    public long appendedBytes() {
        return appended.get();
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
            Segment segment = slots.getAcquire(slot);
            sum += segment == null ? 0 : segment.capacity();
        }
        return sum;
    }

    /**
     * A segment for the cleaner to {@link #append} to. It is in the log at once.
     *
     * @param born see {@link Segment#born}
     */
    public Segment openSurvivor(long born) {
        lock();
        try {
            return newSegment(born);
        } finally {
            unlock();
        }
    }

    /**
     * Room for {@code bytes} in a survivor that only the caller appends to; takes small free
     * extents before large ones are broken.
     *
     * @return its address; 0 when the segment has its size already or the pool has no such memory
     */
    public long append(Segment survivor, int bytes) {
        Extent last = survivor.extents() == 0 ? null : survivor.lastExtent();
        long address = last == null ? 0 : last.claim(bytes);
        if (address != 0) {
            return address;
        }
        long left = segmentBytes - survivor.capacity();
        if (last != null && left < bytes) {
            return 0;
        }
        int wanted = SegletPool.orderFor(Math.max(bytes, Math.min(left, segmentBytes)));
        int order = survivorOrder(bytes, wanted);
        long memory = order < 0 ? 0 : pool.allocate(order, Claimant.CLEANER);
        if (memory == 0) {
            return 0;
        }
        if (last != null) {
            trim(last);
        }
        return attach(survivor, memory, order, false).claim(bytes);
    }

    /**
     * Which order to take for entries of about {@code bytes}: a small extent, though not so small
     * that what an entry leaves unused at the end of it is much.
     */
    private int survivorOrder(int bytes, int wanted) {
        long roomy = Math.min((long) bytes * ENTRIES_PER_EXTENT, SegletPool.BLOCK_BYTES);
        int roomyOrder = Math.min(SegletPool.orderFor(roomy), wanted);
        int order = pool.smallestFree(roomyOrder);
        if (order >= 0) {
            return Math.min(order, wanted);
        }
        order = pool.largestFree(roomyOrder);
        return order < SegletPool.orderFor(bytes) ? -1 : order;
    }

    private void trim(Extent extent) {
        free(extent, extent.trim(SegletPool.SEGLET_BYTES));
    }

    /** Gives back {@code bytes} that an extent has no use for, at its end. */
    private void free(Extent extent, int bytes) {
        long end = extent.address + extent.capacity();
        setExtents(end, bytes, null);
        pool.freeRange(end, bytes);
    }

    /** Ends a survivor and gives back what it did not need. It may be cleaned from now on. */
    public void seal(Segment survivor) {
        if (survivor.extents() > 0) {
            trim(survivor.lastExtent());
        }
        survivor.close();
        if (survivor.extents() == 0) {
            retire(survivor);
        }
    }

    /**
     * Takes a segment out of the log; its memory is free when no reader can see it. Nothing may
     * refer to its entries any more.
     */
    public void retire(Segment segment) {
        assert segment.isClosed();
        assert !segment.isGone();
        segment.leave();
        slots.set((int) Long.remainderUnsigned(segment.id(), slots.length()), null);
        epochs.retire(() -> release(segment));
    }

    private void release(Segment segment) {
        for (int index = 0; index < segment.extents(); index++) {
            Extent extent = segment.extent(index);
            setExtents(extent.address, extent.capacity(), null);
            pool.freeRange(extent.address, extent.capacity());
        }
    }

    private Extent attach(Segment segment, long address, int order, boolean reserved) {
        Extent extent = new Extent(segment, address, SegletPool.bytesOf(order), reserved);
        setExtents(address, extent.capacity(), extent);
        segment.add(extent);
        return extent;
    }

    private void setExtents(long address, long bytes, Extent extent) {
        if (bytes == 0) {
            return;
        }
        int from = pool.segletOf(address);
        int count = (int) (bytes >>> SegletPool.SEGLET_SHIFT);
        for (int seglet = from; seglet < from + count; seglet++) {
            EXTENTS.setRelease(extentOfSeglet, seglet, extent);
        }
    }

    private Segment newSegment(long born) {
        int slot = 0;
        while (slots.getAcquire(slot) != null) {
            slot++;
        }
        sequence++;
        Segment segment = new Segment(sequence * slots.length() + slot, born);
        slots.set(slot, segment);
        slotsUsed = Math.max(slotsUsed, slot + 1);
        return segment;
    }

    private void lock() {
        for (int attempt = 0; !lock.compareAndSet(false, true); attempt++) {
            backoff.idle(attempt);
        }
    }

    private void unlock() {
        lock.setRelease(false);
    }

    private record Prepared(long address, int order, boolean reserved) {}
}
