package io.silkstone.threads;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricRegistry;

/** The counters of {@link ThreadMetrics}, looked up once. */
final class ThreadCounters {
    final Counter rejected;
    final Counter failures;
    final Counter migrated;
    final Counter workers;
    final Counter pinned;
    final Counter foreign;
    final Counter granted;
    final Counter released;
    final Counter swaps;
    final Counter faults;
    final LatencyHistogram swapTime;

    ThreadCounters(MetricRegistry metrics) {
        rejected = metrics.counter(ThreadMetrics.REJECTED);
        failures = metrics.counter(ThreadMetrics.FAILED);
        migrated = metrics.counter(ThreadMetrics.MIGRATED);
        workers = metrics.counter(ThreadMetrics.WORKERS);
        pinned = metrics.counter(ThreadMetrics.PINNED);
        foreign = metrics.counter(ThreadMetrics.FOREIGN);
        granted = metrics.counter(ThreadMetrics.GRANTED);
        released = metrics.counter(ThreadMetrics.RELEASED);
        swaps = metrics.counter(ThreadMetrics.SWAPS);
        faults = metrics.counter(ThreadMetrics.FAULTS);
        swapTime = metrics.histogram(ThreadMetrics.SWAP_TIME);
    }
}
