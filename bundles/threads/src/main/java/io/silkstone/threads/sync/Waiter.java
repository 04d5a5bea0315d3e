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
    private boolean interrupted;

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

    /**
     * Waits for the event, but may return without it. An interrupt does not end the wait for good:
     * it is put aside, since a thread with its interrupt status set would not park any more, and
     * comes back with {@link #end}.
     */
    public void pause() {
        if (other == null) {
            runtime.block();
        } else {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
    }

    /** The thread waits no longer; its interrupt status is again what it would be. */
    public void end() {
        if (interrupted) {
            interrupted = false;
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until the event is here. An interrupt does not end it, and is kept for later. */
    public void await() {
        while (!granted) {
            pause();
        }
        end();
    }

    /**
     * As {@link #await}, for at most {@code nanos}.
     *
     * @return whether the event is here
     */
    public boolean await(long nanos, NanoClock clock) {
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
        end();
        return granted;
    }
}
