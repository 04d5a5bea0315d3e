package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Mutual exclusion between threads of one {@link ThreadRuntime}; platform threads may use it too.
 * Not re-entrant. Waiting blocks the thread, not its core.
 */
@ProviderType
public interface Mutex {
    /** Waits until the mutex is free and takes it. */
    void lock();

    /** Takes the mutex if it is free. */
    boolean tryLock();

    /**
     * Frees the mutex for the longest waiter.
     *
     * @throws IllegalMonitorStateException when it is not locked
     */
    void unlock();

    /** A condition that is awaited and notified with this mutex held. */
    Condition newCondition();

    /**
     * A condition variable of a {@link Mutex}. Wake-ups without cause are possible: wait in a loop.
     */
    @ProviderType
    interface Condition {
        /** Frees the mutex, waits for a notification, and takes the mutex again. */
        void await();

        /**
         * As {@link #await()}, for at most {@code nanos}.
         *
         * @return false when the time ran out
         */
        boolean await(long nanos);

        /** Wakes the longest waiter, if there is one. */
        void notifyOne();

        /** Wakes every waiter. */
        void notifyEvery();
    }
}
