package io.silkstone.node;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;

/** Holds every core that it may; its class file goes into test bundles. */
public final class TestCorePolicy implements CorePolicy {
    private static final long INTERVAL_NANOS = 10_000_000;

    private CoreControl control;
    private volatile CoreSet all = CoreSet.EMPTY;

    @Override
    public void start(CoreControl control, PolicyState handover) {
        this.control = control;
        all = control.held();
    }

    @Override
    public PolicyState stop() {
        return PolicyState.EMPTY;
    }

    @Override
    public void coreAvailable(int core) {
        all = all.with(core);
    }

    @Override
    public void coreUnavailable(int core) {
        all = all.without(core);
    }

    @Override
    public CoreSet cores(int threadClass) {
        return all;
    }

    @Override
    public CoreRequest decide(LoadSample sample) {
        return CoreRequest.of(control.coresMax(), INTERVAL_NANOS, "a test wants them all");
    }

    @Override
    public IdleBudget idle() {
        return new IdleBudget(0, 1, 5_000_000);
    }
}
