package io.silkstone.store.cleaner;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the cleaner tells about itself. */
public enum CleanerMetrics implements MetricDescriptor {
    /** First level. */
    COMPACTIONS("store.cleaner.compactions_total", "Segments compacted, one at a time."),
    /** Second level. */
    COMBINED("store.cleaner.combined_total", "Passes over several segments, sorted by age."),
    /** Where entries are large. */
    REPACKINGS("store.cleaner.repackings_total", "Segments moved into gaps of others."),
    /** The work. */
    MOVED("store.cleaner.moved_bytes_total", "Bytes of entries that were moved."),
    /** The gain, with {@link #MOVED} subtracted. */
    RETIRED("store.cleaner.retired_bytes_total", "Memory of segments that were taken away."),
    /** Cheapest of all. */
    EMPTY("store.cleaner.empty_total", "Segments taken away without anything wanted in them."),
    /** The work that slowed writers down. */
    ASSISTED("store.cleaner.assisted_bytes_total", "Bytes of entries that writers moved."),
    /** Memory was so full or so crumbled that the cleaner had to wait for the end of batches. */
    STALLS("store.cleaner.stalls_total", "Times when the cleaner itself found no memory.");

    private final String label;
    private final String description;

    CleanerMetrics(String label, String description) {
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
