package io.silkstone.rpc;

import io.silkstone.api.threads.ThreadRuntime;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/** How threads wait for results. */
public interface Patience {
    /** Returns when {@code result} is done. The caller's thread is not the one that polls. */
    void await(Rpc rpc, Waitable result);

    /** {@code result}, for which somebody may wait, is done. Called by the thread that polls. */
    void wake(Waitable result);

    /**
     * For user threads of {@code runtime}, whose cores poll; other threads look now and then. When
     * the Rpc is closed the cores may poll no more, and whoever waits does: calls and what is made
     * of them end by their time.
     */
    static Patience of(ThreadRuntime runtime) {
        return new Patience() {
            private static final long LOOK_NANOS = 200_000;

            @Override
            public void await(Rpc rpc, Waitable result) {
                long self = runtime.self();
                result.waiter = self;
                // Whoever ends it looks for who waits: one of the two sees the other.
                VarHandle.fullFence();
                while (!result.isDone()) {
                    if (rpc.isClosed() && rpc.poll() > 0) {
                        continue;
                    }
                    if (self == ThreadRuntime.NONE) {
                        LockSupport.parkNanos(LOOK_NANOS);
                    } else if (rpc.isClosed()) {
                        runtime.sleep(LOOK_NANOS);
                    } else {
                        runtime.block();
                    }
                }
                result.waiter = ThreadRuntime.NONE;
            }

            @Override
            public void wake(Waitable result) {
                VarHandle.fullFence();
                long waiter = result.waiter;
                if (waiter != ThreadRuntime.NONE) {
                    runtime.signal(waiter);
                }
            }
        };
    }

    /**
     * For threads of a process where nobody else polls: whoever waits does. That spares the reply
     * every hand-over between threads. Spins for a while, then sleeps a little longer each time.
     */
    static Patience polling() {
        return new Patience() {
            private static final int SPINS = 2_000;
            private static final int YIELDS = 200;
            private static final long PARK_NANOS_MAX = 200_000;

            @Override
            public void await(Rpc rpc, Waitable result) {
                int idle = 0;
                while (!result.isDone()) {
                    if (rpc.poll() > 0) {
                        idle = 0;
                    } else if (++idle < SPINS) {
                        Thread.onSpinWait();
                    } else if (idle < SPINS + YIELDS) {
                        Thread.yield();
                    } else {
                        long nanos = 1_000L * (idle - SPINS - YIELDS);
                        LockSupport.parkNanos(Math.min(nanos, PARK_NANOS_MAX));
                    }
                }
            }

            @Override
            public void wake(Waitable result) {
                // Whoever waits looks again by itself.
            }
        };
    }
}
