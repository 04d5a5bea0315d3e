package io.silkstone.policies.balanceload;

import io.silkstone.base.Checks;

/**
 * Settings of {@link LoadStrategy}, checked.
 *
 * @param ratio how many times as much the busiest server has to do than the idlest before anything
 *     moves
 * @param leastLoad operations a second below which the busiest server is not busy
 * @param cut whether a tablet is cut in two that is too busy to be moved as a whole
 */
public record LoadOptions(double ratio, long leastLoad, boolean cut) {
    /** Half as much again. */
    public static final LoadOptions DEFAULTS = new LoadOptions(1.5, 1_000, true);

    private static final double RATIO_MIN = 1.1;
    private static final double RATIO_MAX = 100;

    /** Checks each value. */
    public LoadOptions {
        Checks.require(
                ratio >= RATIO_MIN && ratio <= RATIO_MAX,
                "ratio must be from %s to %s, was %s",
                RATIO_MIN,
                RATIO_MAX,
                ratio);
        Checks.require(leastLoad >= 1, "least.load must be at least 1, was %d", leastLoad);
    }
}
