package io.silkstone.simulation;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Random numbers for one thing after the other, where none takes numbers away from the next: so one
 * can be left out, and those behind it stay what they were.
 */
public final class Chance implements RandomGenerator {
    private final SplittableRandom things;
    private SplittableRandom thing;

    /** Numbers that follow from {@code things}. */
    public Chance(SplittableRandom things) {
        this.things = things;
        thing = things.split();
    }

    /** What comes is for the next thing. */
    public void next() {
        thing = things.split();
    }

    @Override
    public long nextLong() {
        return thing.nextLong();
    }
}
