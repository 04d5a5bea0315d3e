package io.silkstone.threads.sync;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import java.util.concurrent.locks.LockSupport;

/**
 * One thread that waits for one event, a user thread or any other. The waiter {@linkplain #pause
 * pauses} until it {@linkplain #isGranted is granted}; whoever brings the event calls {@link
 * #grant} once. Made by the thread that waits, each time that it has to: the ways that do not wait
 * allocate nothing.
 */
public final class Waiter {
    /** Link of whatever list the waiter is in; belongs to the list. */
    public Waiter next;

    private final ThreadRuntime runtime;
    private final long thread;
    private final Thread other;
    private volatile boolean granted;

    private Waiter(ThreadRuntime runtime, long thread, Thread other) {
        this.runtime = runtime;
        this.thread = thread;
        this.other = other;
    }

    /** For the calling thread. */
    public static Waiter forCaller(ThreadRuntime runtime) {
        long self = runtime.self();
        return self == ThreadRuntime.NONE
                ? new Waiter(runtime, ThreadRuntime.NONE, Thread.currentThread())
                : new Waiter(runtime, self, null);
    }

    /** Whether the event has come. */
    public boolean isGranted() {
        return granted;
    }

    /** The event is here. Never blocks. */
    public void grant() {
        granted = true;
        if (other == null) {
            runtime.signal(thread);
        } else {
            LockSupport.unpark(other);
        }
    }

    /** Waits for the event, but may return without it. */
    public void pause() {
        if (other == null) {
            runtime.block();
        } else {
            LockSupport.park(this);
        }
    }

    /** Waits until the event is here. An interrupt does not end it, and is kept for later. */
    public void await() {
        boolean interrupted = false;
        while (!granted) {
            pause();
            // A thread with its interrupt status set would not park any more.
            interrupted |= other != null && Thread.interrupted();
        }
        restore(interrupted);
    }

    /**
     * As {@link #await}, for at most {@code nanos}.
     *
     * @return whether the event is here
     */
    public boolean await(long nanos, NanoClock clock) {
        boolean interrupted = false;
        long deadline = clock.nanoTime() + nanos;
        while (!granted) {
            long left = deadline - clock.nanoTime();
            if (left <= 0) {
                break;
            }
            if (other == null) {
                runtime.sleep(left);
            } else {
                LockSupport.parkNanos(this, left);
                interrupted |= Thread.interrupted();
            }
        }
        restore(interrupted);
        return granted;
    }

    private void restore(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
