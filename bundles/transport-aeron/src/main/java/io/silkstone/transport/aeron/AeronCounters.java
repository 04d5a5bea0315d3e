package io.silkstone.transport.aeron;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;

/** The counters of {@link AeronMetrics}, looked up once. */
final class AeronCounters {
    final Counter sent;
    final Counter sentBytes;
    final Counter received;
    final Counter receivedBytes;
    final Counter backPressure;
    final Counter opened;
    final Counter closed;
    final Counter strangers;
    final Counter rebuilds;
    final Counter errors;

    AeronCounters(MetricRegistry metrics) {
        sent = metrics.counter(AeronMetrics.SENT);
        sentBytes = metrics.counter(AeronMetrics.SENT_BYTES);
        received = metrics.counter(AeronMetrics.RECEIVED);
        receivedBytes = metrics.counter(AeronMetrics.RECEIVED_BYTES);
        backPressure = metrics.counter(AeronMetrics.BACK_PRESSURE);
        opened = metrics.counter(AeronMetrics.OPENED);
        closed = metrics.counter(AeronMetrics.CLOSED);
        strangers = metrics.counter(AeronMetrics.STRANGERS);
        rebuilds = metrics.counter(AeronMetrics.REBUILDS);
        errors = metrics.counter(AeronMetrics.ERRORS);
    }

    void sent(int bytes) {
        sent.increment();
        sentBytes.add(bytes);
    }

    void received(int messages, long bytes) {
        received.add(messages);
        receivedBytes.add(bytes);
    }
}
