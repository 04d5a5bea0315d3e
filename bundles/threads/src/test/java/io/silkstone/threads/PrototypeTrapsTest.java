package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.metrics.MetricRegistry.Metric;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every trap that the prototype fell into. Most are about waiting inside the JDK: one thread waits
 * so on the only core, and another one on it, the heartbeat, must be able to end that wait. If the
 * wait blocked the core, it would never end.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PrototypeTrapsTest {
    private final Metrics metrics = new Metrics();
    private final ArachneRuntime runtime =
            TestRuntimes.start(ArachneOptions.Mode.VIRTUAL, 1, 1, metrics);

    @AfterEach
    void close() {
        runtime.close();
    }

    /** Runs {@code waiting} on the core; once it is there the heartbeat runs {@code release}. */
    private void waitUnderHeartbeat(Runnable waiting, Runnable release, int beats) {
        AtomicBoolean entered = new AtomicBoolean();
        AtomicInteger beat = new AtomicInteger();
        long waiter =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            entered.set(true);
                            waiting.run();
                        });
        long heart =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            while (!entered.get()) {
                                runtime.yield();
                            }
                            for (int i = 0; i < beats; i++) {
                                runtime.sleep(100_000);
                                beat.incrementAndGet();
                            }
                            release.run();
                        });
        runtime.join(heart);
        runtime.join(waiter);
        assertThat(beat).hasValue(beats);
    }

    @Test
    void trapA_joinerNodeStolenAcrossGenerations_queuesAgain() {
        ArachneRuntime two = TestRuntimes.start(ArachneOptions.Mode.VIRTUAL, 2, 2);
        try {
            AtomicInteger joined = new AtomicInteger();
            List<Long> joiners = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                joiners.add(
                        two.create(
                                ThreadRuntime.NORMAL,
                                () -> {
                                    for (int round = 0; round < 5_000; round++) {
                                        two.join(two.create(ThreadRuntime.NORMAL, () -> {}));
                                        joined.incrementAndGet();
                                    }
                                }));
            }
            joiners.forEach(two::join);
            assertThat(joined).hasValue(15_000);
        } finally {
            two.close();
        }
    }

    @Test
    void trapB_consumingAWakeup_seesTheConditionOfASignalThatDidNothing() {
        ArachneRuntime two = TestRuntimes.start(ArachneOptions.Mode.VIRTUAL, 2, 2);
        try {
            AtomicLong produced = new AtomicLong();
            AtomicLong consumed = new AtomicLong();
            long consumer =
                    two.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                while (consumed.get() < 50_000) {
                                    while (consumed.get() == produced.get()) {
                                        two.block();
                                    }
                                    consumed.incrementAndGet();
                                }
                            });
            for (int i = 0; i < 50_000; i++) {
                produced.incrementAndGet();
                two.signal(consumer);
            }
            two.join(consumer);
            assertThat(consumed).hasValue(50_000);
        } finally {
            two.close();
        }
    }

    @Test
    void trapC_virtualThreadOfATask_runsElsewhereThoughItInheritsTheScheduler() {
        AtomicBoolean ran = new AtomicBoolean();
        CountDownLatch other = new CountDownLatch(1);
        runtime.join(
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            Thread stranger =
                                    Thread.ofVirtual()
                                            .start(
                                                    () -> {
                                                        TestRuntimes.await(other);
                                                        ran.set(
                                                                runtime.self()
                                                                        == ThreadRuntime.NONE);
                                                    });
                            other.countDown();
                            join(stranger);
                        }));
        assertThat(ran).isTrue();
        assertThat(metrics.snapshot())
                .filteredOn(metric -> metric.label().equals(ThreadMetrics.FOREIGN.label()))
                .extracting(Metric::value)
                .allMatch(count -> count > 0);
    }

    @Test
    void trapD_executeDuringOwnYield_doesNotWakeTheThread() {
        AtomicInteger returned = new AtomicInteger();
        long blocked =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            runtime.block();
                            returned.incrementAndGet();
                        });
        // To let these run the blocked one leaves its core, and the JDK calls execute for it.
        for (int i = 0; i < 100; i++) {
            runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> runtime.yield()));
        }
        assertThat(returned).hasValue(0);
        runtime.signal(blocked);
        runtime.join(blocked);
        assertThat(returned).hasValue(1);
    }

    @Test
    void jdkYield_inATask_comesBack() {
        AtomicInteger turns = new AtomicInteger();
        waitUnderHeartbeat(
                () -> {
                    while (turns.get() >= 0) {
                        turns.incrementAndGet();
                        Thread.yield();
                    }
                },
                () -> turns.set(Integer.MIN_VALUE),
                20);
    }

    @Test
    void threadLocal_interleavedThreads_eachSeesItsOwn() {
        ThreadLocal<Long> local = new ThreadLocal<>();
        AtomicInteger right = new AtomicInteger();
        List<Long> threads = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                local.set(runtime.self());
                                runtime.yield();
                                runtime.sleep(50_000);
                                right.addAndGet(local.get() == runtime.self() ? 1 : 0);
                            }));
        }
        threads.forEach(runtime::join);
        assertThat(right).hasValue(20);
    }

    @Test
    void reentrantLock_twoThreadsOfOneCore_excludesAndBlocksOnlyTheThread() {
        ReentrantLock lock = new ReentrantLock();
        AtomicBoolean tookHeldLock = new AtomicBoolean();
        AtomicBoolean hold = new AtomicBoolean(true);
        long holder =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            lock.lock();
                            awaitYielding(() -> !hold.get());
                            lock.unlock();
                        });
        waitUnderHeartbeat(
                () -> {
                    tookHeldLock.set(lock.tryLock());
                    lock.lock();
                    lock.unlock();
                },
                () -> hold.set(false),
                10);
        runtime.join(holder);
        assertThat(tookHeldLock).isFalse();
    }

    @Test
    void synchronized_heldAcrossASleep_blocksOnlyTheThread() {
        Object monitor = new Object();
        AtomicBoolean hold = new AtomicBoolean(true);
        long holder =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            synchronized (monitor) {
                                awaitYielding(() -> !hold.get());
                            }
                        });
        AtomicBoolean entered = new AtomicBoolean();
        waitUnderHeartbeat(
                () -> {
                    synchronized (monitor) {
                        entered.set(!hold.get());
                    }
                },
                () -> hold.set(false),
                10);
        runtime.join(holder);
        assertThat(entered).isTrue();
    }

    @Test
    void objectWait_notifiedByAThreadOfTheSameCore_goesOn() {
        Object monitor = new Object();
        AtomicBoolean ready = new AtomicBoolean();
        waitUnderHeartbeat(
                () -> {
                    synchronized (monitor) {
                        while (!ready.get()) {
                            waitOn(monitor);
                        }
                    }
                },
                () -> {
                    synchronized (monitor) {
                        ready.set(true);
                        monitor.notifyAll();
                    }
                },
                10);
    }

    @Test
    void jdkSleep_otherThreadsOfTheCoreGoOn() {
        AtomicInteger interrupted = new AtomicInteger();
        Thread[] sleeper = new Thread[1];
        waitUnderHeartbeat(
                () -> {
                    sleeper[0] = Thread.currentThread();
                    try {
                        Thread.sleep(3_600_000);
                    } catch (InterruptedException e) {
                        interrupted.incrementAndGet();
                    }
                },
                () -> sleeper[0].interrupt(),
                10);
        assertThat(interrupted).hasValue(1);
    }

    @Test
    void socketRead_answeredByAThreadOfTheSameCore_goesOn() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket near = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket far = server.accept()) {
            AtomicInteger read = new AtomicInteger();
            waitUnderHeartbeat(
                    () -> {
                        try (InputStream in = near.getInputStream()) {
                            read.set(in.read());
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    () -> {
                        try (OutputStream out = far.getOutputStream()) {
                            out.write(42);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    10);
            assertThat(read).hasValue(42);
        }
    }

    /** Its initialiser blocks: a native frame below pins the thread to its core. */
    private static final class Slow {
        static final long VALUE = PinnedProbe.block();
    }

    private static final class PinnedProbe {
        private static volatile ThreadRuntime runtime;

        static long block() {
            runtime.sleep(2_000_000);
            runtime.yield();
            return 7;
        }
    }

    @Test
    void classInitialiser_sleepsAndYields_waitsInPlaceAndLosesNobody() {
        PinnedProbe.runtime = runtime;
        AtomicLong seen = new AtomicLong();
        AtomicInteger others = new AtomicInteger();
        List<Long> threads = new ArrayList<>();
        threads.add(runtime.create(ThreadRuntime.NORMAL, () -> seen.set(Slow.VALUE)));
        for (int i = 0; i < 10; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                for (int turn = 0; turn < 20; turn++) {
                                    runtime.yield();
                                }
                                others.incrementAndGet();
                            }));
        }
        threads.forEach(runtime::join);
        assertThat(seen).hasValue(7);
        assertThat(others).hasValue(10);
    }

    @Test
    void interrupt_ofATask_doesNotReachTheNextOnTheSameStack() {
        AtomicInteger interrupted = new AtomicInteger();
        for (int i = 0; i < 10; i++) {
            runtime.join(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                interrupted.addAndGet(
                                        Thread.currentThread().isInterrupted() ? 1 : 0);
                                Thread.currentThread().interrupt();
                            }));
        }
        assertThat(interrupted).hasValue(0);
    }

    @Test
    void tasks_ofAnIdleCore_areForgotten() {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> task = runAndForget(queue);
        TestRuntimes.awaitUntil(
                () -> {
                    System.gc();
                    return queue.poll() == task;
                });
    }

    private PhantomReference<Object> runAndForget(ReferenceQueue<Object> queue) {
        AtomicInteger payload = new AtomicInteger();
        runtime.join(runtime.create(ThreadRuntime.NORMAL, payload::incrementAndGet));
        return new PhantomReference<>(payload, queue);
    }

    private void awaitYielding(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            runtime.sleep(50_000);
        }
    }

    private static void waitOn(Object monitor) {
        try {
            monitor.wait();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
