package io.silkstone.store;

import java.util.function.IntSupplier;

/**
 * A background duty of the store, done in slices by whoever drives it: a user thread in a node, a
 * loop in a test. One thread at a time.
 */
public interface Agent {
    /** A word for people. */
    String name();

    /**
     * Does a slice of at most some hundred microseconds.
     *
     * @return 0 when there was nothing to do, so that the driver may rest for some milliseconds
     */
    int doWork();

    /** An agent of that name that does {@code work}. */
    static Agent of(String name, IntSupplier work) {
        return new Agent() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public int doWork() {
                return work.getAsInt();
            }
        };
    }
}
