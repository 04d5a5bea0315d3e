package io.silkstone.api.threads;

import java.util.Arrays;
import java.util.stream.IntStream;

/** An immutable set of core numbers in ascending order. */
public final class CoreSet {
    /** No core. */
    public static final CoreSet EMPTY = new CoreSet(new int[0]);

    private final int[] cores;

    private CoreSet(int[] cores) {
        this.cores = cores;
    }

    /** The set of {@code cores}; duplicates count once. */
    public static CoreSet of(int... cores) {
        return cores.length == 0
                ? EMPTY
                : new CoreSet(IntStream.of(cores).sorted().distinct().toArray());
    }

    /** How many cores there are. */
    public int size() {
        return cores.length;
    }

    /** The core at {@code index}, from 0 to size - 1. */
    public int get(int index) {
        return cores[index];
    }

    /** Whether {@code core} is in the set. */
    public boolean contains(int core) {
        return Arrays.binarySearch(cores, core) >= 0;
    }

    /** This set and {@code core}. */
    public CoreSet with(int core) {
        return of(IntStream.concat(IntStream.of(cores), IntStream.of(core)).toArray());
    }

    /** This set but for {@code core}. */
    public CoreSet without(int core) {
        return of(IntStream.of(cores).filter(each -> each != core).toArray());
    }

    /** A copy of the core numbers. */
    public int[] toArray() {
        return cores.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CoreSet set && Arrays.equals(cores, set.cores);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(cores);
    }

    @Override
    public String toString() {
        return Arrays.toString(cores);
    }
}
