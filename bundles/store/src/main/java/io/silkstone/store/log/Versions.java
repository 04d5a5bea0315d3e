package io.silkstone.store.log;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The safe version: higher than that of every object that ever was removed, so that a key's
 * versions never repeat, whatever comes between. Each new segment records it. Threads: any.
 */
public final class Versions {
    private final AtomicLong safe = new AtomicLong(1);

    /** Begins with version 1. */
    public Versions() {}

    /** A version for an object that was not there before. */
    public long next() {
        return safe.getAndIncrement();
    }

    /** An object of {@code version} goes: whatever comes after it gets a higher one. */
    public void raiseAbove(long version) {
        long current = safe.get();
        while (current <= version && !safe.compareAndSet(current, version + 1)) {
            current = safe.get();
        }
    }

    /** The version that {@link #next} would give. */
    public long safe() {
        return safe.get();
    }
}
