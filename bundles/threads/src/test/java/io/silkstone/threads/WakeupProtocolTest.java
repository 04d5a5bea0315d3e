package io.silkstone.threads;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.sync.FairMutex;
import io.silkstone.threads.sync.FairSemaphore;
import java.lang.reflect.Proxy;
import java.util.concurrent.locks.LockSupport;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/**
 * Explores interleavings of the protocols around the wake-up word. Lincheck assumes sequential
 * consistency, which volatile words have; what is left to it is to find an order in which a wake-up
 * is lost, and then a thread waits for ever and the test fails.
 */
class WakeupProtocolTest {
    private static final int INVOCATIONS = 120;
    private static final ThreadTask NOTHING = (a, b) -> {};

    /** A runtime whose callers are never user threads: they wait as platform threads do. */
    private static ThreadRuntime outside() {
        return (ThreadRuntime)
                Proxy.newProxyInstance(
                        WakeupProtocolTest.class.getClassLoader(),
                        new Class<?>[] {ThreadRuntime.class},
                        (proxy, method, arguments) ->
                                switch (method.getName()) {
                                    case "self" -> ThreadRuntime.NONE;
                                    case "hashCode" -> 1;
                                    case "equals" -> proxy == arguments[0];
                                    default -> null;
                                });
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new AssertionError();
        }
    }

    private static void runAll(Runnable... bodies) {
        Thread[] threads = new Thread[bodies.length];
        for (int i = 0; i < bodies.length; i++) {
            threads[i] = new Thread(bodies[i]);
            threads[i].start();
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static final class Handover {
        final Context context = new Context(1);
        final ParkWord parkWord = new ParkWord();
        final long thread = context.publish(0, NOTHING, 0, 0);
        volatile int produced;
        volatile Thread core;

        void produceAndSignal() {
            synchronized (this) {
                produced++;
            }
            if (context.signal(thread) && parkWord.take() == ParkWord.IN_KERNEL) {
                LockSupport.unpark(core);
            }
        }

        /** A core with one thread that waits for {@code all}. */
        void runCore(int all) {
            core = Thread.currentThread();
            while (produced < all) {
                if (context.isDue(1)) {
                    context.consume();
                    continue;
                }
                parkWord.announce(ParkWord.IN_KERNEL);
                if (!context.isDue(1)) {
                    LockSupport.park();
                }
                parkWord.awake();
            }
        }
    }

    @Test
    void signalAndPark_anyInterleaving_losesNoWakeup() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    Handover handover = new Handover();
                    runAll(
                            () -> handover.runCore(2),
                            handover::produceAndSignal,
                            handover::produceAndSignal);
                });
    }

    @Test
    void joinTwoGenerations_anyInterleaving_losesNoJoiner() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    ThreadRuntime runtime = outside();
                    Context context = new Context(1);
                    long first = context.publish(0, NOTHING, 0, 0);
                    runAll(
                            () -> context.join(first, runtime),
                            () -> context.join(first + (1 << 14), runtime),
                            () -> {
                                context.end();
                                context.publish(0, NOTHING, 0, 0);
                                context.end();
                            });
                    require(!context.holds(first));
                });
    }

    @Test
    void mutex_anyInterleaving_excludesAndLosesNoWaiter() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    FairMutex mutex = new FairMutex(outside(), NanoClock.SYSTEM);
                    int[] count = new int[1];
                    Runnable increment =
                            () -> {
                                mutex.lock();
                                count[0]++;
                                mutex.unlock();
                            };
                    runAll(increment, increment, increment);
                    require(count[0] == 3);
                    require(mutex.tryLock());
                });
    }

    @Test
    void semaphore_anyInterleaving_losesNoPermit() {
        Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                    FairSemaphore semaphore = new FairSemaphore(outside(), 1);
                    Runnable use =
                            () -> {
                                semaphore.acquire();
                                semaphore.release();
                            };
                    runAll(use, use, use);
                    require(semaphore.tryAcquire());
                    require(!semaphore.tryAcquire());
                });
    }
}
