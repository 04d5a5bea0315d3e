package io.silkstone.base;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricDescriptor;
import io.silkstone.api.metrics.MetricRegistry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * The registry of one node. Metrics are looked up when a subsystem is built, never on the data
 * path.
 */
public final class Metrics implements MetricRegistry {
    private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();

    /** An empty registry. */
    public Metrics() {}

    @Override
    public Counter counter(MetricDescriptor descriptor) {
        return registered(descriptor, new AdderCounter(), AdderCounter.class);
    }

    @Override
    public LatencyHistogram histogram(MetricDescriptor descriptor) {
        return registered(descriptor, new HdrLatencyHistogram(), HdrLatencyHistogram.class);
    }

    @Override
    public AutoCloseable gauge(MetricDescriptor descriptor, LongSupplier value) {
        Entry entry = new Entry(descriptor, value);
        entries.put(descriptor.label(), entry);
        return () -> entries.remove(descriptor.label(), entry);
    }

    @Override
    public List<Metric> snapshot() {
        List<Metric> metrics = new ArrayList<>();
        for (Entry entry : entries.values()) {
            entry.addTo(metrics);
        }
        metrics.sort(Comparator.comparing(Metric::label));
        return metrics;
    }

    private <T> T registered(MetricDescriptor descriptor, T fresh, Class<T> type) {
        Entry entry =
                entries.computeIfAbsent(descriptor.label(), label -> new Entry(descriptor, fresh));
        if (!type.isInstance(entry.metric)) {
            throw new IllegalStateException(
                    descriptor.label() + " is registered as another kind of metric");
        }
        return type.cast(entry.metric);
    }

    private record Entry(MetricDescriptor descriptor, Object metric) {
        void addTo(List<Metric> metrics) {
            switch (metric) {
                case AdderCounter counter -> add(metrics, "", counter.get());
                case LongSupplier gauge -> add(metrics, "", gauge.getAsLong());
                case HdrLatencyHistogram histogram -> {
                    add(metrics, ".count", histogram.count());
                    add(metrics, ".p50", histogram.percentile(50));
                    add(metrics, ".p99", histogram.percentile(99));
                    add(metrics, ".p999", histogram.percentile(99.9));
                    add(metrics, ".max", histogram.percentile(100));
                }
                default -> throw new AssertionError(metric);
            }
        }

        private void add(List<Metric> metrics, String part, long value) {
            metrics.add(new Metric(descriptor.label() + part, value, descriptor.description()));
        }
    }

    private static final class AdderCounter implements Counter {
        private final LongAdder sum = new LongAdder();

        @Override
        public void increment() {
            sum.increment();
        }

        @Override
        public void add(long amount) {
            sum.add(amount);
        }

        @Override
        public long get() {
            return sum.sum();
        }
    }

    private static final class HdrLatencyHistogram implements LatencyHistogram {
        private static final long NANOS_MAX = 100_000_000_000L;
        private static final int SIGNIFICANT_DIGITS = 2;

        private final ConcurrentHistogram records =
                new ConcurrentHistogram(NANOS_MAX, SIGNIFICANT_DIGITS);

        @Override
        public void record(long nanos) {
            records.recordValue(Math.clamp(nanos, 1, NANOS_MAX));
        }

        @Override
        public long percentile(double percentile) {
            return records.getTotalCount() == 0 ? 0 : records.getValueAtPercentile(percentile);
        }

        @Override
        public long count() {
            return records.getTotalCount();
        }

        @Override
        public void reset() {
            records.reset();
        }
    }
}
