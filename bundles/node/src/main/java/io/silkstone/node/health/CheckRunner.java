package io.silkstone.node.health;

import io.silkstone.api.node.Node.Health;
import io.silkstone.base.NanoClock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.ResultLog;

/**
 * Asks health checks, side by side, so that one that hangs costs a bounded wait and is reported as
 * such. Felix's own executor is not asked: it answers from a cache, and an operator who has just
 * repaired something wants to see that.
 */
public final class CheckRunner {
    private final NanoClock clock;
    private final long waitMs;

    /**
     * @param waitMs how long all checks together may take
     */
    public CheckRunner(NanoClock clock, long waitMs) {
        this.clock = clock;
        this.waitMs = waitMs;
    }

    /** Every check's result, by name. */
    public List<Health> run(Map<String, HealthCheck> checks) {
        Map<String, Future<Result>> answers = new TreeMap<>();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        checks.forEach((name, check) -> answers.put(name, threads.submit(check::execute)));
        threads.shutdown();
        long deadlineNs = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs);
        List<Health> results = new ArrayList<>();
        answers.forEach((name, answer) -> results.add(await(name, answer, deadlineNs)));
        threads.shutdownNow();
        return results;
    }

    private Health await(String name, Future<Result> answer, long deadlineNs) {
        try {
            long leftNs = Math.max(0, deadlineNs - clock.nanoTime());
            return healthOf(name, answer.get(leftNs, TimeUnit.NANOSECONDS));
        } catch (TimeoutException late) {
            return new Health(
                    name, "critical", "The check did not answer in %d ms.".formatted(waitMs));
        } catch (ExecutionException failed) {
            return new Health(name, "critical", "The check itself failed: " + failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return new Health(name, "warn", "Interrupted while waiting for the check.");
        }
    }

    static Health healthOf(String name, Result result) {
        String status =
                switch (result.getStatus()) {
                    case OK -> "ok";
                    case WARN, TEMPORARILY_UNAVAILABLE -> "warn";
                    case CRITICAL, HEALTH_CHECK_ERROR -> "critical";
                };
        Collection<String> messages = new ArrayList<>();
        for (ResultLog.Entry entry : result) {
            if (!entry.isDebug()) {
                messages.add(entry.getMessage());
            }
        }
        return new Health(name, status, String.join("; ", messages));
    }
}
