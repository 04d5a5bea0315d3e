package io.silkstone.coordinator.balance;

import io.silkstone.base.Checks;
import java.util.concurrent.TimeUnit;

/**
 * Settings of {@link LoadBalancer}, checked.
 *
 * @param enabled whether it does anything
 * @param dryRun whether it only logs what it would do
 * @param periodNanos from one look to the next
 * @param movesAtOnce how many tablets may be on their way at a time, whoever has them move
 * @param coolDownNanos how long a tablet stays where it is, at least
 */
public record BalanceOptions(
        boolean enabled, boolean dryRun, long periodNanos, int movesAtOnce, long coolDownNanos) {
    /** Nothing is done; and if it is, slowly. */
    public static final BalanceOptions DEFAULTS =
            new BalanceOptions(
                    false, false, TimeUnit.SECONDS.toNanos(10), 1, TimeUnit.SECONDS.toNanos(60));

    private static final long NANOS_PER_MS = 1_000_000;

    /** Checks each value. */
    public BalanceOptions {
        Checks.inRange("period.ms", periodNanos / NANOS_PER_MS, 1_000, 3_600_000);
        Checks.inRange("moves.at.once", movesAtOnce, 1, 64);
        Checks.inRange("cool.down.ms", coolDownNanos / NANOS_PER_MS, 0, 86_400_000);
    }
}
