package io.silkstone.threads;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CorePollerFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One call of {@code attach}: the pollers of all cores. Its lock is the JDK's, since platform
 * threads, user threads and the control thread meet here, seldom.
 */
final class PollerAttachment {
    /** Between two tries to start a poller, so that a factory that fails does so in peace. */
    private static final long RETRY_NANOS = 1_000_000_000;

    private final CorePollerFactory factory;
    private final Machine machine;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<PollerThread> starting = new ArrayList<>();
    private final List<PollerThread> started = new ArrayList<>();
    private volatile boolean closing;
    private boolean attached;
    private String failure;
    private long retryAt;

    PollerAttachment(CorePollerFactory factory, Machine machine) {
        this.factory = factory;
        this.machine = machine;
    }

    CorePoller make(int core) {
        return factory.create(core);
    }

    boolean isClosing() {
        return closing;
    }

    /**
     * Starts this attachment's poller on {@code core}, unless it is there or has just failed to
     * start. The runtime's control lock is held.
     */
    void startOn(Core core) {
        PollerThread poller;
        lock.lock();
        try {
            if (closing || isOn(core) || machine.now() < retryAt) {
                return;
            }
            poller = new PollerThread(machine, core, this);
            starting.add(poller);
        } finally {
            lock.unlock();
        }
        if (!core.startHere(poller)) {
            failed(poller, new IllegalStateException("no free context for a poller"));
        }
    }

    void started(PollerThread poller) {
        lock.lock();
        try {
            starting.remove(poller);
            started.add(poller);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whoever attaches is told; later it is counted and logged, and the next try comes soon. */
    void failed(PollerThread poller, Throwable why) {
        boolean nobodyIsTold;
        lock.lock();
        try {
            starting.remove(poller);
            retryAt = machine.now() + RETRY_NANOS;
            failure = "the poller of core " + poller.core().number + " failed to start: " + why;
            nobodyIsTold = attached;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (nobodyIsTold) {
            machine.failed("factory of pollers", factory, why);
        }
    }

    /** It is no more, whether it had begun or not. */
    void ended(PollerThread poller) {
        lock.lock();
        try {
            starting.remove(poller);
            started.remove(poller);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until every poller runs; what went wrong, or null. */
    String awaitStarted() {
        lock.lock();
        try {
            while (!starting.isEmpty()) {
                changed.awaitUninterruptibly();
            }
            attached = failure == null;
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /** A poller that stays and can take over from {@code leaving}; null when there is none. */
    PollerThread successorOf(PollerThread leaving) {
        lock.lock();
        try {
            for (PollerThread each : started) {
                if (each != leaving && each.core().drain == Core.Drain.NONE) {
                    return each;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Wakes the pollers of {@code core}, so that they see that something is wanted of them. */
    void wake(Core core) {
        for (PollerThread each : running()) {
            if (each.core() == core) {
                each.wakeup();
            }
        }
    }

    private boolean isOn(Core core) {
        return started.stream().anyMatch(each -> each.core() == core)
                || starting.stream().anyMatch(each -> each.core() == core);
    }

    /** Ends every poller and waits for all but the caller's own, at most {@code nanos}. */
    void close(Worker caller, long nanos) {
        closing = true;
        for (PollerThread each : running()) {
            each.core().wake();
            each.wakeup();
        }
        boolean interrupted = false;
        long left = nanos;
        lock.lock();
        try {
            while (left > 0 && isOthersRunning(caller)) {
                try {
                    left = changed.awaitNanos(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isOthersRunning(Worker caller) {
        return !starting.isEmpty()
                || started.stream().anyMatch(each -> caller == null || each.worker() != caller);
    }

    private List<PollerThread> running() {
        lock.lock();
        try {
            return List.copyOf(started);
        } finally {
            lock.unlock();
        }
    }
}
