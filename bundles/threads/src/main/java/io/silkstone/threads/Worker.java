package io.silkstone.threads;

import java.util.concurrent.locks.LockSupport;

/**
 * A stack that user threads run on: "mounted adoption". Arachne (section 4.2) gives each context a
 * stack and switches to it; on the JVM a switch between continuations costs 200 ns, a call nothing.
 * So the dispatcher is a loop <em>inside</em> a worker, and a new thread is a plain call from it.
 * Only a thread that blocks while another one is runnable keeps the worker's stack and leaves the
 * core; the core then mounts another worker. A thread that blocks first looks for work itself, and
 * if its own wake-up comes before any other, it goes on without a switch.
 *
 * <p>Threading: a worker's methods are called on the worker, except {@link #resume}, which its
 * core's kernel thread calls. Its fields belong to the core that has it mounted, or where its
 * thread waits.
 */
abstract class Worker implements Runnable {
    static final long PINNED_PARK_NANOS = 100_000;

    final Machine machine;

    /** Where it is mounted, or would be. Written by the owning core; read by whoever wakes it. */
    volatile Core core;

    /** The thread whose frames are on this stack, null while the worker is idle. */
    Context context;

    /** A new thread to begin, given by the kernel loop together with {@link #chosen}. */
    Context assigned;

    /** Mounted because its thread may go on, and not just to look for work again. */
    boolean chosen;

    /** It leaves the core by its own wish. Cleared by the kernel loop; if not, it never left. */
    boolean leaving;

    /** To end instead of looking for work. */
    boolean stopped;

    /** It has ended. */
    boolean ended;

    /** Link in the list of workers that come back from waiting inside the JDK. */
    Worker nextResumed;

    Worker(Machine machine, Core core) {
        this.machine = machine;
        this.core = core;
    }

    /**
     * On the kernel thread: lets the worker run on this core until it leaves, waits inside the JDK,
     * or ends.
     */
    abstract void resume();

    /** On the worker: gives the core to the kernel loop; returns when mounted again. */
    abstract void leave();

    /** The core has nothing to do: waits at most {@code nanos}, or until it is woken. */
    abstract void parkCore(long nanos);

    /** The core has nothing to do: lets other threads of the machine have the processor. */
    abstract void yieldCore();

    /** User code begins to run on this worker. */
    void enterUser() {}

    /** The runtime's code begins to run on this worker: it owns its core from here on. */
    void enterRuntime() {}

    @Override
    public final void run() {
        try {
            begin();
            machine.current.set(this);
            for (Context next = next(null); next != null; next = next(null)) {
                adopt(next);
            }
        } catch (Throwable failure) {
            machine.failed("worker", this, failure);
        } finally {
            ended = true;
            end();
        }
    }

    /** First and last step of the worker's thread. */
    void begin() {}

    void end() {}

    /** Runs a new thread as a call. */
    private void adopt(Context thread) {
        context = thread;
        thread.worker = this;
        core.meter.started();
        enterUser();
        try {
            thread.task.run(thread.a, thread.b);
        } catch (Throwable failure) {
            machine.failed(thread.task, failure);
        }
        enterRuntime();
        forgetInterrupt();
        // The thread may have moved meanwhile: only now is it certain whose core this is.
        core.finish(thread);
        context = null;
    }

    /** What interrupted this thread must not interrupt the next one on the same stack. */
    void forgetInterrupt() {
        Thread.interrupted();
    }

    /** The thread on this worker waits for a signal, or consumes one that is there. */
    final void block() {
        enterRuntime();
        next(context);
        enterUser();
    }

    final void sleep(long nanos) {
        enterRuntime();
        long deadline = machine.now() + nanos;
        // Beyond what the clock can reach, a sleep is a block.
        if (deadline <= 0 || deadline >= Context.UNOCCUPIED) {
            next(context);
        } else {
            context.sleepUntil(deadline);
            next(context);
        }
        enterUser();
    }

    final void yield() {
        enterRuntime();
        if (!core.hasOnly(context)) {
            context.wakeup = Context.RUNNABLE;
            core.scanAfter(context.slot);
            next(context);
        }
        enterUser();
    }

    /**
     * The dispatcher (Arachne, section 4.2): scans and switches until {@code mine} may go on.
     *
     * @param mine the thread on this worker, null when the worker is idle
     * @return {@code mine}, or for an idle worker a new thread to run, null to end
     */
    private Context next(Context mine) {
        while (!stopped) {
            // A worker that has just been made begins here with a thread, too.
            if (chosen) {
                chosen = false;
                Context mineOrNew = mine != null ? mine : assigned;
                assigned = null;
                return mineOrNew;
            }
            Core here = core;
            Worker back = here.takeResumed();
            if (back != null) {
                here.switchTo(back);
            } else {
                Context found = here.scan();
                if (found != null) {
                    if (found == mine || mine == null && found.worker == null) {
                        return found;
                    }
                    here.switchTo(found);
                } else if (here.endPass(this)) {
                    continue;
                }
            }
            if (!leaveForNext(here)) {
                return waitPinned(mine);
            }
        }
        return null;
    }

    /**
     * A turn of the others between two polls: runs what is runnable, and waits when nothing is.
     * Returns when the core comes back to this poller.
     *
     * @param served how many requests the poller has just found
     */
    final void letOthersRun(PollerThread poller, int served) {
        enterRuntime();
        core.meter.ran(served);
        switchAround(poller);
        enterUser();
    }

    private void switchAround(PollerThread poller) {
        Core here = core;
        Worker back = here.takeResumed();
        if (back != null) {
            here.switchTo(back);
        } else if (!here.switchToPollerAfter(poller)) {
            Context found = here.scan();
            if (found == context) {
                return;
            }
            if (found != null) {
                here.switchTo(found);
            } else if (!here.endPollersPass(this, poller)) {
                return;
            }
        }
        poller.isHome = true;
        boolean left = leaveForNext(here);
        poller.isHome = false;
        chosen = false;
        assert left : "a poller has nothing below it that could pin it";
    }

    /** Leaves for what {@code here} has chosen; false when a native frame holds us on the core. */
    final boolean leaveForNext(Core here) {
        leaving = true;
        leave();
        if (leaving) {
            leaving = false;
            here.undoSwitch();
            return false;
        }
        return true;
    }

    /** A native frame or a class initialiser below keeps the thread here: its core waits too. */
    private Context waitPinned(Context mine) {
        machine.counters.pinned.increment();
        while (!mine.isDue(machine.now())) {
            LockSupport.parkNanos(this, PINNED_PARK_NANOS);
        }
        mine.consume();
        return mine;
    }
}
