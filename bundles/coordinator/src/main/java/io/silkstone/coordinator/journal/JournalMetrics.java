package io.silkstone.coordinator.journal;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the journal does. */
public enum JournalMetrics implements MetricDescriptor {
    COMMANDS("coordinator.journal.commands_total", "Commands that were written and kept."),
    SYNCS("coordinator.journal.syncs_total", "Batches of commands, each made safe by one sync."),
    BYTES("coordinator.journal.written_bytes_total", "Bytes written to journals and snapshots."),
    SNAPSHOTS("coordinator.journal.snapshots_total", "Snapshots that were written."),
    FAILURES(
            "coordinator.journal.failures_total", "Times that the disk did not do what it was to.");

    private final String label;
    private final String description;

    JournalMetrics(String label, String description) {
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
