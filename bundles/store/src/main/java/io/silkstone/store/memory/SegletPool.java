package io.silkstone.store.memory;

import static io.silkstone.base.Checks.isPowerOfTwo;
import static io.silkstone.base.Checks.require;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The node's memory for data, handed out in extents: runs of 2^order seglets of 64 KiB, order 0 to
 * 7. Log and hash tables share it, so neither needs a size of its own.
 *
 * <p>Nearly all extents are of one length, the <em>unit</em>: the log takes whole units only, hash
 * tables take seglets out of units that they have broken. So the memory of the log is never
 * fragmented. A buddy system mends broken units, and freed extents are used again before untouched
 * memory is. See docs/decisions/0020-segments.md.
 *
 * <p>Who asks decides how deep the pool may be drained ({@link Claimant}), so that the cleaner, on
 * which all others depend, always finds memory. All methods may be called by any thread; they take
 * a lock for some dozen instructions and touch none of the memory itself, save {@link
 * #populateAhead}.
 */
public final class SegletPool implements AutoCloseable {
    /** log2 of {@link #SEGLET_BYTES}. */
    public static final int SEGLET_SHIFT = 16;

    /** The smallest extent. */
    public static final int SEGLET_BYTES = 1 << SEGLET_SHIFT;

    /** Order of the largest extent. */
    public static final int ORDER_MAX = 7;

    /** The largest extent; the pool consists of whole ones. */
    public static final int BLOCK_BYTES = SEGLET_BYTES << ORDER_MAX;

    /** For whom memory is taken, in order of rising privilege. */
    public enum Claimant {
        /** New objects: leave memory for all others. */
        WRITE,
        /** Growth of hash tables: leave memory for removals and the cleaner. */
        TABLE,
        /** Tombstones: leave memory for the cleaner. */
        REMOVE,
        /** The cleaner, which gives back more than it takes. */
        CLEANER
    }

    private static final int POPULATE_BYTES = 2 << 20;
    private static final int NONE = -1;
    private static final VarHandle LOCK;

    static {
        try {
            LOCK =
                    MethodHandles.lookup()
                            .findVarHandle(SegletPool.class, "lock", int.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Mapping mapping;
    private final Backoff backoff;
    private final long base;
    private final long capacity;
    private final int unitOrder;

    /** Units that each claimant must leave. */
    private final int[] reserves;

    /** First free extent of each order, by the index of its first seglet. */
    private final int[] first = new int[ORDER_MAX + 1];

    private final int[] next;
    private final int[] previous;

    /** Order + 1 where a free extent begins, 0 elsewhere. */
    private final byte[] freeOrder;

    @SuppressWarnings("unused") // by LOCK
    private int lock;

    /** Bytes in all free extents. */
    private volatile long free;

    /** Units in free extents of a unit or more. */
    private volatile int freeUnits;

    private volatile long touched;
    private volatile long populated;

    /**
     * Maps {@code capacity} bytes, a multiple of {@link #BLOCK_BYTES}.
     *
     * @param unitBytes length of the extents that are kept whole, a power of two
     * @param reserve units that only the cleaner may use; removals have one more, the growth of
     *     tables another
     */
    public SegletPool(
            long capacity, int unitBytes, int reserve, HugePages hugePages, Backoff backoff) {
        require(
                capacity > 0 && capacity % BLOCK_BYTES == 0,
                "memory.bytes must be a multiple of %d, was %d",
                BLOCK_BYTES,
                capacity);
        require(
                isPowerOfTwo(unitBytes) && unitBytes >= SEGLET_BYTES && unitBytes <= BLOCK_BYTES,
                "log.segment.bytes must be a power of two from %d to %d, was %d",
                SEGLET_BYTES,
                BLOCK_BYTES,
                unitBytes);
        require(
                reserve >= 0 && reserve + 2L < capacity / unitBytes / 2,
                "a reserve of %d segments takes half of the memory or more",
                reserve);
        unitOrder = orderFor(unitBytes);
        reserves = new int[] {reserve + 2, reserve + 1, reserve, 0};
        this.capacity = capacity;
        this.backoff = backoff;
        mapping = new Mapping(capacity, BLOCK_BYTES, hugePages);
        base = mapping.address();
        int seglets = Math.toIntExact(capacity >>> SEGLET_SHIFT);
        next = new int[seglets];
        previous = new int[seglets];
        freeOrder = new byte[seglets];
        Arrays.fill(first, NONE);
        for (int index = seglets; index > 0; ) {
            index -= 1 << ORDER_MAX;
            push(index, ORDER_MAX);
        }
        free = capacity;
    }

    /** Where the pool begins; extents lie at multiples of their length from here. */
    public long base() {
        return base;
    }

    /** Its length. */
    public long capacity() {
        return capacity;
    }

    /** Bytes that are not handed out, the reserves included. */
    public long freeBytes() {
        return free;
    }

    /** Length of the extents that are kept whole. */
    public int unitBytes() {
        return bytesOf(unitOrder);
    }

    /** Bytes in whole units that {@code claimant} may still take. */
    public long available(Claimant claimant) {
        return Math.max(0L, freeUnits - reserves[claimant.ordinal()]) << SEGLET_SHIFT + unitOrder;
    }

    /** Bytes that {@code claimant} must leave. */
    public long reserve(Claimant claimant) {
        return (long) reserves[claimant.ordinal()] << SEGLET_SHIFT + unitOrder;
    }

    /** Bytes ever handed out or populated: what the process holds at most. */
    public long touchedBytes() {
        return Math.max(touched, populated);
    }

    /** The smallest order that holds {@code bytes}. */
    public static int orderFor(long bytes) {
        assert bytes > 0 && bytes <= BLOCK_BYTES;
        return bytes <= SEGLET_BYTES
                ? 0
                : Long.SIZE - Long.numberOfLeadingZeros(bytes - 1) - SEGLET_SHIFT;
    }

    /** Bytes of an extent. */
    public static int bytesOf(int order) {
        return SEGLET_BYTES << order;
    }

    /** Which seglet an address of this pool lies in, from 0. */
    public int segletOf(long address) {
        assert address >= base && address < base + capacity;
        return (int) (address - base >>> SEGLET_SHIFT);
    }

    /** Takes an extent with whatever it held before; 0 when there is none for this claimant. */
    public long allocate(int order, Claimant claimant) {
        acquire();
        try {
            int found = order;
            while (found <= ORDER_MAX && first[found] == NONE) {
                found++;
            }
            if (found > ORDER_MAX) {
                return 0;
            }
            // What is left of a broken unit is of no use but to those who take less.
            int units = found < unitOrder ? 0 : 1 << Math.max(0, order - unitOrder);
            boolean allowed = units == 0 || freeUnits - units >= reserves[claimant.ordinal()];
            return allowed ? take(found, order) : 0;
        } finally {
            release();
        }
    }

    /** Gives an extent back. Nothing may refer to it any more; see {@link Epochs}. */
    public void free(long address, int order) {
        assert (address - base) % bytesOf(order) == 0;
        acquire();
        try {
            int index = segletOf(address);
            int merged = order;
            while (merged < ORDER_MAX) {
                int buddy = index ^ 1 << merged;
                if (freeOrder[buddy] != merged + 1) {
                    break;
                }
                unlink(buddy, merged);
                index &= ~(1 << merged);
                merged++;
            }
            assert freeOrder[index] == 0;
            push(index, merged);
            free += bytesOf(order);
        } finally {
            release();
        }
    }

    /**
     * Has the kernel back untouched memory with pages, until {@code bytes} of it are ready.
     *
     * @return 1 when it did a piece of a few megabytes, 0 when nothing is left to do. One thread.
     */
    public int populateAhead(long bytes) {
        long from = Math.max(populated, touched);
        long wanted = Math.min(capacity, touched + bytes);
        if (from >= wanted) {
            return 0;
        }
        long length = Math.min(POPULATE_BYTES, wanted - from);
        mapping.populate(base + from, length);
        populated = from + length;
        return 1;
    }

    /** Gives all memory back to the machine; no address of it may be used afterwards. */
    @Override
    public void close() {
        mapping.close();
    }

    private long take(int found, int order) {
        int index = first[found];
        unlink(index, found);
        for (int split = found; split > order; ) {
            split--;
            push(index + (1 << split), split);
        }
        free -= bytesOf(order);
        long offset = (long) index << SEGLET_SHIFT;
        touched = Math.max(touched, offset + bytesOf(order));
        return base + offset;
    }

    private void push(int index, int order) {
        int second = first[order];
        next[index] = second;
        previous[index] = NONE;
        if (second != NONE) {
            previous[second] = index;
        }
        first[order] = index;
        freeOrder[index] = (byte) (order + 1);
        freeUnits += unitsIn(order);
    }

    private void unlink(int index, int order) {
        assert freeOrder[index] == order + 1;
        if (previous[index] == NONE) {
            first[order] = next[index];
        } else {
            next[previous[index]] = next[index];
        }
        if (next[index] != NONE) {
            previous[next[index]] = previous[index];
        }
        freeOrder[index] = 0;
        freeUnits -= unitsIn(order);
    }

    private int unitsIn(int order) {
        return order < unitOrder ? 0 : 1 << order - unitOrder;
    }

    private void acquire() {
        for (int attempt = 0; !(boolean) LOCK.compareAndSet(this, 0, 1); attempt++) {
            backoff.idle(attempt);
        }
    }

    private void release() {
        LOCK.setRelease(this, 0);
    }
}
