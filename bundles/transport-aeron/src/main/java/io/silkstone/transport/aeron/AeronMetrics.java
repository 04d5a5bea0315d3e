package io.silkstone.transport.aeron;

import io.silkstone.api.metrics.MetricDescriptor;

/** The metrics of the Aeron transport. */
enum AeronMetrics implements MetricDescriptor {
    /** Messages sent. */
    SENT("transport.aeron.sent_total", "Messages sent."),
    /** Bytes sent. */
    SENT_BYTES("transport.aeron.sent.bytes_total", "Bytes of messages sent."),
    /** Messages received. */
    RECEIVED("transport.aeron.received_total", "Messages received."),
    /** Bytes received. */
    RECEIVED_BYTES("transport.aeron.received.bytes_total", "Bytes of messages received."),
    /** Refused messages. */
    BACK_PRESSURE(
            "transport.aeron.back_pressure_total",
            "Messages that were not taken because the other side is slow or not connected yet."),
    /** Sessions opened. */
    OPENED("transport.aeron.session.opened_total", "Sessions that both sides agreed upon."),
    /** Sessions closed. */
    CLOSED("transport.aeron.session.closed_total", "Sessions closed, those never open included."),
    /** Garbage. */
    STRANGERS(
            "transport.aeron.strangers_total",
            "Frames that no peer of this version sends; they are ignored."),
    /** Rebuilds. */
    REBUILDS("transport.aeron.rebuilds_total", "Times that driver and client were built anew."),
    /** Errors. */
    ERRORS("transport.aeron.errors_total", "Errors that Aeron reported.");

    private final String label;
    private final String description;

    AeronMetrics(String label, String description) {
        this.label = label;
        this.description = description;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String description() {
        return description;
    }
}
