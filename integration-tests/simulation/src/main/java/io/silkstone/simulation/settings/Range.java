package io.silkstone.simulation.settings;

import io.silkstone.base.Checks;
import java.util.random.RandomGenerator;

/**
 * Numbers of which the seed draws one, both ends included. It draws from a range of one number too,
 * so that whoever narrows a range leaves the numbers behind it as they were.
 */
public record Range(long low, long high) {
    /** Checks that it is not empty. */
    public Range {
        Checks.require(low <= high, "a range goes from %d up, not to %d", low, high);
    }

    /** One of them. */
    public long draw(RandomGenerator random) {
        return random.nextLong(low, high + 1);
    }

    /** One of them, all of which are ints; not the one that {@link #draw} would draw. */
    public int drawInt(RandomGenerator random) {
        return random.nextInt((int) low, (int) high + 1);
    }
}
