package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.metrics.MetricRegistry.Metric;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pollers live with their cores: from attachment or grant to detachment or release. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CorePollerTest {
    private static final String POLLER_TASK = PollerThread.class.getName();

    private final List<QueuePoller> pollers = new CopyOnWriteArrayList<>();
    private final Metrics metrics = new Metrics();
    private ArachneRuntime runtime;
    private volatile boolean servesInPark;
    private volatile boolean wakeupFails;

    /** Arrives in the middle of a hand-over, which then fails. */
    private volatile Runnable lateRequest;

    @AfterEach
    void close() {
        runtime.close();
        assertThat(pollers).allMatch(poller -> poller.closed.get());
        assertThat(pollers).allMatch(poller -> poller.strangers.get() == 0);
    }

    private void start(ArachneOptions.Mode mode, int coresMin, int coresMax) {
        runtime = TestRuntimes.start(mode, coresMin, coresMax, metrics);
    }

    /**
     * Runs what is in its queue, between the threads or, as event loops do, right after its wait;
     * counts calls from any thread but its own.
     */
    private final class QueuePoller implements CorePoller {
        final int core;
        final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
        final Semaphore wakeups = new Semaphore(0);
        final AtomicInteger strangers = new AtomicInteger();
        final AtomicInteger parks = new AtomicInteger();

        final AtomicBoolean closed = new AtomicBoolean();
        final Thread owner = Thread.currentThread();

        QueuePoller(int core) {
            this.core = core;
            pollers.add(this);
        }

        void submit(Runnable request) {
            queue.add(request);
            wakeup();
        }

        private void check() {
            if (Thread.currentThread() != owner || closed.get()) {
                strangers.incrementAndGet();
            }
        }

        @Override
        public int poll() {
            check();
            return servesInPark ? 0 : serve();
        }

        private int serve() {
            int found = 0;
            for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
                next.run();
                found++;
            }
            return found;
        }

        @Override
        public long park(long nanosMax) {
            check();
            long began = System.nanoTime();
            parks.incrementAndGet();
            try {
                if (wakeups.tryAcquire(nanosMax, TimeUnit.NANOSECONDS)) {
                    wakeups.drainPermits();
                }
            } catch (InterruptedException e) {
                strangers.incrementAndGet();
            }
            long waited = System.nanoTime() - began;
            if (servesInPark) {
                serve();
            }
            return waited;
        }

        @Override
        public void wakeup() {
            wakeups.release();
            if (wakeupFails) {
                throw new AssertionError("a wake-up that fails");
            }
        }

        @Override
        public void handOver(CorePoller successor) {
            check();
            if (lateRequest != null) {
                queue.add(lateRequest);
                throw new AssertionError("a hand-over that fails");
            }
            for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
                ((QueuePoller) successor).submit(next);
            }
        }

        @Override
        public boolean isEmpty() {
            check();
            return queue.isEmpty();
        }

        @Override
        public void close() {
            check();
            closed.set(true);
        }
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void attach_coresHeld_getsAPollerEachOnAUserThread(ArachneOptions.Mode mode) {
        start(mode, 2, 2);
        runtime.attach(QueuePoller::new);
        assertThat(pollers).extracting(poller -> poller.core).containsExactlyInAnyOrder(0, 1);
        for (QueuePoller poller : pollers) {
            CountDownLatch served = new CountDownLatch(1);
            long[] self = new long[1];
            poller.submit(
                    () -> {
                        self[0] = runtime.self();
                        served.countDown();
                    });
            TestRuntimes.await(served);
            assertThat(self[0]).isNotEqualTo(ThreadRuntime.NONE);
        }
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void attach_factoryThrows_isRefusedAndNothingStays(ArachneOptions.Mode mode) {
        start(mode, 2, 2);
        assertThatThrownBy(
                        () ->
                                runtime.attach(
                                        core -> {
                                            if (core == 1) {
                                                throw new IllegalStateException("no sockets left");
                                            }
                                            return new QueuePoller(core);
                                        }))
                .hasMessageContaining("no sockets left");
        TestRuntimes.awaitUntil(() -> runtime.threads().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void grant_factoryThrows_isCountedAndTriedAgain(ArachneOptions.Mode mode) throws PolicyRefused {
        start(mode, 1, 2);
        AtomicInteger tries = new AtomicInteger();
        runtime.attach(
                core -> {
                    if (core == 1 && tries.incrementAndGet() == 1) {
                        throw new IllegalStateException("no sockets left for now");
                    }
                    return new QueuePoller(core);
                });
        SteeredPolicy policy = new SteeredPolicy(2);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 2 && pollers.size() == 2);
        assertThat(tries).hasValue(2);
        assertThat(metrics.snapshot())
                .filteredOn(metric -> metric.label().equals(ThreadMetrics.FAILED.label()))
                .extracting(Metric::value)
                .containsExactly(1L);
        CountDownLatch served = new CountDownLatch(2);
        pollers.forEach(poller -> poller.submit(served::countDown));
        TestRuntimes.await(served);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void attachment_closed_endsThePollersAndTheCoreGoesOn(ArachneOptions.Mode mode)
            throws Exception {
        start(mode, 1, 1);
        AutoCloseable attachment = runtime.attach(QueuePoller::new);
        attachment.close();
        assertThat(pollers).singleElement().matches(poller -> poller.closed.get());
        runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> {}));
    }

    /** Keeps its core while it waits, as the kernel's wait for sockets does, and counts that. */
    private record WaitingPoller(
            long nanosUnpolledMax, AtomicInteger polls, AtomicInteger parks, AtomicLong parkNanos)
            implements CorePoller {
        private static final long WAIT_NANOS = 200_000;

        WaitingPoller(long nanosUnpolledMax) {
            this(nanosUnpolledMax, new AtomicInteger(), new AtomicInteger(), new AtomicLong());
        }

        @Override
        public int poll() {
            polls.incrementAndGet();
            return 0;
        }

        /** Whatever of the JDK waits would give the core away. */
        @Override
        public long park(long nanosMax) {
            parkNanos.set(nanosMax);
            parks.incrementAndGet();
            long began = System.nanoTime();
            while (System.nanoTime() - began < Math.min(nanosMax, WAIT_NANOS)) {
                Thread.onSpinWait();
            }
            return System.nanoTime() - began;
        }

        @Override
        public void wakeup() {}

        @Override
        public void handOver(CorePoller successor) {}

        @Override
        public boolean isEmpty() {
            return true;
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void idle_pollerThatNothingWakes_coreWaitsInTheOtherAndNotForLong(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        long unpolledNanos = 3_000_000;
        WaitingPoller heard = new WaitingPoller(Long.MAX_VALUE);
        WaitingPoller unheard = new WaitingPoller(unpolledNanos);
        runtime.attach(core -> heard);
        runtime.attach(core -> unheard);
        int parksBefore = unheard.parks.get();
        int heardBefore = heard.parks.get();
        int pollsBefore = unheard.polls.get();
        TestRuntimes.awaitUntil(() -> heard.parks.get() > heardBefore + 10);
        assertThat(unheard.parks).hasValue(parksBefore);
        assertThat(unheard.polls.get()).isGreaterThan(pollsBefore + 5);
        assertThat(heard.parkNanos.get()).isLessThanOrEqualTo(unpolledNanos);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void create_coreWaitsInItsPoller_wakesIt(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        QueuePoller poller = pollers.getFirst();
        for (int i = 0; i < 20; i++) {
            int parks = poller.parks.get();
            TestRuntimes.awaitUntil(() -> poller.parks.get() > parks);
            runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> {}));
        }
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void threadsAndRequests_together_allServed(ArachneOptions.Mode mode) {
        start(mode, 2, 2);
        runtime.attach(QueuePoller::new);
        int count = mode == ArachneOptions.Mode.VIRTUAL ? 5_000 : 200;
        CountDownLatch served = new CountDownLatch(2 * count);
        AtomicInteger notOwn = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            QueuePoller poller = pollers.get(i % 2);
            poller.submit(
                    () -> {
                        // A request starts a thread, which must not run on the poller's stack.
                        TestRuntimes.awaitUntil(
                                () ->
                                        runtime.create(
                                                        ThreadRuntime.NORMAL,
                                                        () -> {
                                                            if (isPoller()) {
                                                                notOwn.incrementAndGet();
                                                            }
                                                            runtime.yield();
                                                            served.countDown();
                                                        })
                                                != ThreadRuntime.NONE);
                        served.countDown();
                    });
        }
        TestRuntimes.await(served);
        assertThat(notOwn).hasValue(0);
    }

    private boolean isPoller() {
        return pollers.stream().anyMatch(poller -> poller.owner == Thread.currentThread());
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void poll_blocksOnAMutex_theCoreServesItsThreads(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        Mutex mutex = runtime.newMutex();
        CountDownLatch served = new CountDownLatch(1);
        mutex.lock();
        pollers.getFirst()
                .submit(
                        () -> {
                            mutex.lock();
                            served.countDown();
                            mutex.unlock();
                        });
        runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> runtime.sleep(1_000_000)));
        runtime.join(runtime.create(ThreadRuntime.NORMAL, mutex::unlock));
        TestRuntimes.await(served);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void park_requestServedThere_mayYieldSleepAndWait(ArachneOptions.Mode mode) {
        servesInPark = true;
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        QueuePoller poller = pollers.getFirst();
        for (int round = 0; round < 5; round++) {
            int parks = poller.parks.get();
            TestRuntimes.awaitUntil(() -> poller.parks.get() > parks);
            Mutex mutex = runtime.newMutex();
            CountDownLatch inTheJdk = new CountDownLatch(1);
            CountDownLatch served = new CountDownLatch(1);
            mutex.lock();
            poller.submit(
                    () -> {
                        runtime.yield();
                        runtime.sleep(100_000);
                        mutex.lock();
                        mutex.unlock();
                        TestRuntimes.await(inTheJdk);
                        served.countDown();
                    });
            runtime.join(runtime.create(ThreadRuntime.NORMAL, mutex::unlock));
            runtime.join(runtime.create(ThreadRuntime.NORMAL, inTheJdk::countDown));
            TestRuntimes.await(served);
        }
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void poll_throws_isCalledAgain(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        CountDownLatch served = new CountDownLatch(1);
        QueuePoller poller = pollers.getFirst();
        poller.submit(
                () -> {
                    throw new IllegalArgumentException("a request that fails");
                });
        poller.submit(served::countDown);
        TestRuntimes.await(served);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void pollOrPark_throwsAnError_isCalledAgain(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        QueuePoller poller = pollers.getFirst();
        for (int round = 0; round < 4; round++) {
            servesInPark = round % 2 == 1;
            CountDownLatch served = new CountDownLatch(1);
            poller.submit(
                    () -> {
                        throw new StackOverflowError("a request that goes too deep");
                    });
            poller.submit(served::countDown);
            TestRuntimes.await(served);
        }
        assertThat(pollers).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void wakeup_throws_isNoAffairOfTheCreator(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        QueuePoller poller = pollers.getFirst();
        int parks = poller.parks.get();
        TestRuntimes.awaitUntil(() -> poller.parks.get() > parks);
        wakeupFails = true;
        List<Long> threads = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 20; i++) {
            threads.add(runtime.create(ThreadRuntime.NORMAL, () -> {}));
        }
        threads.forEach(runtime::join);
        wakeupFails = false;
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void release_handOverThrows_pollerGoesOnUntilItIsEmpty(ArachneOptions.Mode mode)
            throws PolicyRefused {
        start(mode, 1, 2);
        runtime.attach(QueuePoller::new);
        SteeredPolicy policy = new SteeredPolicy(2);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 2 && pollers.size() == 2);
        CountDownLatch served = new CountDownLatch(1);
        lateRequest = served::countDown;
        policy.wanted = 1;
        TestRuntimes.await(served);
        TestRuntimes.awaitUntil(() -> free() == 1);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void twoAttachments_oneCore_bothServed(ArachneOptions.Mode mode) {
        start(mode, 1, 1);
        runtime.attach(QueuePoller::new);
        runtime.attach(QueuePoller::new);
        assertThat(pollers).hasSize(2);
        for (int round = 0; round < 30; round++) {
            CountDownLatch served = new CountDownLatch(2);
            pollers.forEach(poller -> poller.submit(served::countDown));
            TestRuntimes.await(served);
        }
        runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> {}));
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void release_pollerHasWork_handsItOverAndThreadsMove(ArachneOptions.Mode mode)
            throws PolicyRefused {
        start(mode, 1, 3);
        runtime.attach(QueuePoller::new);
        SteeredPolicy policy = new SteeredPolicy(3);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 3 && pollers.size() == 3);

        AtomicInteger ran = new AtomicInteger();
        CountDownLatch blocked = new CountDownLatch(30);
        List<Long> threads = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 30; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                blocked.countDown();
                                runtime.block();
                                ran.incrementAndGet();
                            }));
        }
        TestRuntimes.await(blocked);
        policy.wanted = 1;
        TestRuntimes.awaitUntil(() -> free() == 2);
        assertThat(pollers).filteredOn(poller -> poller.closed.get()).hasSize(2);
        TestRuntimes.awaitUntil(() -> threads.stream().allMatch(this::isBlocked));
        threads.forEach(runtime::signal);
        threads.forEach(runtime::join);
        assertThat(ran).hasValue(30);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void release_pollerHasNotBegun_endsThereAndStraysNowhere(ArachneOptions.Mode mode)
            throws Exception {
        start(mode, 1, 2);
        PlacingPolicy policy = new PlacingPolicy(2);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 2);
        policy.place(CoreSet.of(1));
        AtomicBoolean go = new AtomicBoolean();
        AtomicBoolean busy = new AtomicBoolean();
        AtomicBoolean stop = new AtomicBoolean();
        // The first context is free again when the second one's thread keeps the core: the scan
        // of the core that is to go has passed by the poller when that thread ends.
        long first =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            while (!go.get()) {
                                runtime.block();
                            }
                        });
        long second =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            runtime.join(first);
                            busy.set(true);
                            while (!stop.get()) {
                                Thread.onSpinWait();
                            }
                        });
        go.set(true);
        runtime.signal(first);
        TestRuntimes.awaitUntil(busy::get);
        policy.place(null);

        CompletableFuture<AutoCloseable> attached =
                CompletableFuture.supplyAsync(() -> runtime.attach(QueuePoller::new));
        TestRuntimes.awaitUntil(() -> pollersOn(1) == 1);
        policy.wanted = 1;
        policy.awaitDecisions(3);
        stop.set(true);
        runtime.join(second);
        AutoCloseable attachment = attached.get(TestRuntimes.SECONDS_MAX, TimeUnit.SECONDS);
        TestRuntimes.awaitUntil(() -> free() == 1);
        assertThat(pollersOn(0)).isEqualTo(1);
        policy.wanted = 2;
        TestRuntimes.awaitUntil(() -> held() == 2 && pollersOn(1) == 1);
        attachment.close();
    }

    /** Puts ordinary threads where the test says, else everywhere. */
    private static final class PlacingPolicy extends SteeredPolicy {
        private final AtomicInteger decisions = new AtomicInteger();
        private volatile CoreSet only;

        PlacingPolicy(int wanted) {
            super(wanted);
        }

        /** Returns when the cores go by it. */
        void place(CoreSet cores) {
            only = cores;
            awaitDecisions(2);
        }

        /** Returns when what came before the call has been decided about, and followed. */
        void awaitDecisions(int count) {
            int before = decisions.get();
            TestRuntimes.awaitUntil(() -> decisions.get() >= before + count);
        }

        @Override
        public CoreSet cores(int threadClass) {
            CoreSet cores = only;
            return cores == null ? super.cores(threadClass) : cores;
        }

        @Override
        public CoreRequest decide(LoadSample newest) {
            decisions.incrementAndGet();
            return super.decide(newest);
        }
    }

    private long pollersOn(int core) {
        return runtime.threads().stream()
                .filter(row -> row.core() == core && row.task().equals(POLLER_TASK))
                .count();
    }

    private long free() {
        return runtime.cores().stream().filter(core -> core.state().equals("free")).count();
    }

    private boolean isBlocked(long thread) {
        return runtime.threads().stream()
                .anyMatch(row -> row.id() == thread && !row.state().equals("runnable"));
    }

    private long held() {
        return runtime.cores().stream().filter(core -> core.state().equals("held")).count();
    }
}
