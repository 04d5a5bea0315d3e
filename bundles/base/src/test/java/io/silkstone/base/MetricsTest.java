package io.silkstone.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.metrics.LatencyHistogram;
import io.silkstone.api.metrics.MetricDescriptor;
import io.silkstone.api.metrics.MetricRegistry.Metric;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private final Metrics metrics = new Metrics();

    private enum Sample implements MetricDescriptor {
        READS("store.reads_total"),
        DELAY("store.delay_ns"),
        BYTES("store.used_bytes");

        private final String label;

        Sample(String label) {
            this.label = label;
        }

        @Override
        public String label() {
            return label;
        }

        @Override
        public String description() {
            return "A sample.";
        }
    }

    @Test
    void counter_sameDescriptor_isOneCounter() {
        metrics.counter(Sample.READS).increment();
        metrics.counter(Sample.READS).add(2);
        assertThat(metrics.counter(Sample.READS).get()).isEqualTo(3);
    }

    @Test
    void counter_ofAHistogramsLabel_isRefused() {
        metrics.histogram(Sample.DELAY);
        assertThatThrownBy(() -> metrics.counter(Sample.DELAY))
                .hasMessageContaining("store.delay_ns");
    }

    @Test
    void histogram_outOfRange_countsAsTheBound() {
        LatencyHistogram delay = metrics.histogram(Sample.DELAY);
        delay.record(-1);
        delay.record(Long.MAX_VALUE);
        assertThat(delay.count()).isEqualTo(2);
        assertThat(delay.percentile(0)).isEqualTo(1);
        assertThat(delay.percentile(100)).isBetween(100_000_000_000L, 101_000_000_000L);
    }

    @Test
    void gauge_closed_isGone() throws Exception {
        AutoCloseable gauge = metrics.gauge(Sample.BYTES, () -> 7);
        assertThat(metrics.snapshot()).extracting(Metric::value).containsExactly(7L);
        gauge.close();
        assertThat(metrics.snapshot()).isEmpty();
    }
}
