package io.silkstone.log.aeroncluster;

import io.silkstone.api.metrics.MetricDescriptor;

/** What a member of the log does. */
enum LogMetrics implements MetricDescriptor {
    COMMANDS("log.cluster.commands_total", "Commands that were committed and applied here."),
    SNAPSHOTS("log.cluster.snapshots_total", "Snapshots that this member wrote."),
    PURGED("log.cluster.purged_bytes_total", "Bytes of the log that no member needs any more."),
    TERMS("log.cluster.terms_total", "Times that another leader was heard of, or this one led."),
    REBUILDS("log.cluster.rebuilds_total", "Times that this member failed and began anew."),
    ERRORS("log.cluster.errors_total", "Errors and warnings that Aeron reported.");

    private final String label;
    private final String description;

    LogMetrics(String label, String description) {
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
