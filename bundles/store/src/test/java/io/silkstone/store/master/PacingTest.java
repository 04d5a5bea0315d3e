package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time passes when a thread sleeps, and as much more as {@link #lateNanos} says. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PacingTest {
    private static final MigratingTablet TABLET =
            new MigratingTablet(3, 0, -1, new ServerId(1, 1), 10, 1_000, 1 << 20);
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long LATE_NANOS = 2 * MigrationPace.STANDARD.latenessNanosMax();

    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private long lateNanos;
    private long operationsPerSleep;
    private long operations;
    private long end;
    private Pacing pacing;

    private final ThreadRuntime threads =
            (ThreadRuntime)
                    Proxy.newProxyInstance(
                            PacingTest.class.getClassLoader(),
                            new Class<?>[] {ThreadRuntime.class},
                            (proxy, method, arguments) -> {
                                if (method.getName().equals("sleep")) {
                                    now.addAndGet((Long) arguments[0] + lateNanos);
                                    operations += operationsPerSleep;
                                    pacing.took(10, 1 << 17);
                                }
                                return method.getReturnType() == long.class ? 1L : null;
                            });

    /** Keeps the pace until so much time has passed. */
    private void keep(long nanos) {
        end = now.get() + nanos;
        if (pacing == null) {
            pacing =
                    new Pacing(
                            now::get,
                            threads,
                            new MigrationSlot(NanoClock.SYSTEM),
                            TABLET,
                            0,
                            () -> operations,
                            () -> now.get() >= end);
        }
        pacing.keep(asked::incrementAndGet);
    }

    @Test
    void keep_asksTheStrategyOnceInItsInterval() {
        keep(SECOND_NANOS);
        assertThat(asked.get())
                .isEqualTo((int) (SECOND_NANOS / MigrationPace.STANDARD.intervalNanos()) - 1);
    }

    @Test
    void keep_whenNobodyIsToBeAsked_goesOnInTurns() {
        keep(SECOND_NANOS / 4);
        pacing.settle();
        int before = asked.get();
        keep(SECOND_NANOS);
        assertThat(asked.get()).isEqualTo(before);
    }

    @Test
    void pulled_whileClientsAreServedLate_takesTime() {
        lateNanos = LATE_NANOS;
        operationsPerSleep = 100;
        keep(SECOND_NANOS);
        long before = now.get();
        end = Long.MAX_VALUE;
        pacing.pulled(1 << 20, 0, 0);
        assertThat(now.get() - before)
                .isGreaterThanOrEqualTo(SECOND_NANOS * (1 << 20) / Courtesy.BYTES_PER_SECOND_MIN);
    }

    @Test
    void pulled_withoutClients_takesNone() {
        lateNanos = LATE_NANOS;
        keep(SECOND_NANOS);
        long before = now.get();
        pacing.pulled(1 << 20, 0, 0);
        assertThat(now.get()).isEqualTo(before);
    }
}
