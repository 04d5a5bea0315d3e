package io.silkstone.rpc;

import io.silkstone.api.threads.ThreadRuntime;

/** Something that ends once it has begun, and that one thread may wait for by {@link Patience}. */
public abstract class Waitable {
    /** The user thread that waits, if any. */
    volatile long waiter = ThreadRuntime.NONE;

    /** For those who extend it. */
    protected Waitable() {}

    /** Whether it has ended. Sees everything that was written before. */
    public abstract boolean isDone();
}
