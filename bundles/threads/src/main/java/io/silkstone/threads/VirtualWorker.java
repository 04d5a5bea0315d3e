package io.silkstone.threads;

import io.silkstone.threads.kernel.VirtualThreads;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker that is a virtual thread, and the scheduler of that one virtual thread.
 *
 * <p>The JDK calls {@link #execute} whenever the thread may go on. Three cases need telling apart:
 * the call inside our own {@link #leave}, which must do nothing, as the wake-up word says when to
 * go on; a call after the thread waited inside the JDK (a lock, a socket, a sleep), which brings
 * the worker back to its core; and a continuation that is not ours at all, of a virtual thread that
 * a task started, which inherited this scheduler and goes to the JDK's own.
 */
final class VirtualWorker extends Worker implements Executor {
    private final Thread thread;
    private Runnable continuation;

    VirtualWorker(Machine machine, Core core, VirtualThreads threads) {
        super(machine, core);
        thread = threads.unstarted("silkstone-threads-worker", this, this);
        // Only hands its continuation over: it runs when it is mounted.
        thread.start();
    }

    @Override
    public void execute(Runnable runnable) {
        if (continuation == null) {
            continuation = runnable;
        } else if (runnable != continuation) {
            machine.runElsewhere(runnable);
        } else if (!leaving) {
            core.bringBack(this);
        }
    }

    @Override
    void resume() {
        continuation.run();
    }

    @Override
    void leave() {
        Thread.yield();
    }

    @Override
    void parkCore(long nanos) {
        if (core.announcePark(core.kernelThread()) && !leaveFor(Core.Errand.PARK, nanos)) {
            core.cancelPark();
            LockSupport.parkNanos(this, Math.min(nanos, PINNED_PARK_NANOS));
        }
    }

    @Override
    void yieldCore() {
        leaveFor(Core.Errand.YIELD, 0);
    }

    /** Has the kernel thread do what only it can; false when a native frame holds us mounted. */
    private boolean leaveFor(Core.Errand errand, long nanos) {
        core.prepare(errand, nanos);
        return leaveForNext(core);
    }
}
