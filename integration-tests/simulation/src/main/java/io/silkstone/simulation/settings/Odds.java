package io.silkstone.simulation.settings;

import java.util.random.RandomGenerator;

/** How often something happens: one time in {@code oneIn}, or never when that is 0. */
public record Odds(int oneIn) {
    /** Whether it happens now; draws in any case. */
    public boolean happens(RandomGenerator random) {
        return random.nextInt(Math.max(1, oneIn)) == 0 && oneIn > 0;
    }

    /** Whether it happens at no time. */
    public boolean isNever() {
        return oneIn == 0;
    }
}
