package io.silkstone.threads.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Guards a few instructions. The holder never waits for anything, so a thread that meets it held
 * waits for another processor only; should that one have lost its processor in between, the waiting
 * thread gives its own up.
 */
final class SpinLock {
    private static final int SPINS_MAX = 256;
    private static final VarHandle HELD;

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile boolean held;

    void lock() {
        int spins = 0;
        while (held || !HELD.compareAndSet(this, false, true)) {
            if (++spins < SPINS_MAX) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    void unlock() {
        held = false;
    }
}
