package io.silkstone.benchmarks.swap.policy;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;

/**
 * A core policy that wants all the cores there are. Its class travels in bundles that {@link
 * io.silkstone.benchmarks.swap.PolicyJar} makes at run time; it needs nothing but the API.
 */
public final class SwappedPolicy implements CorePolicy {
    private static final long INTERVAL_NANOS = 50_000_000;
    private static final IdleBudget IDLE = new IdleBudget(20_000, 1, 10_000_000);

    private volatile CoreSet held = CoreSet.EMPTY;
    private int coresMax;

    /** Called by the component runtime. */
    public SwappedPolicy() {}

    @Override
    public void start(CoreControl control, PolicyState handover) {
        coresMax = control.coresMax();
        held = control.held();
    }

    @Override
    public PolicyState stop() {
        return PolicyState.EMPTY;
    }

    @Override
    public void coreAvailable(int core) {
        held = held.with(core);
    }

    @Override
    public void coreUnavailable(int core) {
        held = held.without(core);
    }

    @Override
    public CoreSet cores(int threadClass) {
        return held;
    }

    @Override
    public CoreRequest decide(LoadSample sample) {
        return CoreRequest.of(coresMax, INTERVAL_NANOS, "all there are");
    }

    @Override
    public IdleBudget idle() {
        return IDLE;
    }
}
