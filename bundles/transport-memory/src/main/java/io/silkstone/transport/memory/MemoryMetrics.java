package io.silkstone.transport.memory;

import io.silkstone.api.metrics.MetricDescriptor;

/** What happened on a {@link MemoryNetwork}. */
public enum MemoryMetrics implements MetricDescriptor {
    /** Sessions opened. */
    CONNECTED("transport.memory.session.opened_total", "Sessions that both sides opened."),
    /** Connections that failed. */
    UNREACHED("transport.memory.session.unreached_total", "Sessions that nobody answered."),
    /** Messages sent. */
    SENT("transport.memory.message.sent_total", "Messages that a session took."),
    /** Messages delivered. */
    DELIVERED(
            "transport.memory.message.delivered_total",
            "Messages that a handler was shown, copies included."),
    /** Messages lost. */
    LOST(
            "transport.memory.message.lost_total",
            "Messages that vanished: by chance, at a partition, or with a session or a transport."),
    /** Messages that came twice. */
    DUPLICATED("transport.memory.message.duplicated_total", "Messages that were sent on twice."),
    /** Messages out of order. */
    REORDERED(
            "transport.memory.message.reordered_total",
            "Messages that came behind one that had been sent later."),
    /** Messages refused. */
    FULL("transport.memory.message.full_total", "Messages that an open session refused as FULL."),
    /** Sessions broken. */
    BROKEN("transport.memory.session.broken_total", "Sessions that broke by chance."),
    /** Links cut. */
    CUT("transport.memory.link.cut_total", "Times that a link was cut or a place isolated."),
    /** Transports crashed. */
    CRASHED("transport.memory.transport.crashed_total", "Transports that crashed.");

    private final String label;
    private final String description;

    MemoryMetrics(String label, String description) {
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
