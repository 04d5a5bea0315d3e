package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.base.Metrics;
import io.silkstone.threads.kernel.Processors;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a poller serves counts as load, wherever it serves it. Time is a number that only the poller
 * moves: by a wait and by what it serves after the wait.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PollerLoadTest {
    private static final long WAIT_NANOS = 300_000;
    private static final long WORK_NANOS = 700_000;
    private static final long MEASURED_NANOS = 400_000_000;

    private final AtomicLong time = new AtomicLong();

    /** Its requests come one at a time, after the same wait. */
    private final class SteadyPoller implements CorePoller {
        private final boolean servesInPark;
        private boolean isReady;
        private int served;

        SteadyPoller(boolean servesInPark) {
            this.servesInPark = servesInPark;
        }

        private void serve() {
            time.addAndGet(WORK_NANOS);
            served++;
            isReady = false;
        }

        @Override
        public int poll() {
            if (isReady) {
                serve();
            }
            int count = served;
            served = 0;
            return count;
        }

        @Override
        public long park(long nanosMax) {
            time.addAndGet(WAIT_NANOS);
            isReady = true;
            if (servesInPark) {
                serve();
            }
            return WAIT_NANOS;
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

    /** Adds up what the samples say. */
    private static final class Observer extends SteeredPolicy {
        private double busyNanos;
        private double loadedNanos;
        private double nanos;
        private volatile boolean isDone;

        Observer() {
            super(1);
        }

        /** No spinning: it would last for ever where only waiting moves the time. */
        @Override
        public IdleBudget idle() {
            return IdleBudget.PARK;
        }

        @Override
        public CoreRequest decide(LoadSample newest) {
            if (!isDone) {
                nanos += newest.intervalNanos();
                busyNanos += newest.utilisedCores() * newest.intervalNanos();
                loadedNanos += newest.loadFactor() * newest.intervalNanos();
                isDone = nanos > MEASURED_NANOS;
            }
            return super.decide(newest);
        }
    }

    @ParameterizedTest
    @CsvSource({"VIRTUAL, false", "VIRTUAL, true", "RUN_TO_COMPLETION, true"})
    void park_servesBeforeItReturns_countsAsBusy(ArachneOptions.Mode mode, boolean servesInPark)
            throws PolicyRefused {
        try (ArachneRuntime runtime =
                ArachneRuntime.start(
                        ArachneOptions.defaults().withMode(mode).withCores(1, 1),
                        Processors.unpinned(1),
                        time::get,
                        new SplittableRandom(7),
                        new Metrics())) {
            runtime.attach(core -> new SteadyPoller(servesInPark));
            Observer observer = new Observer();
            runtime.policySlot().use(new PolicyId("cores", "observer", "1", 1), observer, null);
            TestRuntimes.awaitUntil(() -> observer.isDone);
            assertThat(observer.busyNanos / observer.nanos).isBetween(0.5, 0.85);
            assertThat(observer.loadedNanos / observer.nanos).isBetween(0.5, 0.85);
        }
    }
}
