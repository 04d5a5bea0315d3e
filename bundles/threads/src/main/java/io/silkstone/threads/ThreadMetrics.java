package io.silkstone.threads;

import io.silkstone.api.metrics.MetricDescriptor;

/** The metrics of the runtime. */
public enum ThreadMetrics implements MetricDescriptor {
    /** Threads begun. */
    CREATED("threads.thread.created_total", "User threads that began to run."),
    /** Threads refused. */
    REJECTED("threads.thread.rejected_total", "Threads refused because no context was free."),
    /** Threads that threw. */
    FAILED("threads.thread.failed_total", "Tasks and pollers that ended by an exception."),
    /** Threads moved. */
    MIGRATED("threads.thread.migrated_total", "Threads moved off a core that was given back."),
    /** Contexts in use. */
    OCCUPIED("threads.context.occupied_count", "Contexts that have a thread now."),
    /** Workers made. */
    WORKERS("threads.worker.created_total", "Stacks made for threads that block."),
    /** Blocked cores. */
    PINNED("threads.worker.pinned_total", "Times that a thread could not leave its core to wait."),
    /** Strangers forwarded. */
    FOREIGN(
            "threads.worker.foreign_total",
            "Runs of virtual threads that tasks started, passed on to the JDK's scheduler."),
    /** Cores held. */
    HELD("threads.core.held_count", "Cores that the runtime holds now."),
    /** Cores got. */
    GRANTED("threads.core.granted_total", "Cores got, those at the start included."),
    /** Cores given back. */
    RELEASED("threads.core.released_total", "Cores given back."),
    /** Load factor. */
    LOAD("threads.core.load_permille", "Runnable threads per scan of a core, times 1,000."),
    /** Policy swaps. */
    SWAPS("threads.policy.swaps_total", "Core policies taken into use."),
    /** Policy faults. */
    FAULTS("threads.policy.faults_total", "Core policies that failed and were replaced."),
    /** Length of a swap. */
    SWAP_TIME("threads.policy.swap_ns", "Time to hand over from one core policy to the next.");

    private final String label;
    private final String description;

    ThreadMetrics(String label, String description) {
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
