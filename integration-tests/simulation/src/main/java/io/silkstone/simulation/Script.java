package io.silkstone.simulation;

import io.silkstone.simulation.history.History;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is played of a seed's run, and what came of it. A run has parts, such as an operation of a
 * client or a fault, each of which can be left out; what is left is a run as well, though seldom
 * one in which the rest goes as before. One run each.
 */
public final class Script {
    private final Set<String> wanted;
    private final Set<String> parts = new TreeSet<>();
    private History history;

    private Script(Set<String> wanted) {
        this.wanted = wanted;
    }

    /** All of it. */
    public static Script whole() {
        return new Script(null);
    }

    /** None of its parts: what is left is a run in which nothing befalls anybody. */
    public static Script none() {
        return only(Set.of());
    }

    /** Only those of its parts that are in {@code wanted}. */
    static Script only(Set<String> wanted) {
        return new Script(Set.copyOf(wanted));
    }

    /** Whether {@code part} is to be played; asked once it would come. */
    public boolean has(String part) {
        boolean plays = wanted == null || wanted.contains(part);
        if (plays) {
            parts.add(part);
        }
        return plays;
    }

    /** The parts that were played, in their alphabetical order. */
    Set<String> parts() {
        return Collections.unmodifiableSet(parts);
    }

    /** The run writes {@code kept}; whoever has this script can read it, however the run ends. */
    public void keep(History kept) {
        history = kept;
    }

    /** What the run wrote; null when it ended before. */
    History history() {
        return history;
    }
}
