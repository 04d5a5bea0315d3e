package io.silkstone.benchmarks.measure;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Locale;

/**
 * Tells in which state the machine is. Two threads, bound to processors 0 and 1 where that can be
 * done, pass one cache line to and fro.
 *
 * <p>On virtual machines a round trip takes either about 100 ns or about 500 ns, and this flips
 * every few seconds to minutes, unseen from inside: presumably the host moves the virtual
 * processors between cores that share a cache and cores that do not. Every hand-off between cores
 * is two to five times slower in the far state, so a figure without its state says little. A probe
 * takes about 40 ms.
 */
public final class Probe {
    /** Between the two states, with room on both sides. */
    private static final double FAR_NANOS_MIN = 250;

    /** No cache takes that long. */
    private static final double BUSY_NANOS_MIN = 1_500;

    private static final long DURATION_NANOS = 40_000_000;
    private static final int BATCH = 500;
    private static final int BATCHES_MAX = 2_000;

    /** What the machine was like. */
    public enum State {
        /** The two processors share a cache. */
        NEAR,
        /** They do not. */
        FAR,
        /** Something else ran there, so that the two threads hardly met. */
        BUSY,
        /** There is one processor only. */
        SINGLE
    }

    /**
     * One look at the machine.
     *
     * @param state the state
     * @param roundTripNanos median round trip of the cache line
     */
    public record Look(State state, double roundTripNanos) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%s (%.0f ns)",
                    state.name().toLowerCase(Locale.ROOT),
                    roundTripNanos);
        }
    }

    /** The line that goes to and fro, with empty lines on both sides. */
    private static final class Line {
        private static final int SLOT = 16;
        private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

        private final long[] words = new long[2 * SLOT + 1];

        long get() {
            return (long) WORDS.getOpaque(words, SLOT);
        }

        void set(long value) {
            WORDS.setOpaque(words, SLOT, value);
        }
    }

    /** Looks at the machine now. */
    public Look look() throws InterruptedException {
        if (Affinity.processors() < 2) {
            return new Look(State.SINGLE, 0);
        }
        Line line = new Line();
        double[] batchNanos = new double[BATCHES_MAX];
        int[] batches = new int[1];
        long deadline = System.nanoTime() + DURATION_NANOS;
        Thread pong = new Thread(() -> answer(line, deadline), "bench-probe-pong");
        Thread ping =
                new Thread(() -> batches[0] = ask(line, deadline, batchNanos), "bench-probe-ping");
        pong.start();
        ping.start();
        ping.join();
        pong.join();
        double[] measured = Arrays.copyOf(batchNanos, batches[0]);
        // The first batches of a process run interpreted; the median does not mind them.
        double median = measured.length == 0 ? DURATION_NANOS : Series.median(measured);
        if (median > BUSY_NANOS_MIN) {
            return new Look(State.BUSY, median);
        }
        return new Look(median < FAR_NANOS_MIN ? State.NEAR : State.FAR, median);
    }

    private static int ask(Line line, long deadline, double[] batchNanos) {
        Affinity.bindThread(0);
        long turn = 0;
        int batch = 0;
        while (batch < BATCHES_MAX && System.nanoTime() - deadline < 0) {
            long start = System.nanoTime();
            for (int trip = 0; trip < BATCH; trip++) {
                line.set(++turn);
                if (!awaitTurn(line, -turn, deadline)) {
                    return batch;
                }
            }
            batchNanos[batch++] = (double) (System.nanoTime() - start) / BATCH;
        }
        return batch;
    }

    private static void answer(Line line, long deadline) {
        Affinity.bindThread(1);
        for (long turn = 1; awaitTurn(line, turn, deadline); turn++) {
            line.set(-turn);
        }
    }

    private static boolean awaitTurn(Line line, long wanted, long deadline) {
        for (int spins = 1; line.get() != wanted; spins++) {
            if (spins % 4096 == 0 && System.nanoTime() - deadline > 0) {
                return false;
            }
        }
        return true;
    }
}
