package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * The body of a user thread. Share one instance between threads; what differs travels in the words.
 */
@ConsumerType
@FunctionalInterface
public interface ThreadTask {
    /**
     * Runs on the thread's core; what it throws is counted, logged once and ends only this thread.
     */
    void run(long a, long b);
}
