package io.silkstone.threads;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker that is a platform thread, for a JDK that lets nobody schedule virtual threads. The core
 * is a baton between its kernel thread and its workers: whoever has the turn runs. A thread that
 * never blocks is a plain call, as on a virtual worker; a switch goes through the kernel and costs
 * microseconds.
 *
 * <p>A task that waits inside the JDK would keep the baton. The kernel thread looks at it a few
 * hundred times a second, and takes the baton away from a worker that it finds waiting in user
 * code; when that worker enters the runtime again it queues for the core like a thread that was
 * woken. So such a wait costs its core some milliseconds, never the whole wait.
 */
final class PlatformWorker extends Worker {
    private static final long WATCH_NANOS = 5_000_000;
    private static final int RUNTIME = 0;
    private static final int USER = 1;
    private static final int DETACHED = 2;
    private static final VarHandle PLACE;

    static {
        try {
            PLACE = MethodHandles.lookup().findVarHandle(PlatformWorker.class, "place", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Thread thread;
    private volatile int place = RUNTIME;
    private volatile boolean myTurn;
    private Core bound;

    /** The thread was interrupted where an interrupt would turn a wait into a busy loop. */
    private boolean interrupted;

    PlatformWorker(Machine machine, Core core) {
        super(machine, core);
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .name("silkstone-threads-worker-" + core.number)
                        .start(this);
    }

    @Override
    void begin() {
        awaitTurn();
    }

    @Override
    void end() {
        machine.processors.forget();
        myTurn = false;
        LockSupport.unpark(core.kernelThread());
    }

    @Override
    void resume() {
        place = RUNTIME;
        myTurn = true;
        LockSupport.unpark(thread);
        while (myTurn) {
            LockSupport.parkNanos(this, WATCH_NANOS);
            if (myTurn && place == USER && isWaiting() && takeBaton()) {
                return;
            }
        }
    }

    private boolean isWaiting() {
        return switch (thread.getState()) {
            case BLOCKED, WAITING, TIMED_WAITING -> true;
            default -> false;
        };
    }

    private boolean takeBaton() {
        if (PLACE.compareAndSet(this, USER, DETACHED)) {
            myTurn = false;
            return true;
        }
        return false;
    }

    @Override
    void leave() {
        myTurn = false;
        LockSupport.unpark(core.kernelThread());
        awaitTurn();
    }

    private void awaitTurn() {
        while (!myTurn) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (bound != core) {
            bound = core;
            machine.pin(core);
        }
    }

    @Override
    void enterUser() {
        if (interrupted) {
            interrupted = false;
            Thread.currentThread().interrupt();
        }
        place = USER;
    }

    @Override
    void forgetInterrupt() {
        super.forgetInterrupt();
        interrupted = false;
    }

    @Override
    void enterRuntime() {
        if (!PLACE.compareAndSet(this, USER, RUNTIME)) {
            awaitTurnAgain();
        }
    }

    /** The baton was taken, or is at this moment, while the thread waited inside the JDK. */
    private void awaitTurnAgain() {
        while (myTurn) {
            Thread.onSpinWait();
        }
        core.bringBack(this);
        awaitTurn();
    }

    @Override
    void parkCore(long nanos) {
        if (core.announcePark(thread)) {
            interrupted |= Thread.interrupted();
            LockSupport.parkNanos(this, nanos);
            interrupted |= Thread.interrupted();
            core.cancelPark();
        }
    }

    @Override
    void yieldCore() {
        Thread.yield();
    }
}
