package io.silkstone.simulation.settings;

import java.util.random.RandomGenerator;

/** Probabilities, 0 to 1, of which the seed draws one for a run. */
public record Share(double low, double high) {
    /** One of them; draws also when there is only one, as a {@link Range} does. */
    public double draw(RandomGenerator random) {
        return low + random.nextDouble() * (high - low);
    }

    /** Whether there is nothing but 0. */
    public boolean isNever() {
        return high == 0;
    }
}
