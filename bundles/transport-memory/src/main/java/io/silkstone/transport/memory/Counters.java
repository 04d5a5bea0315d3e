package io.silkstone.transport.memory;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;

/** The counters of {@link MemoryMetrics}. */
final class Counters {
    final Counter connected;
    final Counter unreached;
    final Counter sent;
    final Counter delivered;
    final Counter lost;
    final Counter duplicated;
    final Counter reordered;
    final Counter full;
    final Counter broken;
    final Counter cut;
    final Counter crashed;

    Counters(MetricRegistry metrics) {
        connected = metrics.counter(MemoryMetrics.CONNECTED);
        unreached = metrics.counter(MemoryMetrics.UNREACHED);
        sent = metrics.counter(MemoryMetrics.SENT);
        delivered = metrics.counter(MemoryMetrics.DELIVERED);
        lost = metrics.counter(MemoryMetrics.LOST);
        duplicated = metrics.counter(MemoryMetrics.DUPLICATED);
        reordered = metrics.counter(MemoryMetrics.REORDERED);
        full = metrics.counter(MemoryMetrics.FULL);
        broken = metrics.counter(MemoryMetrics.BROKEN);
        cut = metrics.counter(MemoryMetrics.CUT);
        crashed = metrics.counter(MemoryMetrics.CRASHED);
    }
}
