package io.silkstone.threads;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A policy that does what the test says, and notes its calls. */
class SteeredPolicy implements CorePolicy {
    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile int wanted;
    volatile LoadSample sample;
    volatile PolicyState handover;
    private volatile CoreSet all = CoreSet.EMPTY;

    SteeredPolicy(int wanted) {
        this.wanted = wanted;
    }

    @Override
    public void start(CoreControl control, PolicyState state) {
        calls.add("start");
        handover = state;
        all = control.held();
    }

    @Override
    public PolicyState stop() {
        calls.add("stop");
        return new PolicyState(Map.of("wanted", (double) wanted));
    }

    @Override
    public void coreAvailable(int core) {
        calls.add("available " + core);
        all = all.with(core);
    }

    @Override
    public void coreUnavailable(int core) {
        calls.add("unavailable " + core);
        all = all.without(core);
    }

    @Override
    public CoreSet cores(int threadClass) {
        return all;
    }

    @Override
    public CoreRequest decide(LoadSample newest) {
        sample = newest;
        return CoreRequest.of(wanted, 2_000_000, "the test wants it so");
    }

    @Override
    public IdleBudget idle() {
        return new IdleBudget(1_000, 1, 100_000_000);
    }
}
