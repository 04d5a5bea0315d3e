package io.silkstone.simulation;

/** A situation that a seed plays through. */
public interface Scenario {
    /** A word for the command line. */
    String name();

    /** One sentence for people. */
    String description();

    /**
     * Plays it once. The same seed gives the same report, to the last step.
     *
     * @throws RuntimeException when the product's code fails or waits for ever
     */
    Report run(long seed);
}
