package io.silkstone.threads.simulation;

import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;

/**
 * The clock of one process: it begins with the simulation's time, and goes at its own pace from
 * there. It never goes back.
 */
public final class SimulatedClock implements NanoClock {
    private static final long MILLION = 1_000_000;

    private final Scheduler scheduler;
    private long since;
    private long readingThen;
    private long fastPpm;

    SimulatedClock(Scheduler scheduler) {
        this.scheduler = scheduler;
        since = scheduler.now;
        readingThen = scheduler.now;
    }

    @Override
    public long nanoTime() {
        long elapsed = scheduler.now - since;
        return readingThen + elapsed + share(elapsed, fastPpm);
    }

    /**
     * From now on it is fast by {@code ppm} millionths, or slow if that is negative: 1,000 is one
     * per mille.
     */
    public void drift(long ppm) {
        Checks.inRange("ppm", ppm, -MILLION / 2, MILLION / 2);
        readingThen = nanoTime();
        since = scheduler.now;
        fastPpm = ppm;
    }

    /** Jumps forward, as when a virtual machine was moved; two clocks differ by it from then on. */
    public void jump(long nanos) {
        Checks.require(nanos >= 0, "a clock cannot go back by %d", -nanos);
        readingThen += nanos;
    }

    /** How long it takes until this clock shows {@code nanos} more. */
    long simulated(long nanos) {
        if (fastPpm == 0 || nanos <= 0 || nanos > Long.MAX_VALUE / 4) {
            return nanos;
        }
        long whole = nanos / (MILLION + fastPpm);
        long rest = nanos % (MILLION + fastPpm);
        // Rounded up: the clock must not be short of it.
        return whole * MILLION + Math.ceilDiv(rest * MILLION, MILLION + fastPpm);
    }

    /** {@code nanos * ppm / 1,000,000}, rounded down, without overflow. */
    private static long share(long nanos, long ppm) {
        return nanos / MILLION * ppm + Math.floorDiv(nanos % MILLION * ppm, MILLION);
    }
}
