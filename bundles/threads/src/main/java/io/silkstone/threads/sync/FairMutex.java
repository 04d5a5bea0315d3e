package io.silkstone.threads.sync;

import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A mutex that is handed on: {@link #unlock} gives it to the longest waiter directly, so nobody
 * overtakes. Free and uncontended use is one atomic step; only a thread that must wait looks at the
 * queue, under a lock held for a few instructions.
 *
 * <p>The word: 0 free, 1 locked, 2 locked with threads in the queue. Only the holder of the queue's
 * lock changes it to or from 2.
 */
public final class FairMutex implements Mutex {
    private static final int FREE = 0;
    private static final int LOCKED = 1;
    private static final int WAITED_FOR = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(FairMutex.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ThreadRuntime runtime;
    private final NanoClock clock;
    private final SpinLock queueLock = new SpinLock();
    private final WaiterQueue queue = new WaiterQueue();
    private volatile int state;

    /**
     * A free mutex.
     *
     * @param runtime whose threads it makes wait
     * @param clock for {@link Mutex.Condition#await(long)}
     */
    public FairMutex(ThreadRuntime runtime, NanoClock clock) {
        this.runtime = runtime;
        this.clock = clock;
    }

    @Override
    public void lock() {
        if (tryLock()) {
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
            if (tryLock()) {
                return false;
            }
            if (state == WAITED_FOR || STATE.compareAndSet(this, LOCKED, WAITED_FOR)) {
                queue.add(me);
                return true;
            }
        }
    }

    @Override
    public boolean tryLock() {
        return state == FREE && STATE.compareAndSet(this, FREE, LOCKED);
    }

    @Override
    public void unlock() {
        if (STATE.compareAndSet(this, LOCKED, FREE)) {
            return;
        }
        if (state == FREE) {
            throw new IllegalMonitorStateException("the mutex is not locked");
        }
        queueLock.lock();
        Waiter heir;
        try {
            heir = queue.poll();
            if (queue.isEmpty()) {
                state = LOCKED;
            }
        } finally {
            queueLock.unlock();
        }
        heir.grant();
    }

    @Override
    public Condition newCondition() {
        return new FairCondition();
    }

    /** Its queue is guarded by the mutex itself. */
    private final class FairCondition implements Condition {
        private final WaiterQueue waiting = new WaiterQueue();

        @Override
        public void await() {
            Waiter me = enqueue();
            unlock();
            me.await();
            lock();
        }

        @Override
        public boolean await(long nanos) {
            Waiter me = enqueue();
            unlock();
            me.await(nanos, clock);
            lock();
            // A notification may have come between the time-out and the lock.
            boolean notified = me.isGranted();
            if (!notified) {
                waiting.remove(me);
            }
            return notified;
        }

        @Override
        public void notifyOne() {
            requireLocked();
            Waiter longest = waiting.poll();
            if (longest != null) {
                longest.grant();
            }
        }

        @Override
        public void notifyEvery() {
            requireLocked();
            for (Waiter each = waiting.poll(); each != null; each = waiting.poll()) {
                each.grant();
            }
        }

        private Waiter enqueue() {
            requireLocked();
            Waiter me = Waiter.forCaller(runtime);
            waiting.add(me);
            return me;
        }

        private void requireLocked() {
            if (state == FREE) {
                throw new IllegalMonitorStateException("lock the mutex of this condition first");
            }
        }
    }
}
