package io.silkstone.policies.coresfixed;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import io.silkstone.api.threads.ThreadRuntime;

/**
 * Holds the number of cores that it is told, whatever the load. Ordinary threads may go to all of
 * them, exclusive ones to all but the first. What a policy before it has learned passes through it
 * untouched, so that going to fixed cores and back loses nothing.
 *
 * <p>{@link #cores} and {@link #idle} may be called from anywhere, the rest by the control thread.
 */
public class FixedPolicy implements CorePolicy {
    private static final long INTERVAL_NANOS = 200_000_000;

    private volatile FixedOptions options;
    private volatile CoreSet all = CoreSet.EMPTY;
    private volatile CoreSet exclusive = CoreSet.EMPTY;
    private PolicyState heirloom = PolicyState.EMPTY;

    /** A policy that works when it is started. */
    public FixedPolicy(FixedOptions options) {
        this.options = options;
    }

    /** Takes other settings, from the next decision on. */
    public final void configure(FixedOptions newOptions) {
        options = newOptions;
    }

    @Override
    public void start(CoreControl control, PolicyState handover) {
        heirloom = handover;
        show(control.held());
    }

    @Override
    public PolicyState stop() {
        return heirloom;
    }

    @Override
    public void coreAvailable(int core) {
        show(all.with(core));
    }

    @Override
    public void coreUnavailable(int core) {
        show(all.without(core));
    }

    private void show(CoreSet cores) {
        all = cores;
        exclusive = cores.size() < 2 ? CoreSet.EMPTY : cores.without(cores.get(0));
    }

    @Override
    public CoreSet cores(int threadClass) {
        return threadClass == ThreadRuntime.EXCLUSIVE ? exclusive : all;
    }

    @Override
    public CoreRequest decide(LoadSample sample) {
        int cores = options.cores();
        return CoreRequest.of(cores, INTERVAL_NANOS, "fixed at " + cores);
    }

    @Override
    public IdleBudget idle() {
        return options.idle();
    }
}
