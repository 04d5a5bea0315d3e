package io.silkstone.threads;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where the core policy works, and the guard around it. All calls of a policy are made under the
 * control lock, by way of its {@link PolicyHost}; creators and idle cores only read the {@link
 * Placement} that it gave last.
 *
 * <p>A swap: the old policy stops and leaves its state, the new one starts from it, gives its
 * standing answers, and these replace the old ones in one store. No core is given back in between
 * and no creator waits. Until its probation ends the new policy has the old one behind it; after
 * that the old one is let go entirely, so that its bundle can be unloaded, and a fault leads to the
 * built-in policy.
 */
final class CorePolicySlot implements PolicySlot {
    private static final String KIND = "cores";
    private static final System.Logger LOG = System.getLogger(CorePolicySlot.class.getName());
    private static final PolicyId BUILT_IN =
            new PolicyId(KIND, BuiltInCorePolicy.NAME, BuiltInCorePolicy.NAME, -1);

    private final Machine machine;
    private final CoreAllotment allotment;
    private final ReentrantLock lock;
    private final List<Runnable> news = new ArrayList<>();
    private volatile PolicyHost host = freshBuiltIn();
    private PolicyHost previous;
    private PolicyState previousState = PolicyState.EMPTY;
    private long probationEnd;
    private volatile long limitNanos;
    private volatile long probationNanos;
    private LoadSample lastSample;
    private CoreRequest lastRequest;

    CorePolicySlot(Machine machine, CoreAllotment allotment, ReentrantLock lock) {
        this.machine = machine;
        this.allotment = allotment;
        this.lock = lock;
    }

    void setPatience(long newLimitNanos, long newProbationNanos) {
        limitNanos = newLimitNanos;
        probationNanos = newProbationNanos;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Class<?> type() {
        return CorePolicy.class;
    }

    @Override
    public String builtIn() {
        return BuiltInCorePolicy.NAME;
    }

    @Override
    public PolicyId inUse() {
        return host.id();
    }

    @Override
    public void use(PolicyId id, Object policy, FaultListener faults) throws PolicyRefused {
        if (policy != null && !(policy instanceof CorePolicy)) {
            throw new PolicyRefused(id + " is no " + CorePolicy.class.getName());
        }
        PolicyHost next =
                policy == null
                        ? freshBuiltIn()
                        : new PolicyHost(id, (CorePolicy) policy, faults, () -> limitNanos);
        lock.lock();
        try {
            long began = machine.now();
            swap(next);
            long took = machine.now() - began;
            machine.counters.swaps.increment();
            machine.counters.swapTime.record(took);
            PolicySwapEvent.commit(previous.id(), next.id(), took);
        } finally {
            lock.unlock();
            tellNews();
        }
        machine.coreChanged.run();
    }

    @Override
    public void forget(PolicyId gone) {
        lock.lock();
        try {
            if (previous != null && previous.id().equals(gone)) {
                forgetPrevious();
            }
            if (host.id().equals(gone)) {
                PolicyHost left = host;
                host = startedBuiltIn();
                left.end();
                lastSample = null;
                lastRequest = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private void swap(PolicyHost next) throws PolicyRefused {
        PolicyHost old = host;
        PolicyState handover = PolicyState.EMPTY;
        try {
            handover = old.stop();
        } catch (PolicyFault fault) {
            // It is on its way out: its successor starts without what it would have left.
            LOG.log(System.Logger.Level.WARNING, "The policy " + old.id() + ": " + say(fault));
        }
        try {
            next.start(allotment, handover);
            machine.placement = next.placement(allotment.held());
        } catch (PolicyFault fault) {
            machine.counters.faults.increment();
            next.end();
            resume(old, handover);
            throw new PolicyRefused(
                    next.id() + " failed at once: " + say(fault) + "; " + host.id() + " goes on");
        }
        forgetPrevious();
        previous = old;
        previousState = handover;
        probationEnd = machine.now() + probationNanos;
        host = next;
        lastSample = null;
        lastRequest = null;
    }

    /** {@code old} takes over again; should it fail now, the built-in policy does. */
    private void resume(PolicyHost old, PolicyState state) {
        try {
            old.start(allotment, state);
            machine.placement = old.placement(allotment.held());
            host = old;
        } catch (PolicyFault fault) {
            host = startedBuiltIn();
            old.end();
            report(old, say(fault));
        }
    }

    private PolicyHost startedBuiltIn() {
        PolicyHost fresh = freshBuiltIn();
        try {
            fresh.start(allotment, PolicyState.EMPTY);
            machine.placement = fresh.placement(allotment.held());
        } catch (PolicyFault fault) {
            throw new AssertionError("the built-in policy cannot fail", fault);
        }
        return fresh;
    }

    /** The policy in use has failed: back to the one before it, or to the built-in. */
    private void rollBack(PolicyFault fault) {
        PolicyHost failed = host;
        machine.counters.faults.increment();
        failed.end();
        PolicyHost before = previous;
        previous = null;
        if (before != null) {
            resume(before, previousState);
        } else {
            host = startedBuiltIn();
        }
        previousState = PolicyState.EMPTY;
        lastSample = null;
        lastRequest = null;
        report(failed, say(fault));
    }

    private void report(PolicyHost failed, String reason) {
        PolicyId now = host.id();
        LOG.log(
                System.Logger.Level.WARNING,
                "The core policy " + failed.id() + " failed: " + reason + "; " + now + " goes on");
        if (failed.faults() != null) {
            news.add(() -> failed.faults().failed(failed.id(), now, reason));
        }
    }

    private void forgetPrevious() {
        if (previous != null) {
            previous.end();
            previous = null;
            previousState = PolicyState.EMPTY;
        }
    }

    private static String say(PolicyFault fault) {
        return fault.getMessage();
    }

    private static PolicyHost freshBuiltIn() {
        return new PolicyHost(BUILT_IN, new BuiltInCorePolicy(), null, () -> 0);
    }

    // --- Called by the control thread with the lock held ----------------------------------------

    /** The first policy begins to work. */
    void begin() {
        host = startedBuiltIn();
    }

    CoreRequest decide(LoadSample sample) {
        if (previous != null && machine.now() - probationEnd > 0) {
            forgetPrevious();
        }
        while (true) {
            try {
                CoreRequest request = host.decide(sample);
                lastSample = sample;
                lastRequest = request;
                return request;
            } catch (PolicyFault fault) {
                rollBack(fault);
            }
        }
    }

    void coreAvailable(int core) {
        try {
            host.coreAvailable(core);
        } catch (PolicyFault fault) {
            rollBack(fault);
        }
        refresh();
    }

    void coreUnavailable(int core) {
        try {
            host.coreUnavailable(core);
        } catch (PolicyFault fault) {
            rollBack(fault);
        }
        refresh();
    }

    /** Asks the policy for its standing answers anew. */
    void refresh() {
        try {
            machine.placement = host.placement(allotment.held());
        } catch (PolicyFault fault) {
            rollBack(fault);
        }
    }

    /** The runtime closes. */
    void end() {
        forgetPrevious();
        try {
            host.stop();
        } catch (PolicyFault fault) {
            LOG.log(System.Logger.Level.DEBUG, say(fault));
        }
        host.end();
    }

    // --- -------------------------------------------------------------------------------------

    /** Tells listeners what happened, without the lock: they may call back. */
    void tellNews() {
        if (lock.isHeldByCurrentThread()) {
            return;
        }
        List<Runnable> told;
        lock.lock();
        try {
            told = List.copyOf(news);
            news.clear();
        } finally {
            lock.unlock();
        }
        for (Runnable each : told) {
            try {
                each.run();
            } catch (Throwable failure) {
                LOG.log(System.Logger.Level.ERROR, "A listener to policy faults failed", failure);
            }
        }
    }

    private static String cores(int count) {
        return count == 1 ? "1 core" : count + " cores";
    }

    @Override
    public String why() {
        lock.lock();
        try {
            if (lastRequest == null) {
                return host.id() + " has decided nothing yet.";
            }
            return String.format(
                    Locale.ROOT,
                    "%s wants %s: %s.%n"
                            + "It saw %s held and %.2f busy, load factor %.2f,"
                            + " %d of %d contexts occupied, %d threads created and %d refused"
                            + " in %d ms.",
                    host.id(),
                    cores(lastRequest.total()),
                    lastRequest.reason(),
                    cores(lastSample.coresHeld()),
                    lastSample.utilisedCores(),
                    lastSample.loadFactor(),
                    lastSample.occupied(),
                    lastSample.contexts(),
                    lastSample.creates(),
                    lastSample.rejects(),
                    lastSample.intervalNanos() / 1_000_000);
        } finally {
            lock.unlock();
        }
    }
}
