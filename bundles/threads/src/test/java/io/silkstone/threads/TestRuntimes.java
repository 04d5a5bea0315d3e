package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.kernel.Processors;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Runtimes for tests: unpinned, since the machine is shared, and with as many cores as wanted. */
final class TestRuntimes {
    static final long SECONDS_MAX = 60;

    private TestRuntimes() {}

    static ArachneRuntime start(ArachneOptions.Mode mode, int coresMin, int coresMax) {
        return start(mode, coresMin, coresMax, new Metrics());
    }

    static ArachneRuntime start(
            ArachneOptions.Mode mode, int coresMin, int coresMax, Metrics metrics) {
        return ArachneRuntime.start(
                ArachneOptions.defaults().withMode(mode).withCores(coresMin, coresMax),
                Processors.unpinned(coresMax),
                NanoClock.SYSTEM,
                new SplittableRandom(7),
                metrics);
    }

    static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits for something that no event announces. */
    static void awaitUntil(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited too long").isLessThan(deadline);
            LockSupport.parkNanos(200_000);
        }
    }
}
