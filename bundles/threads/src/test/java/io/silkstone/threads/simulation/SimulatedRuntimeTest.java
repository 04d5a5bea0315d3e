package io.silkstone.threads.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SimulatedRuntimeTest {
    private static SimulatedRuntime simulation(long seed) {
        return new SimulatedRuntime(new SplittableRandom(seed), 2);
    }

    /** Five threads that do some of everything; the order of what they note. */
    private static String trace(long seed) {
        try (SimulatedRuntime runtime = simulation(seed)) {
            StringBuilder trace = new StringBuilder();
            Mutex mutex = runtime.newMutex();
            Semaphore semaphore = runtime.newSemaphore(2);
            for (int i = 0; i < 5; i++) {
                runtime.create(
                        ThreadRuntime.NORMAL,
                        (name, unused) -> {
                            for (int round = 0; round < 3; round++) {
                                mutex.lock();
                                trace.append(name);
                                mutex.unlock();
                                runtime.sleep(1_000 * name);
                                semaphore.acquire();
                                runtime.yield();
                                semaphore.release();
                            }
                        },
                        i,
                        0);
            }
            runtime.run();
            return trace + "/" + runtime.fingerprint();
        }
    }

    @Test
    void run_sameSeed_givesTheSameTrace() {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(trace(seed)).as("seed %d", seed).isEqualTo(trace(seed));
        }
    }

    @Test
    void run_otherSeeds_giveOtherInterleavings() {
        Set<String> traces = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            String trace = trace(seed);
            traces.add(trace.substring(0, trace.indexOf('/')));
        }
        assertThat(traces).hasSizeGreaterThan(15);
    }

    @Test
    void run_raceBetweenTwoThreads_isFoundBySomeSeedAndReplayed() {
        Set<Integer> results = new HashSet<>();
        for (long seed = 0; seed < 50; seed++) {
            int result = racyCount(seed);
            assertThat(racyCount(seed)).as("seed %d", seed).isEqualTo(result);
            results.add(result);
        }
        assertThat(results).contains(1, 2);
    }

    private static int racyCount(long seed) {
        try (SimulatedRuntime runtime = simulation(seed)) {
            int[] count = new int[1];
            for (int i = 0; i < 2; i++) {
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            int before = count[0];
                            runtime.signal(runtime.self());
                            count[0] = before + 1;
                        });
            }
            runtime.run();
            return count[0];
        }
    }

    @Test
    void run_threadsWaitForEachOther_reportsTheDeadlock() {
        List<Long> deadlocked = new ArrayList<>();
        for (long seed = 0; seed < 30; seed++) {
            try (SimulatedRuntime runtime = simulation(seed)) {
                Mutex first = runtime.newMutex();
                Mutex second = runtime.newMutex();
                runtime.create(ThreadRuntime.NORMAL, () -> lockBoth(runtime, first, second));
                runtime.create(ThreadRuntime.NORMAL, () -> lockBoth(runtime, second, first));
                runtime.run();
            } catch (Deadlock deadlock) {
                assertThat(deadlock)
                        .hasMessageContaining("thread 1")
                        .hasMessageContaining("BLOCKED");
                deadlocked.add(seed);
            }
        }
        assertThat(deadlocked).isNotEmpty().hasSizeLessThan(30);
    }

    private static void lockBoth(ThreadRuntime runtime, Mutex one, Mutex other) {
        one.lock();
        runtime.yield();
        other.lock();
        other.unlock();
        one.unlock();
    }

    @Test
    void sleep_anHour_takesSimulatedTimeOnly() {
        try (SimulatedRuntime runtime = simulation(1)) {
            long hour = 3_600_000_000_000L;
            runtime.create(ThreadRuntime.NORMAL, () -> runtime.sleep(hour));
            runtime.run();
            assertThat(runtime.clock().nanoTime()).isGreaterThanOrEqualTo(hour);
        }
    }

    @Test
    void condition_timedWait_endsByNotificationOrTime() {
        try (SimulatedRuntime runtime = simulation(3)) {
            Mutex mutex = runtime.newMutex();
            Mutex.Condition condition = mutex.newCondition();
            List<Boolean> notified = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            mutex.lock();
                            notified.add(condition.await(1_000_000));
                            mutex.unlock();
                        });
            }
            runtime.create(
                    ThreadRuntime.NORMAL,
                    () -> {
                        runtime.sleep(100_000);
                        mutex.lock();
                        condition.notifyOne();
                        mutex.unlock();
                    });
            runtime.run();
            assertThat(notified).containsExactly(true, false);
        }
    }

    @Test
    void join_onTheDriver_drivesUntilTheEnd() {
        try (SimulatedRuntime runtime = simulation(5)) {
            List<Integer> order = new ArrayList<>();
            long child =
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                runtime.join(
                                        runtime.create(ThreadRuntime.NORMAL, () -> order.add(1)));
                                order.add(2);
                            });
            runtime.join(child);
            assertThat(order).containsExactly(1, 2);
        }
    }

    @Test
    void create_contextsExhausted_isRefused() {
        try (SimulatedRuntime runtime = simulation(5)) {
            for (int i = 0; i < 112; i++) {
                assertThat(runtime.create(ThreadRuntime.NORMAL, () -> {})).isPositive();
            }
            assertThat(runtime.create(ThreadRuntime.NORMAL, () -> {}))
                    .isEqualTo(ThreadRuntime.NONE);
            runtime.run();
            assertThat(runtime.create(ThreadRuntime.NORMAL, () -> {})).isPositive();
        }
    }

    @Test
    void attach_requestsComeLater_areServedThenDetached() throws Exception {
        try (SimulatedRuntime runtime = simulation(9)) {
            Queue<Long> requests = new ArrayDeque<>();
            List<Integer> closed = new ArrayList<>();
            AutoCloseable attachment =
                    runtime.attach(core -> new QueuePoller(runtime, core, requests, closed));
            long waiter =
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                runtime.sleep(5_000_000);
                                requests.add(runtime.self());
                                runtime.block();
                            });
            runtime.join(waiter);
            attachment.close();
            assertThat(closed).containsExactlyInAnyOrder(0, 1);
        }
    }

    @Test
    void attach_waiterThatNobodyServes_isADeadlock() {
        try (SimulatedRuntime runtime = simulation(9)) {
            runtime.attach(
                    core -> new QueuePoller(runtime, core, new ArrayDeque<>(), new ArrayList<>()));
            runtime.create(ThreadRuntime.NORMAL, () -> runtime.block());
            assertThatThrownBy(runtime::run).isInstanceOf(Deadlock.class);
        }
    }

    @Test
    void signal_targetLostItsTurnInACall_isKept() {
        for (long seed = 0; seed < 200; seed++) {
            try (SimulatedRuntime runtime = simulation(seed)) {
                boolean[] started = new boolean[1];
                long nobody = 999;
                long waiter =
                        runtime.create(
                                ThreadRuntime.NORMAL,
                                () -> {
                                    started[0] = true;
                                    runtime.signal(nobody);
                                    runtime.block();
                                });
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            while (!started[0]) {
                                runtime.yield();
                            }
                            runtime.signal(waiter);
                        });
                assertThatCode(runtime::run).as("seed %d", seed).doesNotThrowAnyException();
            }
        }
    }

    @Test
    void attach_requestComesAfterAQuietMinute_isServed() {
        try (SimulatedRuntime runtime = simulation(1)) {
            long minute = 60_000_000_000L;
            Queue<Long> requests = new ArrayDeque<>();
            runtime.attach(
                    core ->
                            new LatePoller(
                                    new QueuePoller(runtime, core, requests, new ArrayList<>()),
                                    runtime.clock(),
                                    minute));
            requests.add(runtime.create(ThreadRuntime.NORMAL, () -> runtime.block()));
            runtime.run();
            assertThat(runtime.clock().nanoTime()).isBetween(minute, minute + minute / 8);
        }
    }

    /** Its requests are there only from some time on. */
    private record LatePoller(QueuePoller poller, NanoClock clock, long due) implements CorePoller {
        @Override
        public int poll() {
            return clock.nanoTime() < due ? 0 : poller.poll();
        }

        @Override
        public long park(long nanosMax) {
            return poller.park(nanosMax);
        }

        @Override
        public void wakeup() {}

        @Override
        public void handOver(CorePoller successor) {
            poller.handOver(successor);
        }

        @Override
        public boolean isEmpty() {
            return poller.isEmpty();
        }

        @Override
        public void close() {
            poller.close();
        }
    }

    @Test
    void task_waitsInsideTheJdk_failsTheRun() {
        try (SimulatedRuntime runtime = simulation(2)) {
            CountDownLatch never = new CountDownLatch(1);
            runtime.create(
                    ThreadRuntime.NORMAL,
                    () -> {
                        try {
                            never.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    });
            assertThatThrownBy(runtime::run).hasMessageContaining("waits inside the JDK");
        }
    }

    @Test
    void task_thatMeetsAMonitorOfTheJdksForAMoment_goesOn() throws InterruptedException {
        Object monitor = new Object();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch wanted = new CountDownLatch(1);
        AtomicReference<Thread> task = new AtomicReference<>();
        Thread holder =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    synchronized (monitor) {
                                        held.countDown();
                                        awaitBlocked(wanted, task);
                                    }
                                });
        held.await();
        boolean[] done = new boolean[1];
        try (SimulatedRuntime runtime = simulation(2)) {
            runtime.create(
                    ThreadRuntime.NORMAL,
                    () -> {
                        task.set(Thread.currentThread());
                        wanted.countDown();
                        synchronized (monitor) {
                            done[0] = true;
                        }
                    });
            runtime.run();
        }
        holder.join();
        assertThat(done[0]).isTrue();
    }

    private static void awaitBlocked(CountDownLatch wanted, AtomicReference<Thread> task) {
        try {
            wanted.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        while (task.get().getState() != Thread.State.BLOCKED) {
            Thread.onSpinWait();
        }
    }

    @Test
    void task_throws_failsTheRunAtItsStep() {
        try (SimulatedRuntime runtime = simulation(2)) {
            runtime.create(
                    ThreadRuntime.NORMAL,
                    () -> {
                        throw new ArithmeticException("by zero");
                    });
            assertThatThrownBy(runtime::run)
                    .hasMessageContaining("step 1")
                    .hasRootCauseInstanceOf(ArithmeticException.class);
        }
    }

    private record QueuePoller(
            ThreadRuntime runtime, int core, Queue<Long> requests, List<Integer> closed)
            implements CorePoller {
        @Override
        public int poll() {
            Long waiting = requests.poll();
            if (waiting == null) {
                return 0;
            }
            runtime.signal(waiting);
            return 1;
        }

        @Override
        public long park(long nanosMax) {
            return 0;
        }

        @Override
        public void wakeup() {}

        @Override
        public void handOver(CorePoller successor) {
            throw new AssertionError("a simulated core is never given back");
        }

        @Override
        public boolean isEmpty() {
            return requests.isEmpty();
        }

        @Override
        public void close() {
            closed.add(core);
        }
    }
}
