package io.silkstone.threads.sync;

import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Checks;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A semaphore whose permits are handed to the longest waiter directly. The word counts free
 * permits; {@link #WAITED_FOR} says that there are none and threads queue for them. Only the holder
 * of the queue's lock changes it to or from that.
 */
public final class FairSemaphore implements Semaphore {
    private static final int WAITED_FOR = -1;
    private static final VarHandle PERMITS;

    static {
        try {
            PERMITS =
                    MethodHandles.lookup().findVarHandle(FairSemaphore.class, "permits", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ThreadRuntime runtime;
    private final SpinLock queueLock = new SpinLock();
    private final WaiterQueue queue = new WaiterQueue();
    private volatile int permits;

    /** A semaphore of {@code permits} free permits for threads of {@code runtime}. */
    public FairSemaphore(ThreadRuntime runtime, int permits) {
        Checks.require(permits >= 0, "a semaphore cannot have %d permits", permits);
        this.runtime = runtime;
        this.permits = permits;
    }

    @Override
    public void acquire() {
        if (tryAcquire()) {
            return;
        }
        Waiter me = Waiter.forCaller(runtime);
        queueLock.lock();
        boolean queued;
        try {
            queued = queueUnlessFree(me);
        } finally {
            queueLock.unlock();
        }
        if (queued) {
            me.await();
        }
    }

    private boolean queueUnlessFree(Waiter me) {
        while (true) {
            if (tryAcquire()) {
                return false;
            }
            if (permits == WAITED_FOR || PERMITS.compareAndSet(this, 0, WAITED_FOR)) {
                queue.add(me);
                return true;
            }
        }
    }

    @Override
    public boolean tryAcquire() {
        while (true) {
            int free = permits;
            if (free <= 0) {
                return false;
            }
            if (PERMITS.compareAndSet(this, free, free - 1)) {
                return true;
            }
        }
    }

    @Override
    public void release() {
        while (true) {
            int free = permits;
            if (free == WAITED_FOR) {
                if (hand()) {
                    return;
                }
            } else if (PERMITS.compareAndSet(this, free, free + 1)) {
                return;
            }
        }
    }

    private boolean hand() {
        queueLock.lock();
        Waiter heir;
        try {
            heir = queue.poll();
            if (heir != null && queue.isEmpty()) {
                permits = 0;
            }
        } finally {
            queueLock.unlock();
        }
        if (heir == null) {
            return false;
        }
        heir.grant();
        return true;
    }
}
