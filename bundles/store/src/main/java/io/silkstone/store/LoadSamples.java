package io.silkstone.store;

import io.silkstone.base.NanoClock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one session has worked on lately: some of its operations, each with its table and hash.
 *
 * <p>Counters of tablets would have to be found for each operation and carried along whenever
 * tablets are cut, come or go, and would not say where to cut. So the session keeps a sample: of
 * all operations while it does little, of one in hundreds while it does much, such that the samples
 * reach back for about as long as load is asked for. An operation costs an addition and a
 * comparison of what is the session's own; only one that is sampled reads a clock and writes. Gaps
 * between samples are random, or a client that asks for keys in turn could hide some of them.
 *
 * <p>Threads: the session's; {@link #show} any. Who reads takes no lock and may meet a sample that
 * is just being written: what comes of it is an estimate in any case.
 */
final class LoadSamples {
    /** What is asked for: "lately". */
    static final long WINDOW_NANOS = 5_000_000_000L;

    private static final int SAMPLES = 1 << 10;
    private static final int MASK = SAMPLES - 1;

    /** Those that may be written while others are read. */
    private static final int UNSAFE = 1 << 5;

    /** After so many it is seen whether they come too fast or too slowly. */
    private static final int STEP = 1 << 6;

    /** What a step is to take: all samples reach back for somewhat more than a window then. */
    private static final long STEP_NANOS = 2 * WINDOW_NANOS * STEP / SAMPLES;

    /** Between two samples: there is hardly any load any more. */
    private static final long SPARSE_NANOS = STEP_NANOS / 4;

    private static final long INTERVAL_MAX = 1 << 20;
    private static final long STALE_NANOS = 1_000_000_000;
    private static final VarHandle WRITTEN;

    static {
        try {
            WRITTEN =
                    MethodHandles.lookup()
                            .findVarHandle(LoadSamples.class, "written", long.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NanoClock clock;

    /** Null until the first sample: most sessions of agents never make one. */
    private volatile Ring ring;

    private long operations;

    /**
     * At which operation the next sample is due. Who reads sets it to 0 when the last one is old;
     * should that be lost, the next who reads does it again.
     */
    private long next;

    private long interval = 1;
    private long adaptedAt;
    private long random;
    private long written;

    /** What is known of each sample. */
    private static final class Ring {
        final int[] tables = new int[SAMPLES];
        final long[] hashes = new long[SAMPLES];

        /** How many operations there had been by then. */
        final long[] operations = new long[SAMPLES];

        final long[] times = new long[SAMPLES];
    }

    /** Is shown samples. */
    interface Visitor {
        /** Operations like this one, so many in a second. */
        void visit(int table, long hash, double perSecond);
    }

    /**
     * Of nothing yet.
     *
     * @param seed for the gaps between samples
     */
    LoadSamples(NanoClock clock, long seed) {
        this.clock = clock;
        random = seed * 2 + 1;
    }

    /** An operation on {@code hash} begins. */
    void count(int table, long hash) {
        if (++operations >= next) {
            sample(table, hash);
        }
    }

    /** About how many operations there have been. Threads: any. */
    long operations() {
        return operations;
    }

    private void sample(int table, long hash) {
        Ring current = ring;
        if (current == null) {
            current = new Ring();
            ring = current;
        }
        long now = clock.nanoTime();
        int at = (int) written & MASK;
        current.tables[at] = table;
        current.hashes[at] = hash;
        current.operations[at] = operations;
        current.times[at] = now;
        if (written >= STEP) {
            adapt(now - current.times[at - STEP & MASK], now - current.times[at - 1 & MASK]);
        }
        WRITTEN.setRelease(this, written + 1);
        next = operations + 1 + Long.remainderUnsigned(nextRandom(), 2 * interval - 1);
    }

    /** The last samples took {@code nanos}, and the last one of them {@code gapNanos}. */
    private void adapt(long nanos, long gapNanos) {
        if (gapNanos > SPARSE_NANOS) {
            interval = Math.max(1, interval * (STEP_NANOS / STEP) / gapNanos);
        } else if (written - adaptedAt >= STEP) {
            adaptedAt = written;
            if (nanos < STEP_NANOS / 2) {
                interval = Math.min(INTERVAL_MAX, 2 * interval);
            } else if (nanos > 2 * STEP_NANOS) {
                interval = Math.max(1, interval / 2);
            }
        }
    }

    private long nextRandom() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return random;
    }

    /** Shows what was done in the last {@link #WINDOW_NANOS}, or as much of it as is remembered. */
    void show(Visitor visitor) {
        Ring current = ring;
        if (current == null) {
            return;
        }
        long end = (long) WRITTEN.getAcquire(this);
        long now = clock.nanoTime();
        if (end == 0 || now - current.times[(int) (end - 1) & MASK] > STALE_NANOS) {
            next = 0;
        }
        long oldest = Math.max(0, end - SAMPLES + UNSAFE);
        long first = end;
        while (first > oldest && now - current.times[(int) (first - 1) & MASK] < WINDOW_NANOS) {
            first--;
        }
        // The oldest of all only says when the next one began.
        boolean isCut = first == oldest && oldest > 0;
        long nanos = isCut ? now - current.times[(int) first & MASK] : WINDOW_NANOS;
        for (long index = isCut ? first + 1 : first; index < end; index++) {
            int at = (int) index & MASK;
            visitor.visit(
                    current.tables[at],
                    current.hashes[at],
                    weight(current, index, now) * 1e9 / Math.max(1, nanos));
        }
    }

    /** How many operations a sample stands for; of the first one, those in the window. */
    private static double weight(Ring ring, long index, long now) {
        int at = (int) index & MASK;
        int before = at - 1 & MASK;
        if (index == 0) {
            return 1;
        }
        long count = Math.max(0, ring.operations[at] - ring.operations[before]);
        long gap = ring.times[at] - ring.times[before];
        long inside = ring.times[at] - (now - WINDOW_NANOS);
        return gap <= inside ? count : count * (double) Math.max(0, inside) / gap;
    }
}
