package io.silkstone.store;

import io.silkstone.api.metrics.MetricDescriptor;

/** What the store tells about itself. */
public enum StoreMetrics implements MetricDescriptor {
    /** See {@link io.silkstone.api.store.KvStore.Usage#objects}. */
    OBJECTS("store.objects_count", "Objects in all tables, expired ones not yet removed included."),
    /** See {@link io.silkstone.api.store.KvStore.Usage#capacity}. */
    MEMORY_CAPACITY("store.memory.capacity_bytes", "Memory for objects and hash tables."),
    /** See {@link io.silkstone.api.store.KvStore.Usage#allocated}. */
    MEMORY_ALLOCATED("store.memory.allocated_bytes", "Memory taken by segments and hash tables."),
    /** Grows with use and with the pre-faulting agent. */
    MEMORY_TOUCHED("store.memory.touched_bytes", "Memory that the machine has given pages for."),
    /** See {@link io.silkstone.api.store.KvStore.Usage#logLive}. */
    LOG_LIVE("store.log.live_bytes", "Entries in the log that are alive, tombstones included."),
    /** See {@link io.silkstone.api.store.KvStore.Usage#logUsed}. */
    LOG_USED("store.log.used_bytes", "Memory of the log's segments."),
    /** See {@link io.silkstone.api.store.KvStore.Usage#hashTables}. */
    TABLES("store.tables.index_bytes", "Memory of the hash tables."),
    /** Found by the expirer, the cleaner or an overwrite. */
    EXPIRED("store.expired_total", "Objects removed because their time of expiry was over."),
    /** Each is a client's error. */
    OUT_OF_MEMORY("store.out_of_memory_total", "Changes refused because memory was full."),
    /** Each made a client wait. */
    ASSISTS("store.cleaner.assists_total", "Slices of cleaning that writers did themselves."),
    /** Any is a bug. */
    AGENT_FAILURES("store.agents.failures_total", "Slices of background duties that failed."),
    /** Each is a client that makes changes exactly once. */
    LEASES("store.leases_count", "Leases that requests are remembered of."),
    /** Clients at work. */
    SESSIONS("store.sessions_count", "Sessions that are open.");

    private final String label;
    private final String description;

    StoreMetrics(String label, String description) {
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
