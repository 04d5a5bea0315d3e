package io.silkstone.threads;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.sync.FairMutex;
import io.silkstone.threads.sync.FairSemaphore;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/**
 * Explores interleavings of the protocols around the wake-up word. Lincheck assumes sequential
 * consistency, which volatile words have. It lets a parked thread go on by itself, so nobody parks
 * here: who would wait for ever leaves with {@link Asleep}, and at the end everyone who sleeps must
 * have been woken.
 */
class WakeupProtocolTest {
    private static final int INVOCATIONS = 100;
    private static final ThreadTask NOTHING = (a, b) -> {};

    private static final class Asleep extends RuntimeException {
        private static final long serialVersionUID = 1;

        Asleep() {
            super("asleep", null, false, false);
        }
    }

    /** A runtime of threads that fall asleep instead of waiting; identifiers from 1. */
    private static final class Sleepers {
        final AtomicIntegerArray woken = new AtomicIntegerArray(8);
        final AtomicIntegerArray asleep = new AtomicIntegerArray(8);
        final Thread[] threads = new Thread[8];

        ThreadRuntime runtime() {
            return (ThreadRuntime)
                    Proxy.newProxyInstance(
                            WakeupProtocolTest.class.getClassLoader(),
                            new Class<?>[] {ThreadRuntime.class},
                            (proxy, method, arguments) ->
                                    switch (method.getName()) {
                                        case "self" -> (long) self();
                                        case "block" -> block(self());
                                        case "signal" -> signal((long) arguments[0]);
                                        case "hashCode" -> 1;
                                        case "equals" -> proxy == arguments[0];
                                        default -> null;
                                    });
        }

        private int self() {
            for (int thread = 1; thread < threads.length; thread++) {
                if (threads[thread] == Thread.currentThread()) {
                    return thread;
                }
            }
            return 0;
        }

        private Object block(int thread) {
            if (!woken.compareAndSet(thread, 1, 0)) {
                asleep.set(thread, 1);
                throw new Asleep();
            }
            return null;
        }

        private Object signal(long thread) {
            woken.set((int) thread, 1);
            return null;
        }

        void run(Runnable... bodies) {
            for (int i = 0; i < bodies.length; i++) {
                Runnable body = bodies[i];
                threads[i + 1] =
                        new Thread(
                                () -> {
                                    try {
                                        body.run();
                                    } catch (Asleep stays) {
                                        return;
                                    }
                                });
            }
            for (int i = 1; i <= bodies.length; i++) {
                threads[i].start();
            }
            for (int i = 1; i <= bodies.length; i++) {
                try {
                    threads[i].join();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }

        /** Lets those who sleep go on one after the other; each must have been woken by then. */
        void continueAll(Runnable rest) {
            for (int left = count(); left > 0; left--) {
                int next = 1;
                while (next < 8 && (asleep.get(next) == 0 || woken.get(next) == 0)) {
                    next++;
                }
                require(next < 8);
                asleep.set(next, 0);
                rest.run();
            }
        }

        private int count() {
            int count = 0;
            for (int thread = 0; thread < 8; thread++) {
                count += asleep.get(thread);
            }
            return count;
        }
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new AssertionError();
        }
    }

    @Test
    void consumeAndSignal_anyInterleaving_conditionIsSeen() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    Context context = new Context(1);
                    long thread = context.publish(0, NOTHING, 0, 0);
                    AtomicIntegerArray condition = new AtomicIntegerArray(1);
                    boolean[] seen = new boolean[1];
                    new Sleepers()
                            .run(
                                    () -> {
                                        context.consume();
                                        seen[0] = condition.get(0) == 1;
                                    },
                                    () -> {
                                        condition.set(0, 1);
                                        context.signal(thread);
                                    });
                    require(seen[0] || context.isDue(1));
                });
    }

    @Test
    void mutex_anyInterleaving_excludesAndLosesNoWaiter() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    Sleepers sleepers = new Sleepers();
                    FairMutex mutex = new FairMutex(sleepers.runtime(), NanoClock.SYSTEM);
                    int[] count = new int[1];
                    Runnable locked =
                            () -> {
                                count[0]++;
                                mutex.unlock();
                            };
                    Runnable increment =
                            () -> {
                                mutex.lock();
                                locked.run();
                            };
                    sleepers.run(increment, increment, increment);
                    sleepers.continueAll(locked);
                    require(count[0] == 3);
                    require(mutex.tryLock());
                });
    }

    @Test
    void semaphore_anyInterleaving_losesNoPermit() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    Sleepers sleepers = new Sleepers();
                    FairSemaphore semaphore = new FairSemaphore(sleepers.runtime(), 1);
                    Runnable use =
                            () -> {
                                semaphore.acquire();
                                semaphore.release();
                            };
                    sleepers.run(use, use, use);
                    sleepers.continueAll(semaphore::release);
                    require(semaphore.tryAcquire());
                    require(!semaphore.tryAcquire());
                });
    }
}
