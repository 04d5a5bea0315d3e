package io.silkstone.policies.coresfixed;

import io.silkstone.api.threads.IdleBudget;
import io.silkstone.base.Checks;

/**
 * Settings of {@link FixedPolicy}, checked.
 *
 * @param cores cores wanted; the runtime's own bounds go first
 * @param idle how an idle core waits
 */
public record FixedOptions(int cores, IdleBudget idle) {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;

    /** Checks each value. */
    public FixedOptions {
        Checks.inRange("cores", cores, 1, 256);
        Checks.inRange("spin.us", idle.spinNanos() / MICRO, 0, 1_000_000);
        Checks.inRange("yields", idle.yields(), 0, 1_000_000);
        Checks.inRange("park.max.ms", idle.parkNanosMax() / MILLI, 1, 10_000);
    }

    /** From the units of the configuration. */
    public static FixedOptions of(int cores, long spinMicros, int yields, long parkMillisMax) {
        return new FixedOptions(
                cores, new IdleBudget(spinMicros * MICRO, yields, parkMillisMax * MILLI));
    }
}
