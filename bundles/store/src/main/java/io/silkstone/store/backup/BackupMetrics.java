package io.silkstone.store.backup;

import io.silkstone.api.metrics.MetricDescriptor;

/** What is told about the replicas of other servers' logs. */
public enum BackupMetrics implements MetricDescriptor {
    /** Entries and notes, as they came. */
    BYTES("store.backup.written_bytes_total", "Bytes of other servers' logs written to files."),
    /** Each for all that came since the one before. */
    SYNCS("store.backup.syncs_total", "Times that the disk was told to make replicas safe."),
    /** With ALWAYS other servers wait for each. */
    SYNC_NANOS(
            "store.backup.sync.nanos_total",
            "Nanoseconds that the disk took to make replicas safe."),
    /** After each the servers concerned make other replicas. */
    FAILURES(
            "store.backup.failures_total",
            "Writes and other requests for replicas that the disk failed."),
    /** Each is of no use until it is dropped. */
    DAMAGED("store.backup.damaged_total", "Replicas that were found to be damaged."),
    /** One for each segment of another server's log. */
    REPLICAS("store.backup.replicas", "Replicas of segments of other servers' logs."),
    /** Of the logs that were used since the start. */
    SIZE("store.backup.size_bytes", "Bytes of all replicas.");

    private final String label;
    private final String description;

    BackupMetrics(String label, String description) {
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
