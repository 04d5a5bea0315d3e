package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.ThreadRuntime;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Cores come, go, and are set apart. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CoreAllotmentTest {
    private ArachneRuntime runtime;

    @AfterEach
    void close() {
        runtime.close();
    }

    private SteeredPolicy start(ArachneOptions.Mode mode, int cores, int coresMax)
            throws PolicyRefused {
        runtime = TestRuntimes.start(mode, 1, coresMax);
        SteeredPolicy policy = new SteeredPolicy(cores);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        // The sample after the grants: by then threads are placed on all of them.
        TestRuntimes.awaitUntil(() -> policy.sample != null && policy.sample.coresHeld() == cores);
        return policy;
    }

    private long in(String state) {
        return runtime.cores().stream().filter(core -> core.state().equals(state)).count();
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void cores_upAndDownManyTimes_loseNoSleeperAndNoYielder(ArachneOptions.Mode mode)
            throws PolicyRefused {
        SteeredPolicy policy = start(mode, 1, 3);
        AtomicInteger ended = new AtomicInteger();
        CountDownLatch stop = new CountDownLatch(1);
        List<Long> threads = new CopyOnWriteArrayList<>();
        int swings = mode == ArachneOptions.Mode.VIRTUAL ? 20 : 5;
        for (int i = 0; i < 12; i++) {
            boolean sleeper = i % 2 == 0;
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                while (stop.getCount() > 0) {
                                    if (sleeper) {
                                        runtime.sleep(200_000);
                                    } else {
                                        runtime.yield();
                                    }
                                }
                                ended.incrementAndGet();
                            }));
        }
        for (int swing = 0; swing < swings; swing++) {
            policy.wanted = 3;
            TestRuntimes.awaitUntil(() -> in("held") == 3);
            policy.wanted = 1;
            TestRuntimes.awaitUntil(() -> in("free") == 2);
        }
        stop.countDown();
        threads.forEach(runtime::join);
        assertThat(ended).hasValue(12);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void release_threadWaitsInTheJdk_comesBackOnAnotherCore(ArachneOptions.Mode mode)
            throws PolicyRefused {
        SteeredPolicy policy = start(mode, 2, 2);
        CountDownLatch entered = new CountDownLatch(10);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger ended = new AtomicInteger();
        List<Long> threads = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 10; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                entered.countDown();
                                TestRuntimes.await(go);
                                runtime.yield();
                                ended.incrementAndGet();
                            }));
        }
        TestRuntimes.await(entered);
        policy.wanted = 1;
        TestRuntimes.awaitUntil(() -> in("free") == 1);
        go.countDown();
        threads.forEach(runtime::join);
        assertThat(ended).hasValue(10);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void exclusive_twoCores_getsOneForItselfUntilItEnds(ArachneOptions.Mode mode)
            throws PolicyRefused {
        start(mode, 2, 2);
        List<Long> others = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 20; i++) {
            others.add(runtime.create(ThreadRuntime.NORMAL, () -> runtime.block()));
        }
        AtomicLong exclusive = new AtomicLong();
        TestRuntimes.awaitUntil(
                () -> {
                    exclusive.set(runtime.create(ThreadRuntime.EXCLUSIVE, () -> runtime.block()));
                    return exclusive.get() != ThreadRuntime.NONE;
                });
        TestRuntimes.awaitUntil(
                () ->
                        cores("exclusive").size() == 1
                                && cores("exclusive").getFirst().threads() == 1);
        assertThat(cores("shared")).extracting(CoreStatus::threads).containsExactly(20);
        assertThat(runtime.create(ThreadRuntime.EXCLUSIVE, () -> {}))
                .as("the last shared core stays shared")
                .isEqualTo(ThreadRuntime.NONE);
        for (int i = 0; i < 10; i++) {
            runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> {}));
        }
        TestRuntimes.awaitUntil(
                () ->
                        runtime.threads().stream()
                                .anyMatch(
                                        row ->
                                                row.id() == exclusive.get()
                                                        && row.state().equals("blocked")));
        runtime.signal(exclusive.get());
        runtime.join(exclusive.get());
        TestRuntimes.awaitUntil(() -> cores("exclusive").isEmpty());
        others.forEach(runtime::signal);
        others.forEach(runtime::join);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void release_tasksThatEndedThere_areForgotten(ArachneOptions.Mode mode) throws PolicyRefused {
        SteeredPolicy policy = start(mode, 2, 2);
        ReferenceQueue<Object> forgotten = new ReferenceQueue<>();
        List<PhantomReference<Object>> tasks = runUntilReleased(policy, forgotten);
        AtomicInteger count = new AtomicInteger();
        TestRuntimes.awaitUntil(
                () -> {
                    System.gc();
                    while (forgotten.poll() != null) {
                        count.incrementAndGet();
                    }
                    return count.get() == tasks.size();
                });
    }

    /** The threads run on both cores, and end while one of them is given back. */
    private List<PhantomReference<Object>> runUntilReleased(
            SteeredPolicy policy, ReferenceQueue<Object> forgotten) {
        AtomicBoolean stop = new AtomicBoolean();
        List<PhantomReference<Object>> tasks = new ArrayList<>();
        List<Long> threads = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Runnable task =
                    new Runnable() {
                        @Override
                        public void run() {
                            while (!stop.get()) {
                                runtime.yield();
                            }
                        }
                    };
            tasks.add(new PhantomReference<>(task, forgotten));
            threads.add(runtime.create(ThreadRuntime.NORMAL, task));
        }
        policy.wanted = 1;
        TestRuntimes.awaitUntil(() -> in("held") == 1);
        stop.set(true);
        threads.forEach(runtime::join);
        return tasks;
    }

    private List<CoreStatus> cores(String owner) {
        return runtime.cores().stream().filter(core -> core.owner().equals(owner)).toList();
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void bounds_changedLive_holdAtOnce(ArachneOptions.Mode mode) throws PolicyRefused {
        start(mode, 3, 3);
        runtime.configure(ArachneOptions.defaults().withCores(1, 2));
        TestRuntimes.awaitUntil(() -> in("held") == 2 && in("free") == 1);
        runtime.configure(ArachneOptions.defaults().withCores(1, 3));
        TestRuntimes.awaitUntil(() -> in("held") == 3);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void load_busyAndIdleCore_isSeenByThePolicy(ArachneOptions.Mode mode) throws PolicyRefused {
        SteeredPolicy policy = start(mode, 1, 1);
        TestRuntimes.awaitUntil(() -> policy.sample != null && policy.sample.utilisedCores() < 0.2);
        CountDownLatch stop = new CountDownLatch(1);
        List<Long> threads = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(
                    runtime.create(
                            ThreadRuntime.NORMAL,
                            () -> {
                                while (stop.getCount() > 0) {
                                    runtime.yield();
                                }
                            }));
        }
        TestRuntimes.awaitUntil(
                () -> policy.sample.utilisedCores() > 0.5 && policy.sample.loadFactor() > 2);
        assertThat(policy.sample.occupied()).isEqualTo(4);
        assertThat(policy.cores(0)).isEqualTo(CoreSet.of(0));
        stop.countDown();
        threads.forEach(runtime::join);
        TestRuntimes.awaitUntil(() -> policy.sample.loadFactor() < 0.2);
    }
}
