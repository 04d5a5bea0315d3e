package io.silkstone.simulation;

/** A situation that a seed plays through. */
public interface Scenario {
    /** A word for the command line. */
    String name();

    /** One sentence for people. */
    String description();

    /** Plays the whole of it once, as {@link #play}. */
    default Report run(long seed) {
        return play(seed, Script.whole());
    }

    /**
     * Plays once what {@code script} has of it. The same seed and parts give the same report, to
     * the last step.
     *
     * @throws RuntimeException when the product's code fails or waits for ever
     */
    Report play(long seed, Script script);
}
