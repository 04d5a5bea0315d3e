package io.silkstone.store.memory;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/**
 * How a thread passes the time while another is about to finish something short.
 *
 * <p>Called in a loop that checks its condition itself; must return within about a millisecond and
 * must not park in the kernel without an end. In a node it yields to the other user threads of the
 * core, so that a waiter never keeps the one it waits for from running; and when that takes long,
 * because the other was preempted, or holds on to memory for a while, it sleeps, for a core that
 * has no other thread to run would only spin.
 */
@FunctionalInterface
public interface Backoff {
    /** How many attempts spin before the processor is given away. */
    int SPINS = 100;

    /** How many attempts yield before the thread sleeps: some hundred microseconds in all. */
    int YIELDS = 1000;

    /** How long an attempt sleeps: short beside a time slice, long beside the cost of waking. */
    long SLEEP_NANOS = 100_000;

    /** Spins briefly, then yields, then sleeps: for threads of the JDK. */
    Backoff YIELDING = over(Thread::yield, LockSupport::parkNanos);

    /**
     * Waits a little.
     *
     * @param attempt how often the caller has waited for the same thing, from 0
     */
    void idle(int attempt);

    /** Spins briefly, then calls {@code yield}, then {@code sleep} with nanoseconds. */
    static Backoff over(Runnable yield, LongConsumer sleep) {
        return attempt -> {
            if (attempt < SPINS) {
                Thread.onSpinWait();
            } else if (attempt < SPINS + YIELDS) {
                yield.run();
            } else {
                sleep.accept(SLEEP_NANOS);
            }
        };
    }
}
