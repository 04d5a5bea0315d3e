package io.silkstone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CpuClockTest {
    private static long now() {
        return CpuClock.nanos(ProcessHandle.current().pid()).orElseThrow();
    }

    @Test
    void nanos_ofThreadThatHasEnded_stillCount() throws Exception {
        long before = now();
        Thread thread = Thread.ofPlatform().start(CpuClockTest::work);
        thread.join();
        assertThat(now() - before).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(50));
    }

    /** Uses 50 ms of CPU time. */
    private static void work() {
        long begun = now();
        while (now() - begun < TimeUnit.MILLISECONDS.toNanos(50)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void nanos_ofAnotherProcess_areTheSameAsItsTicks() throws Exception {
        Process process = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            long tick = TimeUnit.MILLISECONDS.toNanos(10);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            long ticks;
            do {
                assertThat(System.nanoTime() - deadline).isNegative();
                ticks = process.info().totalCpuDuration().orElseThrow().toNanos();
            } while (ticks < 20 * tick);
            long nanos = CpuClock.nanos(process.pid()).orElseThrow();
            assertThat(nanos).isGreaterThanOrEqualTo(ticks - tick);
            long after = process.info().totalCpuDuration().orElseThrow().toNanos();
            assertThat(nanos).isLessThanOrEqualTo(after + 2 * tick);
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(CpuClock.nanos(process.pid())).isEmpty();
    }
}
