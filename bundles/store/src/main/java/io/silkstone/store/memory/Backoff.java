package io.silkstone.store.memory;

/**
 * How a thread passes the time while another is about to finish something short.
 *
 * <p>Called in a loop that checks its condition itself; must return within about a millisecond and
 * must not park in the kernel without an end. In a node it yields to the other user threads of the
 * core, so that a waiter never keeps the one it waits for from running.
 */
@FunctionalInterface
public interface Backoff {
    /** How many attempts spin before the processor is given away. */
    int SPINS = 100;

    /** Spins briefly, then yields. */
    Backoff YIELDING = over(Thread::yield);

    /**
     * Waits a little.
     *
     * @param attempt how often the caller has waited for the same thing, from 0
     */
    void idle(int attempt);

    /** Spins briefly, then calls {@code yield}. */
    static Backoff over(Runnable yield) {
        return attempt -> {
            if (attempt < SPINS) {
                Thread.onSpinWait();
            } else {
                yield.run();
            }
        };
    }
}
