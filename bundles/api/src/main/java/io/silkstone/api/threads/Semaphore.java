package io.silkstone.api.threads;

import org.osgi.annotation.versioning.ProviderType;

/** A counting semaphore between threads of one {@link ThreadRuntime}, first come first served. */
@ProviderType
public interface Semaphore {
    /** Takes a permit, waiting for one when there is none. */
    void acquire();

    /** Takes a permit if there is one. */
    boolean tryAcquire();

    /** Gives one permit back, to the longest waiter if there is one. */
    void release();
}
