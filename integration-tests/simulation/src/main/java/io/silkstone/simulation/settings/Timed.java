package io.silkstone.simulation.settings;

/**
 * Something that happens at a time of the run.
 *
 * @param nanos when, counted from its beginning
 * @param what what happens
 * @param text how it was written
 */
public record Timed<T>(Range nanos, T what, String text) {}
