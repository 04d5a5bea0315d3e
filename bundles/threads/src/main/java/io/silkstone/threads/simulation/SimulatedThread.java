package io.silkstone.threads.simulation;

import io.silkstone.api.threads.ThreadTask;
import io.silkstone.threads.kernel.VirtualThreads;
import io.silkstone.threads.sync.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** One user thread of a simulation; touched by the simulation's one thread only. */
final class SimulatedThread extends Timed implements Executor {
    /** Where a thread is. */
    enum State {
        /** Not begun, or gave its turn away: a signal changes nothing, and is spent. */
        RUNNABLE,
        /** Lost its turn in the middle of a call: a signal is kept, as while it runs. */
        PREEMPTED,
        RUNNING,
        SLEEPING,
        BLOCKED,
        ENDED
    }

    private static final long MONITOR_SECONDS_MAX = 10;

    final SimulatedProcess process;
    final long id;
    final int threadClass;
    final ThreadTask task;
    final boolean isPoller;
    final List<Waiter> joiners = new ArrayList<>();
    State state = State.RUNNABLE;

    /** A signal came while it ran. */
    boolean signalled;

    private final Scheduler scheduler;
    private final Thread thread;
    private final Semaphore gotMonitor = new Semaphore(0);
    private Runnable continuation;
    private boolean leaving;

    SimulatedThread(
            Scheduler scheduler,
            SimulatedProcess process,
            long id,
            int threadClass,
            ThreadTask task,
            boolean isPoller,
            VirtualThreads threads,
            Runnable body) {
        super(id);
        this.scheduler = scheduler;
        this.process = process;
        this.id = id;
        this.threadClass = threadClass;
        this.task = task;
        this.isPoller = isPoller;
        thread = threads.unstarted("silkstone-threads-simulated-" + id, this, body);
        thread.start();
    }

    @Override
    void due() {
        scheduler.wake(this);
    }

    @Override
    public void execute(Runnable runnable) {
        if (continuation == null) {
            continuation = runnable;
        } else if (runnable != continuation) {
            throw new IllegalStateException(
                    "a simulated thread may wait, and start threads, through ThreadRuntime only");
        } else if (!leaving) {
            gotMonitor.release();
        }
    }

    boolean isCaller() {
        return Thread.currentThread() == thread;
    }

    /** On the driver: lets the thread run until it leaves or ends. */
    void resume() {
        state = State.RUNNING;
        continuation.run();
        while (!leaving && state != State.ENDED && awaitMonitor()) {
            continuation.run();
        }
        boolean left = leaving;
        leaving = false;
        if (!left && state != State.ENDED) {
            throw new IllegalStateException(
                    this + " waits inside the JDK, where a simulation cannot see it");
        }
    }

    /**
     * On the driver: the thread was stopped by a monitor that a thread of the JDK's holds for a
     * moment, the one that cleans up after the garbage collector for instance. Waits for that; to
     * the simulation it is no time at all. False when it waits for something else.
     */
    private boolean awaitMonitor() {
        Thread.State waits = thread.getState();
        if (waits == Thread.State.WAITING || waits == Thread.State.TIMED_WAITING) {
            return false;
        }
        try {
            return gotMonitor.tryAcquire(MONITOR_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** On the thread itself: lets the driver choose who runs next. */
    void leave() {
        leaving = true;
        Thread.yield();
        if (leaving) {
            leaving = false;
            throw new IllegalStateException(
                    this + " cannot be left: a native frame or a class initialiser is below it");
        }
    }

    @Override
    public String toString() {
        String stopped = process.isStopped() ? ", process stopped" : "";
        return "thread "
                + id
                + " of "
                + process.name()
                + " ("
                + task.getClass().getName()
                + ", "
                + state
                + stopped
                + ")";
    }
}
