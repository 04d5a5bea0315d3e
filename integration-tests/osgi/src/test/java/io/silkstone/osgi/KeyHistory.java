package io.silkstone.osgi;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one key was, one state after the other, as its only writer knows it; null is nothing.
 * Whoever is told of a state, by the reply to a change or to a read, rules out all that came before
 * it. Threads: any.
 */
final class KeyHistory {
    private final String key;
    private final List<String> states = new ArrayList<>();

    /** The oldest state that may be found. */
    private int floor;

    /** Of a key that nobody has written. */
    KeyHistory(String key) {
        this.key = key;
        states.add(null);
    }

    String key() {
        return key;
    }

    /** The newest state that was asked for. */
    synchronized String newest() {
        return states.getLast();
    }

    /** Asks for a state; returns its number. */
    synchronized int ask(String state) {
        states.add(state);
        return states.size() - 1;
    }

    /** Somebody was told that state {@code number} has come about. */
    synchronized void told(int number) {
        floor = Math.max(floor, number);
    }

    /** Somebody was told that this is the state, which came about once. */
    synchronized void read(String state) {
        int number = states.indexOf(state);
        if (number < 0) {
            throw new IllegalStateException(key + " was " + state + ", for which nobody asked");
        }
        told(number);
    }

    /** Goes on from what is there after the end of the node; complains if that must not be. */
    synchronized Optional<String> goOnFrom(String found) {
        List<String> possible = new ArrayList<>(states.subList(floor, states.size()));
        states.clear();
        states.add(found);
        floor = 0;
        return possible.contains(found)
                ? Optional.empty()
                : Optional.of(key + " is " + found + ", must be one of " + possible);
    }
}
