package io.silkstone.store.durable;

import io.silkstone.api.metrics.MetricDescriptor;

/** What is told about copies of the log. */
public enum KeeperMetrics implements MetricDescriptor {
    /** Beside what clients write: tombstones, marks, and what the cleaner moved. */
    BYTES("store.disk.written_bytes_total", "Bytes of the log written to files."),
    /** Each settles all that was written before. */
    SYNCS("store.disk.syncs_total", "Times that the disk was told to make files safe."),
    /** Each is waited for by whoever wrote meanwhile. */
    SYNC_NANOS("store.disk.sync.nanos_total", "Nanoseconds that the disk took to make files safe."),
    /** After each the files concerned are written anew. */
    FAILURES("store.disk.failures_total", "Writes and other requests that the disk failed."),
    /** As large as the log in memory, and what waits to be removed. */
    SIZE("store.disk.size_bytes", "Bytes of all copies of segments."),
    /** Grows while the disk is slower than writers. */
    BEHIND("store.disk.behind_bytes", "Bytes that were appended to the log and are not settled.");

    private final String label;
    private final String description;

    KeeperMetrics(String label, String description) {
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
