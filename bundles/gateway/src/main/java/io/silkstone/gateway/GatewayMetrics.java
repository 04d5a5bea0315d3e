package io.silkstone.gateway;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the gateway counts. */
public enum GatewayMetrics implements MetricDescriptor {
    /** See its sentence. */
    COMMANDS("gateway.commands_total", "Commands that clients sent."),
    /** See its sentence. */
    CONNECTIONS("gateway.connections", "Clients that are connected now."),
    /** See its sentence. */
    CONNECTED("gateway.connections.accepted_total", "Clients that were ever accepted."),
    /** See its sentence. */
    REFUSED(
            "gateway.connections.refused_total",
            "Clients turned away because clients.max were connected."),
    /** See its sentence. */
    IDLE("gateway.connections.idle_total", "Clients disconnected because they said nothing."),
    /** See its sentence. */
    OUTPUT_LIMIT(
            "gateway.connections.output_limit_total",
            "Clients disconnected because they left too many replies unread."),
    /** See its sentence. */
    UNSETTLED(
            "gateway.connections.unsettled_total",
            "Clients disconnected because the store's disk, or its backups, did not settle their"
                    + " replies within replies.settle.max.ms."),
    /** See its sentence. */
    HANDED_OVER("gateway.connections.handed_over_total", "Connections that went to another core."),
    /** See its sentence. */
    BUGS(
            "gateway.bugs_total",
            "Requests that ended their connection by a bug in the gateway; the log has each."),
    /** See its sentence. */
    MEMORY_HELD(
            "gateway.memory.held_bytes",
            "Memory outside the heap held for clients: replies that are unread or not settled,"
                    + " unfinished requests, transactions, long requests."),
    /** See its sentence. */
    BATCH_LATENCY(
            "gateway.batch.latency_ns",
            "Time from the arrival of a batch of commands to the departure of its replies, without"
                    + " their wait until they are settled; one of 64 batches is measured.");

    private final String label;
    private final String description;

    GatewayMetrics(String label, String description) {
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
