package io.silkstone.threads;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Keeps {@link OccupancyWord} off its neighbours' cache lines; 128 bytes for adjacent prefetch. */
abstract class OccupancyPadding {
    long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;
}

/** The word itself, between two paddings. */
abstract class OccupancyField extends OccupancyPadding {
    volatile long word;
}

/**
 * Which of a core's contexts are occupied: the mask-and-count word of Arachne (section 4.3).
 *
 * <pre>
 *   63       62       56 55                                    0
 *   | closed | count    | one bit a context, 1 = occupied      |
 * </pre>
 *
 * A creator claims a context and learns the core's load in one atomic step; the core gives a
 * context back in one addition, where the paper's code loops. A closed word refuses every claim,
 * because its count reads as more than there are contexts, while contexts are still given back.
 * Threads: any.
 */
final class OccupancyWord extends OccupancyField {
    /** Contexts of a core: what fits beside the count. */
    static final int CONTEXTS = 56;

    /** Returned by {@link #claim} when no context is free or the word is closed. */
    static final int FULL = -1;

    private static final long MASK = (1L << CONTEXTS) - 1;
    private static final long ONE = 1L << CONTEXTS;
    private static final long CLOSED = 1L << 63;
    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(OccupancyField.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

    /** A word without an occupied context, open or closed. */
    OccupancyWord(boolean open) {
        word = open ? 0 : CLOSED;
    }

    /** Claims the lowest free context: its slot, or {@link #FULL}. */
    int claim() {
        while (true) {
            long now = word;
            // Closed is the count's top bit, so one unsigned comparison covers both refusals.
            if (now >>> CONTEXTS >= CONTEXTS) {
                return FULL;
            }
            int slot = Long.numberOfTrailingZeros(~now);
            if (WORD.compareAndSet(this, now, (now | 1L << slot) + ONE)) {
                return slot;
            }
        }
    }

    /** As {@link #claim}, open or closed: for a thread that belongs to the core itself. */
    int claimForCore() {
        while (true) {
            long now = word;
            int slot = Long.numberOfTrailingZeros(~now);
            if (slot >= CONTEXTS) {
                return FULL;
            }
            if (WORD.compareAndSet(this, now, (now | 1L << slot) + ONE)) {
                return slot;
            }
        }
    }

    /** As {@link #claimForCore}, the context at {@code slot}; false when it is occupied. */
    boolean claimForCore(int slot) {
        while (true) {
            long now = word;
            if ((now >>> slot & 1) != 0) {
                return false;
            }
            if (WORD.compareAndSet(this, now, (now | 1L << slot) + ONE)) {
                return true;
            }
        }
    }

    /** Gives back the context at {@code slot}; whoever claims it next sees what came before. */
    void release(int slot) {
        long before = (long) WORD.getAndAdd(this, -(ONE + (1L << slot)));
        assert (before >>> slot & 1) == 1 : "released twice";
    }

    /** Refuses claims from now on; false when it did already. */
    boolean close() {
        return (long) WORD.getAndBitwiseOr(this, CLOSED) >= 0;
    }

    /** Takes claims again. */
    void open() {
        WORD.getAndBitwiseAnd(this, ~CLOSED);
    }

    boolean isClosed() {
        return word < 0;
    }

    /** One bit for each occupied context. */
    long mask() {
        return word & MASK;
    }

    /** Occupied contexts; more than {@link #CONTEXTS} when closed. For comparing loads. */
    int load() {
        return (int) (word >>> CONTEXTS);
    }

    /** Occupied contexts. */
    int count() {
        return (int) (word >>> CONTEXTS) & 0x7f;
    }
}
