package io.silkstone.node.policy;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricRegistry;

/** The directory's metrics, looked up once. */
record PolicyCounters(
        Counter switches, Counter failures, LatencyHistogram handOver, Counter lateReleases) {
    static PolicyCounters of(MetricRegistry metrics) {
        return new PolicyCounters(
                metrics.counter(PolicyMetric.SWITCHES),
                metrics.counter(PolicyMetric.FAILURES),
                metrics.histogram(PolicyMetric.HAND_OVER),
                metrics.counter(PolicyMetric.LATE_RELEASES));
    }
}
