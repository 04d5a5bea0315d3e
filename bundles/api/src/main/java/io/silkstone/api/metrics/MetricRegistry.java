package io.silkstone.api.metrics;

import java.util.List;
import java.util.function.LongSupplier;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Where metrics live. Asking twice for one descriptor gives one and the same metric. Threads: any.
 */
@ProviderType
public interface MetricRegistry {
    /** The counter of {@code descriptor}. */
    Counter counter(MetricDescriptor descriptor);

    /** The histogram of {@code descriptor}. */
    LatencyHistogram histogram(MetricDescriptor descriptor);

    /**
     * Shows {@code value} under {@code descriptor} until the result is closed.
     *
     * @param value read at each snapshot, from any thread; must not block
     */
    AutoCloseable gauge(MetricDescriptor descriptor, LongSupplier value);

    /** Every metric now, sorted by label. */
    List<Metric> snapshot();

    /**
     * One line of a snapshot. A histogram gives several: count, p50, p99, p999 and max.
     *
     * @param label the descriptor's label, with a suffix for a histogram's part
     * @param value the value, in the label's unit
     * @param description the descriptor's sentence
     */
    record Metric(String label, long value, String description) {}
}
