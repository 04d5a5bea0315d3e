package io.silkstone.threads;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;

/**
 * Holds the fewest cores allowed and never changes its mind: what works when no policy bundle does.
 */
final class BuiltInCorePolicy implements CorePolicy {
    static final String NAME = "built-in";

    private static final long INTERVAL_NANOS = 500_000_000;
    private static final IdleBudget IDLE = new IdleBudget(20_000, 4, 100_000_000);

    private CoreControl control;
    private volatile CoreSet all = CoreSet.EMPTY;

    @Override
    public void start(CoreControl newControl, PolicyState handover) {
        control = newControl;
        all = newControl.held();
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
        return CoreRequest.of(
                control.coresMin(), INTERVAL_NANOS, "the built-in policy keeps to cores.min");
    }

    @Override
    public IdleBudget idle() {
        return IDLE;
    }
}
