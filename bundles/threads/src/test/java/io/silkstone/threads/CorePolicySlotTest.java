package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.kernel.Processors;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A policy may do anything: the runtime goes on. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CorePolicySlotTest {
    private static final long LIMIT_NANOS = 50_000_000;
    private static final long LONG_PROBATION_NANOS = 600_000_000_000L;

    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final Metrics metrics = new Metrics();
    private ArachneRuntime runtime = start(LONG_PROBATION_NANOS);
    private final PolicySlot slot = runtime.policySlot();

    private ArachneRuntime start(long probationNanos) {
        return ArachneRuntime.start(
                ArachneOptions.defaults()
                        .withCores(1, 3)
                        .withPolicyPatience(LIMIT_NANOS, probationNanos),
                Processors.unpinned(3),
                NanoClock.SYSTEM,
                new SplittableRandom(1),
                metrics);
    }

    @AfterEach
    void close() {
        runtime.close();
    }

    private static PolicyId id(String name) {
        return new PolicyId("cores", name, "1.0.0", 7);
    }

    private void use(String name, SteeredPolicy policy) throws PolicyRefused {
        runtime.policySlot()
                .use(
                        id(name),
                        policy,
                        (failed, now, reason) ->
                                faults.add(failed.name() + " > " + now.name() + ": " + reason));
    }

    private void awaitFault() {
        TestRuntimes.awaitUntil(() -> !faults.isEmpty());
    }

    private void stillServes() {
        runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> {}));
    }

    @Test
    void slot_atTheStart_hasTheBuiltIn() {
        assertThat(slot.kind()).isEqualTo("cores");
        assertThat(slot.inUse().name()).isEqualTo(slot.builtIn());
        TestRuntimes.awaitUntil(() -> slot.why().contains("wants 1 core:"));
    }

    @Test
    void use_wrongType_isRefused() {
        assertThatThrownBy(() -> slot.use(id("x"), "no policy", null))
                .isInstanceOf(PolicyRefused.class)
                .hasMessageContaining("CorePolicy");
    }

    @Test
    void use_another_handsStateAndCoresOver() throws PolicyRefused {
        SteeredPolicy first = new SteeredPolicy(2);
        SteeredPolicy second = new SteeredPolicy(2);
        use("first", first);
        TestRuntimes.awaitUntil(() -> first.calls.contains("available 1"));
        use("second", second);
        assertThat(second.handover.values()).containsEntry("wanted", 2.0);
        assertThat(second.cores(0)).isEqualTo(CoreSet.of(0, 1));
        assertThat(slot.inUse()).isEqualTo(id("second"));
        assertThat(first.calls).containsExactly("start", "available 1", "stop");
        TestRuntimes.awaitUntil(() -> second.sample != null);
        assertThat(slot.why()).contains("the test wants it so", "2 cores held");
        assertThat(first.calls).hasSize(3);
    }

    @Test
    void use_null_isTheBuiltIn() throws PolicyRefused {
        use("first", new SteeredPolicy(1));
        slot.use(null, null, null);
        assertThat(slot.inUse().name()).isEqualTo(slot.builtIn());
    }

    @Test
    void use_startThrows_isRefusedAndTheOldOneGoesOn() throws PolicyRefused {
        SteeredPolicy old = new SteeredPolicy(2);
        use("old", old);
        assertThatThrownBy(
                        () ->
                                use(
                                        "bad",
                                        new SteeredPolicy(1) {
                                            @Override
                                            public void start(CoreControl c, PolicyState s) {
                                                throw new IllegalStateException("no fuel");
                                            }
                                        }))
                .isInstanceOf(PolicyRefused.class)
                .hasMessageContaining("no fuel")
                .hasMessageContaining("old");
        assertThat(slot.inUse()).isEqualTo(id("old"));
        assertThat(old.handover.values()).containsEntry("wanted", 2.0);
        stillServes();
    }

    @Test
    void use_startHangs_isRefusedAfterTheLimit() {
        assertThatThrownBy(
                        () ->
                                use(
                                        "bad",
                                        new SteeredPolicy(1) {
                                            @Override
                                            public void start(CoreControl c, PolicyState s) {
                                                TestRuntimes.await(new CountDownLatch(1));
                                            }
                                        }))
                .isInstanceOf(PolicyRefused.class)
                .hasMessageContaining("start took longer than 50 ms");
        assertThat(slot.inUse().name()).isEqualTo(slot.builtIn());
        stillServes();
    }

    @Test
    void use_coresThrows_isRefused() {
        assertThatThrownBy(
                        () ->
                                use(
                                        "bad",
                                        new SteeredPolicy(1) {
                                            @Override
                                            public CoreSet cores(int threadClass) {
                                                throw new IllegalStateException("lost the list");
                                            }
                                        }))
                .hasMessageContaining("lost the list");
        stillServes();
    }

    @Test
    void use_coresNamesNoneThatIsHeld_isRefused() {
        assertThatThrownBy(
                        () ->
                                use(
                                        "bad",
                                        new SteeredPolicy(1) {
                                            @Override
                                            public CoreSet cores(int threadClass) {
                                                return CoreSet.of(2);
                                            }
                                        }))
                .hasMessageContaining("no core that is held");
        stillServes();
    }

    @Test
    void use_idleReturnsNull_isRefused() {
        assertThatThrownBy(
                        () ->
                                use(
                                        "bad",
                                        new SteeredPolicy(1) {
                                            @Override
                                            public IdleBudget idle() {
                                                return null;
                                            }
                                        }))
                .hasMessageContaining("idle returned null");
        stillServes();
    }

    @Test
    void use_oldOneHangsInStop_theNewOneStartsWithout() throws PolicyRefused {
        use(
                "old",
                new SteeredPolicy(1) {
                    @Override
                    public PolicyState stop() {
                        TestRuntimes.await(new CountDownLatch(1));
                        return PolicyState.EMPTY;
                    }
                });
        SteeredPolicy next = new SteeredPolicy(1);
        use("next", next);
        assertThat(slot.inUse()).isEqualTo(id("next"));
        assertThat(next.handover).isEqualTo(PolicyState.EMPTY);
    }

    @Test
    void decide_throwsInProbation_rollsBackToTheOneBefore() throws PolicyRefused {
        SteeredPolicy old = new SteeredPolicy(1);
        use("old", old);
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        throw new ArithmeticException("by zero");
                    }
                });
        awaitFault();
        assertThat(faults)
                .containsExactly("bad > old: decide threw java.lang.ArithmeticException: by zero");
        assertThat(slot.inUse()).isEqualTo(id("old"));
        assertThat(old.calls).endsWith("stop", "start");
        stillServes();
    }

    @Test
    void decide_throwsAfterProbation_fallsBackToTheBuiltIn() throws PolicyRefused {
        runtime.close();
        runtime = start(0);
        use("old", new SteeredPolicy(1));
        AtomicLong decisions = new AtomicLong();
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        if (decisions.incrementAndGet() > 3) {
                            throw new ArithmeticException("by zero");
                        }
                        return super.decide(newest);
                    }
                });
        awaitFault();
        assertThat(faults).singleElement().asString().startsWith("bad > built-in");
        stillServes();
    }

    @Test
    void decide_hangs_rollsBackAfterTheLimit() throws PolicyRefused {
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        TestRuntimes.await(new CountDownLatch(1));
                        return null;
                    }
                });
        awaitFault();
        assertThat(faults).containsExactly("bad > built-in: decide took longer than 50 ms");
        stillServes();
    }

    @Test
    void decide_neverEndsBusily_rollsBackToo() throws PolicyRefused {
        AtomicReference<Thread> culprit = new AtomicReference<>();
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        culprit.set(Thread.currentThread());
                        while (!Thread.currentThread().isInterrupted()) {
                            Thread.onSpinWait();
                        }
                        return super.decide(newest);
                    }
                });
        awaitFault();
        assertThat(slot.inUse().name()).isEqualTo(slot.builtIn());
        TestRuntimes.awaitUntil(() -> !culprit.get().isAlive());
    }

    @Test
    void decide_returnsNull_rollsBack() throws PolicyRefused {
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        return null;
                    }
                });
        awaitFault();
        assertThat(faults).containsExactly("bad > built-in: decide returned null");
    }

    @Test
    void cores_throwsLater_rollsBackAndCreatorsNeverSeeIt() throws PolicyRefused {
        AtomicLong answers = new AtomicLong();
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreSet cores(int threadClass) {
                        if (answers.incrementAndGet() > 100) {
                            throw new IllegalStateException("hot path");
                        }
                        return super.cores(threadClass);
                    }
                });
        TestRuntimes.awaitUntil(
                () -> {
                    stillServes();
                    return !faults.isEmpty();
                });
        assertThat(faults).singleElement().asString().contains("hot path");
    }

    @Test
    void coreAvailable_throws_rollsBackAndTheCoreIsUsed() throws PolicyRefused {
        SteeredPolicy old = new SteeredPolicy(1);
        use("old", old);
        use(
                "bad",
                new SteeredPolicy(3) {
                    @Override
                    public void coreAvailable(int core) {
                        throw new IllegalStateException("no room");
                    }
                });
        awaitFault();
        assertThat(slot.inUse()).isEqualTo(id("old"));
        stillServes();
    }

    @Test
    void fault_listenerUsesTheSlot_doesNotDeadlock() throws PolicyRefused {
        SteeredPolicy rescue = new SteeredPolicy(1);
        CountDownLatch rescued = new CountDownLatch(1);
        slot.use(
                id("bad"),
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        return null;
                    }
                },
                (failed, now, reason) -> {
                    try {
                        slot.use(id("rescue"), rescue, null);
                        rescued.countDown();
                    } catch (PolicyRefused e) {
                        throw new IllegalStateException(e);
                    }
                });
        TestRuntimes.await(rescued);
        assertThat(slot.inUse()).isEqualTo(id("rescue"));
    }

    @Test
    void swaps_underLoad_loseNoThread() throws PolicyRefused {
        AtomicLong ended = new AtomicLong();
        AtomicLong begun = new AtomicLong();
        CountDownLatch stop = new CountDownLatch(1);
        Thread load =
                new Thread(
                        () -> {
                            while (stop.getCount() > 0) {
                                if (runtime.create(
                                                ThreadRuntime.NORMAL,
                                                (a, b) -> {
                                                    runtime.yield();
                                                    ended.incrementAndGet();
                                                },
                                                0,
                                                0)
                                        != ThreadRuntime.NONE) {
                                    begun.incrementAndGet();
                                }
                                Thread.yield();
                            }
                        });
        load.start();
        for (int i = 0; i < 200; i++) {
            use("p" + i, new SteeredPolicy(1 + i % 3));
        }
        stop.countDown();
        TestRuntimes.awaitUntil(() -> !load.isAlive() && ended.get() == begun.get());
        assertThat(begun.get()).isPositive();
        assertThat(faults).isEmpty();
    }

    @Test
    void swap_probationOver_letsTheOldPolicyGo() throws PolicyRefused {
        runtime.close();
        runtime = start(0);
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> old = useAndForget(queue);
        use("next", new SteeredPolicy(1));
        TestRuntimes.awaitUntil(
                () -> {
                    System.gc();
                    return queue.poll() == old;
                });
    }

    @Test
    void forget_policyBehindTheOneOnProbation_letsItGo() throws PolicyRefused {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> old = useAndForget(queue);
        use("next", new SteeredPolicy(1));
        slot.forget(id("old"));
        TestRuntimes.awaitUntil(
                () -> {
                    System.gc();
                    return queue.poll() == old;
                });
    }

    /** Throws what cannot even say what it is. */
    private static final class Rude extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }
    }

    /** Throws what never finishes saying what it is. */
    private static final class Endless extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            while (true) {
                LockSupport.parkNanos(1_000_000_000);
            }
        }
    }

    @Test
    void decide_exceptionThatThrowsWhenAsked_isReplaced() throws PolicyRefused {
        decideThrows(new Rude());
        assertThat(faults).singleElement().asString().contains("decide threw", "Rude");
        stillServes();
    }

    @Test
    void decide_exceptionThatHangsWhenAsked_isReplaced() throws PolicyRefused {
        decideThrows(new Endless());
        assertThat(faults).singleElement().asString().contains("decide took longer");
        assertThat(slot.why()).isNotEmpty();
        stillServes();
    }

    private void decideThrows(RuntimeException failure) throws PolicyRefused {
        use(
                "bad",
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        throw failure;
                    }
                });
        awaitFault();
    }

    @Test
    void forget_policyInUse_leavesTheBuiltIn() throws PolicyRefused {
        use("old", new SteeredPolicy(1));
        slot.forget(id("old"));
        assertThat(slot.inUse().name()).isEqualTo(slot.builtIn());
        stillServes();
    }

    @Test
    void rollBack_failedPolicy_isLetGoWithWhatItThrew() throws PolicyRefused {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        SteeredPolicy bad =
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        throw new IllegalStateException(toString());
                    }
                };
        PhantomReference<Object> reference = new PhantomReference<>(bad, queue);
        use("bad", bad);
        bad = null;
        awaitFault();
        TestRuntimes.awaitUntil(
                () -> {
                    System.gc();
                    return queue.poll() == reference;
                });
    }

    private PhantomReference<Object> useAndForget(ReferenceQueue<Object> queue)
            throws PolicyRefused {
        SteeredPolicy policy = new SteeredPolicy(2);
        use("old", policy);
        return new PhantomReference<>(policy, queue);
    }
}
