package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A source of work that a core looks at between its threads, such as the sockets of an event loop.
 *
 * <p>Every method but {@link #wakeup} and {@link #nanosUnpolledMax} is called by one user thread of
 * one core, the same one for the poller's whole life (it keeps its identity when the core changes
 * its processor). What a poller does inside {@link #poll} or {@link #park} runs on that thread; it
 * may block, and the core then serves its other threads and does not call the poller again before
 * the call has returned.
 */
@ConsumerType
public interface CorePoller {
    /**
     * Does what is ready, without waiting, in at most a few hundred microseconds.
     *
     * @return how many requests were ready; 0 when there was nothing to do. The load estimator
     *     counts them as runnable threads.
     */
    int poll();

    /**
     * How long its core may leave it unpolled while there is nothing to do. A poller whose work
     * ends its own {@link #park}, as sockets do, says {@link Long#MAX_VALUE}: its core waits there.
     * One whose work no kernel call waits for, such as messages in shared memory, says how late it
     * may be seen; its core then waits in another poller where there is one, and no longer than
     * that. Which of the two it is never changes.
     *
     * <p>Asked before each wait, between two polls, perhaps by another user thread of the core:
     * must not block.
     */
    default long nanosUnpolledMax() {
        return Long.MAX_VALUE;
    }

    /**
     * Waits in the kernel until there is work, {@link #wakeup} was called, or the time is over. It
     * may do the work that woke it before it returns, as event loops do.
     *
     * @return how many nanoseconds it waited, without the time that it worked afterwards: they are
     *     the core's idle time, and the load is judged by the rest
     */
    long park(long nanosMax);

    /**
     * Ends the current or the next {@link #park} at once. Called from any thread, often: be cheap.
     */
    void wakeup();

    /**
     * The core is about to be given back: gives all sources to {@code successor}, the poller of a
     * core that stays. Polling goes on until {@link #isEmpty}.
     */
    void handOver(CorePoller successor);

    /** Whether nothing is left to poll, so that the core may go. */
    boolean isEmpty();

    /** The runtime or the owner closes: releases everything. The last call. */
    void close();
}
