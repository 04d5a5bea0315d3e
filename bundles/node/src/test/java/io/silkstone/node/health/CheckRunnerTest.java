package io.silkstone.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.node.Node.Health;
import io.silkstone.api.store.KvStore;
import io.silkstone.base.NanoClock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.felix.hc.api.Result;
import org.junit.jupiter.api.Test;

class CheckRunnerTest {
    @Test
    void run_everyOutcome_isAnAnswer() {
        CountDownLatch never = new CountDownLatch(1);
        List<Health> results =
                new CheckRunner(NanoClock.SYSTEM, 300)
                        .run(
                                Map.of(
                                        "good", () -> new Result(Result.Status.OK, "fine"),
                                        "poor", () -> new Result(Result.Status.WARN, "not so fine"),
                                        "hangs",
                                                () -> {
                                                    awaitQuietly(never);
                                                    return null;
                                                },
                                        "throws",
                                                () -> {
                                                    throw new IllegalStateException("bug");
                                                }));
        assertThat(results)
                .containsExactly(
                        new Health("good", "ok", "fine"),
                        new Health("hangs", "critical", "The check did not answer in 300 ms."),
                        new Health("poor", "warn", "not so fine"),
                        new Health(
                                "throws",
                                "critical",
                                "The check itself failed: java.lang.IllegalStateException: bug"));
    }

    @Test
    void memory_livingData_decide() {
        assertThat(memory(100, 80).getStatus()).isEqualTo(Result.Status.OK);
        assertThat(memory(100, 90).getStatus()).isEqualTo(Result.Status.WARN);
        assertThat(memory(100, 97).getStatus()).isEqualTo(Result.Status.CRITICAL);
        assertThat(memory(0, 0).getStatus()).isEqualTo(Result.Status.OK);
    }

    @Test
    void disk_spaceLeft_decides() {
        assertThat(DiskCheck.judge(2L << 30).getStatus()).isEqualTo(Result.Status.OK);
        assertThat(DiskCheck.judge(512L << 20).getStatus()).isEqualTo(Result.Status.WARN);
        assertThat(DiskCheck.judge(1L << 20).getStatus()).isEqualTo(Result.Status.CRITICAL);
    }

    private static Result memory(long capacityMib, long livingMib) {
        return MemoryCheck.judge(
                new KvStore.Usage(
                        capacityMib << 20,
                        capacityMib << 20,
                        (livingMib << 20) - (livingMib << 18),
                        capacityMib << 20,
                        livingMib << 18,
                        5));
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
