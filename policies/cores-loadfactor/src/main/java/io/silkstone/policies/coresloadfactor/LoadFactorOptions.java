package io.silkstone.policies.coresloadfactor;

import io.silkstone.api.threads.IdleBudget;
import io.silkstone.base.Checks;

/**
 * Settings of {@link LoadFactorPolicy}, checked.
 *
 * @param loadFactorMax runnable threads per pass of a core above which one more core is wanted
 * @param intervalNanos time between two decisions
 * @param hysteresis by how much, for each core, utilisation must fall below what it was at the last
 *     growth before a core is given back
 * @param idle how an idle core waits
 */
public record LoadFactorOptions(
        double loadFactorMax, long intervalNanos, double hysteresis, IdleBudget idle) {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;

    /** Checks each value. */
    public LoadFactorOptions {
        Checks.require(
                loadFactorMax > 0 && loadFactorMax <= 1_000,
                "load.factor.max must be above 0 and at most 1000, was %s",
                loadFactorMax);
        Checks.require(
                hysteresis >= 0 && hysteresis < 1,
                "hysteresis must be at least 0 and below 1, was %s",
                hysteresis);
        Checks.inRange("interval.ms", intervalNanos / MILLI, 1, 500);
        Checks.inRange("spin.us", idle.spinNanos() / MICRO, 0, 1_000_000);
        Checks.inRange("yields", idle.yields(), 0, 1_000_000);
        Checks.inRange("park.max.ms", idle.parkNanosMax() / MILLI, 1, 10_000);
    }

    /**
     * The paper's figures, and a wait that serves a stream of single requests without sleeping in
     * between, but leaves the processor alone when none comes.
     */
    public static LoadFactorOptions defaults() {
        return of(1.5, 50, 0.09, 50, 1, 100);
    }

    /** From the units of the configuration. */
    public static LoadFactorOptions of(
            double loadFactorMax,
            long intervalMillis,
            double hysteresis,
            long spinMicros,
            int yields,
            long parkMillisMax) {
        return new LoadFactorOptions(
                loadFactorMax,
                intervalMillis * MILLI,
                hysteresis,
                new IdleBudget(spinMicros * MICRO, yields, parkMillisMax * MILLI));
    }
}
