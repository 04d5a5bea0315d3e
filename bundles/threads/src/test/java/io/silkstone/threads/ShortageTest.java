package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricDescriptor;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.kernel.Processors;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The machine is short of memory or threads for a while: the runtime waits, and goes on. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShortageTest {
    private final Metrics metrics = new Metrics();

    /** How often from now on the next worker cannot be made. */
    private final AtomicInteger shortOfWorkers = new AtomicInteger();

    private final AtomicBoolean shortOfKernelThreads = new AtomicBoolean();
    private final AtomicInteger housekeepings = new AtomicInteger();
    private ArachneRuntime runtime;

    private void start(ArachneOptions.Mode mode, int coresMax) {
        runtime =
                ArachneRuntime.start(
                        ArachneOptions.defaults().withMode(mode).withCores(1, coresMax),
                        new UntidyProcessors(coresMax),
                        new ScarceClock(),
                        new SplittableRandom(7),
                        new ScarceMetrics());
    }

    @AfterEach
    void close() {
        runtime.close();
    }

    private static OutOfMemoryError shortage() {
        return new OutOfMemoryError("unable to create native thread");
    }

    /** Counts; a new worker is counted just before its thread is started. */
    private final class ScarceMetrics implements MetricRegistry {
        @Override
        public Counter counter(MetricDescriptor descriptor) {
            Counter counter = metrics.counter(descriptor);
            return descriptor == ThreadMetrics.WORKERS ? new ScarceCounter(counter) : counter;
        }

        @Override
        public LatencyHistogram histogram(MetricDescriptor descriptor) {
            return metrics.histogram(descriptor);
        }

        @Override
        public AutoCloseable gauge(MetricDescriptor descriptor, LongSupplier value) {
            return metrics.gauge(descriptor, value);
        }

        @Override
        public List<Metric> snapshot() {
            return metrics.snapshot();
        }
    }

    private final class ScarceCounter implements Counter {
        private final Counter counter;

        ScarceCounter(Counter counter) {
            this.counter = counter;
        }

        @Override
        public void increment() {
            if (shortOfWorkers.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw shortage();
            }
            counter.increment();
        }

        @Override
        public void add(long amount) {
            counter.add(amount);
        }

        @Override
        public long get() {
            return counter.get();
        }
    }

    /** The control thread looks at it right before it starts a kernel thread. */
    private final class ScarceClock implements NanoClock {
        @Override
        public long nanoTime() {
            if (Thread.currentThread().getName().startsWith("silkstone-threads-control")
                    && shortOfKernelThreads.compareAndSet(true, false)) {
                throw shortage();
            }
            return NanoClock.SYSTEM.nanoTime();
        }
    }

    /** Housekeeping fails the first times. */
    private final class UntidyProcessors implements Processors {
        private final int count;

        UntidyProcessors(int count) {
            this.count = count;
        }

        @Override
        public int count() {
            return count;
        }

        @Override
        public int pin(int index) {
            throw shortage();
        }

        @Override
        public boolean stepBack(int nice) {
            return true;
        }

        @Override
        public void freeInheritors() {
            if (housekeepings.incrementAndGet() < 3) {
                throw shortage();
            }
        }

        @Override
        public void forget() {}
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void kernelLoop_noWorkerForAWhile_losesNoThread(ArachneOptions.Mode mode) {
        shortOfWorkers.set(3);
        start(mode, 1);
        long blocked = runtime.create(ThreadRuntime.NORMAL, () -> runtime.sleep(50_000_000));
        for (int i = 0; i < 5; i++) {
            shortOfWorkers.set(2);
            runtime.join(runtime.create(ThreadRuntime.NORMAL, () -> runtime.yield()));
        }
        runtime.join(blocked);
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void kernelLoop_noWorkerForEver_threadsThatHaveOneGoOn(ArachneOptions.Mode mode) {
        start(mode, 1);
        AtomicBoolean go = new AtomicBoolean();
        AtomicBoolean begun = new AtomicBoolean();
        long first =
                runtime.create(
                        ThreadRuntime.NORMAL,
                        () -> {
                            begun.set(true);
                            while (!go.get()) {
                                runtime.block();
                            }
                        });
        TestRuntimes.awaitUntil(begun::get);
        shortOfWorkers.set(Integer.MAX_VALUE);
        long second = runtime.create(ThreadRuntime.NORMAL, () -> {});
        TestRuntimes.awaitUntil(() -> shortOfWorkers.get() < Integer.MAX_VALUE);
        go.set(true);
        runtime.signal(first);
        runtime.join(first);
        runtime.join(second);
        assertThat(shortOfWorkers.get()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(value = ArachneOptions.Mode.class, names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void grant_noKernelThread_leavesTheCoreFreeForTheNextTry(ArachneOptions.Mode mode)
            throws PolicyRefused {
        start(mode, 2);
        SteeredPolicy policy =
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        if (wanted == 1) {
                            wanted = 2;
                            shortOfKernelThreads.set(true);
                        }
                        return super.decide(newest);
                    }
                };
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 2);
        assertThat(shortOfKernelThreads).isFalse();
    }

    @Test
    void controlThread_housekeepingFails_decidesOn() throws PolicyRefused {
        start(ArachneOptions.Mode.AUTO, 2);
        TestRuntimes.awaitUntil(() -> housekeepings.get() >= 2);
        SteeredPolicy policy = new SteeredPolicy(2);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 2);
    }

    @Test
    void controlThread_faultListenerThrowsAnError_decidesOn() throws PolicyRefused {
        start(ArachneOptions.Mode.AUTO, 2);
        AtomicBoolean told = new AtomicBoolean();
        SteeredPolicy bad =
                new SteeredPolicy(1) {
                    @Override
                    public CoreRequest decide(LoadSample newest) {
                        throw new IllegalStateException("cannot decide");
                    }
                };
        runtime.policySlot()
                .use(
                        new PolicyId("cores", "bad", "1", 1),
                        bad,
                        (failed, now, reason) -> {
                            told.set(true);
                            throw shortage();
                        });
        TestRuntimes.awaitUntil(told::get);
        SteeredPolicy policy = new SteeredPolicy(2);
        runtime.policySlot().use(new PolicyId("cores", "steered", "1", 1), policy, null);
        TestRuntimes.awaitUntil(() -> held() == 2);
    }

    private long held() {
        return runtime.cores().stream().filter(core -> core.state().equals("held")).count();
    }
}
