package io.silkstone.store;

import io.silkstone.api.metrics.MetricRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Figures of one store that are asked for, not counted. Threads: one. */
final class StoreGauges implements AutoCloseable {
    private final MetricRegistry metrics;
    private final List<AutoCloseable> gauges = new ArrayList<>();

    StoreGauges(MetricRegistry metrics) {
        this.metrics = metrics;
    }

    /** Until {@link #close}, {@code value} says what {@code descriptor} describes. */
    StoreGauges add(StoreMetrics descriptor, LongSupplier value) {
        gauges.add(metrics.gauge(descriptor, value));
        return this;
    }

    @Override
    public void close() {
        for (AutoCloseable gauge : gauges) {
            try {
                gauge.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }
}
