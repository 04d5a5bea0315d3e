package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.api.threads.ThreadTask;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every mode must do. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ArachneRuntimeTest {
    private ArachneRuntime runtime;

    private void start(ArachneOptions.Mode mode, int cores) {
        runtime = TestRuntimes.start(mode, cores, cores);
    }

    @AfterEach
    void close() {
        if (runtime != null) {
            runtime.close();
        }
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void mode_asked_saysHow(ArachneOptions.Mode mode) {
        start(mode, 1);
        assertThat(runtime.mode())
                .startsWith(
                        mode == ArachneOptions.Mode.VIRTUAL ? "virtual: " : "run-to-completion: ");
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void join_interruptedPlatformThread_usesNoProcessorAndKeepsTheInterrupt(
            ArachneOptions.Mode mode) throws Exception {
        start(mode, 1);
        long sleeper = runtime.create(ThreadRuntime.NORMAL, () -> runtime.sleep(1_000_000_000));
        AtomicLong cpuNanos = new AtomicLong();
        AtomicBoolean kept = new AtomicBoolean();
        Thread joiner =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
                                    Thread.currentThread().interrupt();
                                    long before = threads.getCurrentThreadCpuTime();
                                    runtime.join(sleeper);
                                    cpuNanos.set(threads.getCurrentThreadCpuTime() - before);
                                    kept.set(Thread.currentThread().isInterrupted());
                                });
        joiner.join();
        // A thread that spins uses its second, or its share of it.
        assertThat(cpuNanos).hasValueLessThan(50_000_000);
        assertThat(kept).isTrue();
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void create_withWords_runsWithThem(ArachneOptions.Mode mode) {
        start(mode, 2);
        AtomicLong sum = new AtomicLong();
        ThreadTask add = (a, b) -> sum.addAndGet(a * b);
        List<Long> threads = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            threads.add(runtime.create(ThreadRuntime.NORMAL, add, i, 2));
        }
        assertThat(threads).doesNotContain(ThreadRuntime.NONE).doesNotHaveDuplicates();
        threads.forEach(runtime::join);
        assertThat(sum).hasValue(420);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void create_allContextsOccupied_isRefusedUntilOneEnds(ArachneOptions.Mode mode) {
        start(mode, 1);
        List<Long> threads = new ArrayList<>();
        for (int i = 0; i < OccupancyWord.CONTEXTS; i++) {
            threads.add(runtime.create(ThreadRuntime.NORMAL, () -> runtime.block()));
        }
        assertThat(threads).doesNotContain(ThreadRuntime.NONE);
        assertThat(runtime.create(ThreadRuntime.NORMAL, () -> {})).isEqualTo(ThreadRuntime.NONE);
        TestRuntimes.awaitUntil(
                () -> threads.stream().allMatch(thread -> stateOf(thread).equals("blocked")));
        runtime.signal(threads.get(3));
        runtime.join(threads.get(3));
        AtomicLong late = new AtomicLong();
        TestRuntimes.awaitUntil(
                () -> {
                    late.set(runtime.create(ThreadRuntime.NORMAL, () -> {}));
                    return late.get() != ThreadRuntime.NONE;
                });
        runtime.join(late.get());
        threads.forEach(runtime::signal);
        threads.forEach(runtime::join);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void create_taskThrows_endsOnlyThatThread(ArachneOptions.Mode mode) {
        start(mode, 1);
        long failing =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            throw new ExpectedFailure();
                        });
        runtime.join(failing);
        AtomicInteger ran = new AtomicInteger();
        runtime.join(runtime.create(ThreadRuntime.NORMAL, ran::incrementAndGet));
        assertThat(ran).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void create_closed_throws(ArachneOptions.Mode mode) {
        start(mode, 1);
        runtime.close();
        assertThatThrownBy(() -> runtime.create(ThreadRuntime.NORMAL, () -> {}))
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void self_insideAndOutside_isTheIdentifierOrNone(ArachneOptions.Mode mode) {
        start(mode, 1);
        AtomicLong seen = new AtomicLong();
        long thread = runtime.create(ThreadRuntime.NORMAL, () -> seen.set(runtime.self()));
        runtime.join(thread);
        assertThat(seen).hasValue(thread);
        assertThat(runtime.self()).isEqualTo(ThreadRuntime.NONE);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void yield_twoThreads_takeTurns(ArachneOptions.Mode mode) {
        start(mode, 1);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch go = new CountDownLatch(1);
        long gate = runtime.create(ThreadRuntime.NORMAL, () -> TestRuntimes.await(go));
        List<Long> threads = new ArrayList<>();
        for (String name : List.of("a", "b")) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                for (int i = 0; i < 3; i++) {
                                    order.add(name);
                                    runtime.yield();
                                }
                            }));
        }
        go.countDown();
        runtime.join(gate);
        threads.forEach(runtime::join);
        assertThat(order).containsExactlyInAnyOrder("a", "a", "a", "b", "b", "b");
        assertThat(order.subList(0, 3)).contains("a", "b");
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void sleep_several_wakeInTheOrderOfTheirDeadlines(ArachneOptions.Mode mode) {
        start(mode, 1);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch go = new CountDownLatch(1);
        List<Long> threads = new ArrayList<>();
        for (int millis : new int[] {300, 20, 160}) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                runtime.sleep(TimeUnit.MILLISECONDS.toNanos(millis));
                                order.add(millis);
                            }));
        }
        go.countDown();
        threads.forEach(runtime::join);
        assertThat(order).containsExactly(20, 160, 300);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void sleep_signalled_endsEarly(ArachneOptions.Mode mode) {
        start(mode, 1);
        long thread = runtime.create(ThreadRuntime.NORMAL, () -> runtime.sleep(Long.MAX_VALUE / 2));
        TestRuntimes.awaitUntil(() -> stateOf(thread).equals("sleeping"));
        runtime.signal(thread);
        runtime.join(thread);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void block_signalCameFirst_consumesIt(ArachneOptions.Mode mode) {
        start(mode, 1);
        runtime.join(
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            runtime.signal(runtime.self());
                            runtime.block();
                        }));
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void block_outside_isRefused(ArachneOptions.Mode mode) {
        start(mode, 1);
        assertThatThrownBy(runtime::block).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void signal_pingPongAcrossCores_losesNone(ArachneOptions.Mode mode) {
        start(mode, 2);
        int rounds = mode == ArachneOptions.Mode.VIRTUAL ? 20_000 : 500;
        AtomicInteger turn = new AtomicInteger();
        long[] threads = new long[2];
        CountDownLatch ready = new CountDownLatch(1);
        for (int me = 0; me < 2; me++) {
            int parity = me;
            threads[me] =
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                TestRuntimes.await(ready);
                                // One look for both questions: the other goes on meanwhile.
                                for (int now = turn.get(); now < rounds; now = turn.get()) {
                                    if (now % 2 == parity) {
                                        turn.incrementAndGet();
                                        runtime.signal(threads[1 - parity]);
                                    } else {
                                        runtime.block();
                                    }
                                }
                                runtime.signal(threads[1 - parity]);
                            });
        }
        ready.countDown();
        runtime.join(threads[0]);
        runtime.join(threads[1]);
        assertThat(turn.get()).isEqualTo(rounds);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void signal_threadHasEnded_isIgnored(ArachneOptions.Mode mode) {
        start(mode, 1);
        long ended = runtime.create(ThreadRuntime.NORMAL, () -> {});
        runtime.join(ended);
        runtime.signal(ended);
        runtime.signal(ThreadRuntime.NONE);
        assertThatThrownBy(() -> runtime.signal(0x3fff)).hasMessageContaining("16383");
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void join_fromThreadsAndOutside_returnsAtTheEnd(ArachneOptions.Mode mode) {
        start(mode, 2);
        AtomicInteger ended = new AtomicInteger();
        long slow =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            runtime.sleep(20_000_000);
                            ended.set(1);
                        });
        AtomicInteger seen = new AtomicInteger();
        long joiner =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            runtime.join(slow);
                            seen.set(ended.get());
                        });
        runtime.join(slow);
        assertThat(ended).hasValue(1);
        runtime.join(joiner);
        assertThat(seen).hasValue(1);
        runtime.join(slow);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void mutex_contendedFromEverywhere_excludes(ArachneOptions.Mode mode) throws Exception {
        start(mode, 2);
        int rounds = mode == ArachneOptions.Mode.VIRTUAL ? 3_000 : 200;
        Mutex mutex = runtime.newMutex();
        long[] count = new long[1];
        Runnable body =
                () -> {
                    for (int i = 0; i < rounds; i++) {
                        mutex.lock();
                        long before = count[0];
                        if (i % 16 == 0) {
                            runtime.yield();
                        }
                        count[0] = before + 1;
                        mutex.unlock();
                    }
                };
        List<Long> threads = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            threads.add(runtime.create(ThreadRuntime.NORMAL, body));
        }
        Thread outside = new Thread(body);
        outside.start();
        threads.forEach(runtime::join);
        outside.join();
        assertThat(count[0]).isEqualTo(7L * rounds);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void condition_producerAndConsumer_handOverEverything(ArachneOptions.Mode mode) {
        start(mode, 2);
        int items = mode == ArachneOptions.Mode.VIRTUAL ? 5_000 : 300;
        Mutex mutex = runtime.newMutex();
        Mutex.Condition changed = mutex.newCondition();
        int[] box = {-1};
        AtomicInteger received = new AtomicInteger();
        long consumer =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            for (int i = 0; i < items; i++) {
                                mutex.lock();
                                while (box[0] < 0) {
                                    changed.await();
                                }
                                received.addAndGet(box[0] == i ? 1 : 0);
                                box[0] = -1;
                                changed.notifyEvery();
                                mutex.unlock();
                            }
                        });
        for (int i = 0; i < items; i++) {
            mutex.lock();
            while (box[0] >= 0) {
                changed.await();
            }
            box[0] = i;
            changed.notifyOne();
            mutex.unlock();
        }
        runtime.join(consumer);
        assertThat(received).hasValue(items);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void condition_nobodyNotifies_timesOut(ArachneOptions.Mode mode) {
        start(mode, 1);
        AtomicInteger result = new AtomicInteger();
        Mutex mutex = runtime.newMutex();
        Mutex.Condition never = mutex.newCondition();
        runtime.join(
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            mutex.lock();
                            result.set(never.await(5_000_000) ? 1 : 2);
                            mutex.unlock();
                        }));
        assertThat(result).hasValue(2);
        mutex.lock();
        assertThat(never.await(1_000_000)).isFalse();
        mutex.unlock();
        assertThatThrownBy(never::notifyOne).isInstanceOf(IllegalMonitorStateException.class);
        assertThatThrownBy(mutex::unlock).isInstanceOf(IllegalMonitorStateException.class);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void semaphore_moreThreadsThanPermits_neverExceedsThem(ArachneOptions.Mode mode) {
        start(mode, 2);
        int rounds = mode == ArachneOptions.Mode.VIRTUAL ? 500 : 30;
        Semaphore semaphore = runtime.newSemaphore(3);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Long> threads = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                for (int round = 0; round < rounds; round++) {
                                    semaphore.acquire();
                                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                                    runtime.yield();
                                    inside.decrementAndGet();
                                    semaphore.release();
                                }
                            }));
        }
        threads.forEach(runtime::join);
        assertThat(most.get()).isBetween(1, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(semaphore.tryAcquire()).isTrue();
        }
        assertThat(semaphore.tryAcquire()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void threads_blockedAndSleeping_areListed(ArachneOptions.Mode mode) {
        start(mode, 1);
        long blocked = runtime.create(ThreadRuntime.NORMAL, () -> runtime.block());
        TestRuntimes.awaitUntil(() -> stateOf(blocked).equals("blocked"));
        assertThat(runtime.threads())
                .filteredOn(status -> status.id() == blocked)
                .singleElement()
                .satisfies(status -> assertThat(status.task()).contains("ArachneRuntimeTest"));
        runtime.signal(blocked);
        runtime.join(blocked);
        TestRuntimes.awaitUntil(() -> runtime.threads().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void jdkBlocking_manyThreadsOnOneCore_overlap(ArachneOptions.Mode mode) {
        start(mode, 1);
        CountDownLatch all = new CountDownLatch(10);
        Set<Long> ran = ConcurrentHashMap.newKeySet();
        List<Long> threads = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                all.countDown();
                                // Each waits for all: only if their waits overlap does one end.
                                TestRuntimes.await(all);
                                ran.add(runtime.self());
                            }));
        }
        threads.forEach(runtime::join);
        assertThat(ran).hasSize(10);
    }

    private static final class ExpectedFailure extends RuntimeException {
        private static final long serialVersionUID = 1;

        ExpectedFailure() {
            super("meant to fail", null, false, false);
        }
    }

    private String stateOf(long thread) {
        return runtime.threads().stream()
                .filter(status -> status.id() == thread)
                .map(ThreadStatus::state)
                .findFirst()
                .orElse("gone");
    }
}
