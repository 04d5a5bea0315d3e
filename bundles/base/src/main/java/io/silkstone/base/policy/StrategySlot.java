package io.silkstone.base.policy;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.base.NanoClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/**
 * Where a strategy works that is asked now and then, and the guard around it: one that throws,
 * answers nothing or does not answer in time is asked no more, and the one before works again.
 *
 * <p>Strategies of these kinds are asked so seldom that a time of probation would say nothing: the
 * one before stays behind until another takes over, or its bundle goes. A strategy has answered
 * something imaginary before it is taken into use at all.
 *
 * <p>Threads: any; {@link #use} and {@link #forget} one, and none that keeps a core from others.
 *
 * @param <S> the interface of such strategies
 */
public abstract class StrategySlot<S> implements PolicySlot {
    private static final Logger LOG = System.getLogger(StrategySlot.class.getName());
    private static final long PAUSE_NANOS = 200_000;

    private final Class<S> type;
    private final S builtIn;
    private final PolicyId builtInId;
    private final NanoClock clock;
    private final String threadName;
    private volatile StrategyHost<S> host;
    private StrategyHost<S> previous;

    /**
     * With {@code builtIn}, which is trusted: it is called on the threads of those who ask.
     *
     * @param name of the built-in strategy
     * @param threadName of the threads that call the others
     */
    protected StrategySlot(
            String kind,
            Class<S> type,
            String name,
            S builtIn,
            NanoClock clock,
            String threadName) {
        this.type = type;
        this.builtIn = builtIn;
        this.clock = clock;
        this.threadName = threadName;
        builtInId = new PolicyId(kind, name, "built-in", -1);
        host = freshBuiltIn();
    }

    private StrategyHost<S> freshBuiltIn() {
        return new StrategyHost<>(builtInId, builtIn, null, null, threadName);
    }

    /** Asks {@code next} something imaginary. */
    protected abstract void tryOut(StrategyHost<S> next) throws StrategyFault;

    /** Another strategy works from now on. */
    protected abstract void exchanged();

    /** Where the strategy is that works now. */
    protected final StrategyHost<S> host() {
        return host;
    }

    @Override
    public final String kind() {
        return builtInId.kind();
    }

    @Override
    public final Class<?> type() {
        return type;
    }

    @Override
    public final String builtIn() {
        return builtInId.name();
    }

    @Override
    public final PolicyId inUse() {
        return host.id();
    }

    @Override
    public final void use(PolicyId id, Object policy, FaultListener faults) throws PolicyRefused {
        if (policy != null && !type.isInstance(policy)) {
            throw new PolicyRefused(id + " is no " + type.getName());
        }
        StrategyHost<S> next =
                policy == null
                        ? freshBuiltIn()
                        : new StrategyHost<>(id, type.cast(policy), faults, clock, threadName);
        try {
            tryOut(next);
        } catch (StrategyFault fault) {
            next.end();
            throw new PolicyRefused(
                    next.id()
                            + " failed at once: "
                            + fault.getMessage()
                            + "; "
                            + host.id()
                            + " goes on");
        }
        StrategyHost<S> gone;
        StrategyHost<S> old;
        synchronized (this) {
            gone = previous;
            old = host;
            old.rest(true);
            previous = old;
            host = next;
            exchanged();
        }
        boolean rests = old.awaitRest(StrategySlot::pause);
        if (gone != null) {
            gone.end();
        }
        if (!rests) {
            LOG.log(Level.WARNING, "{0} hangs, and is not asked again", old.id());
            forgetPrevious(old);
        }
    }

    /** A short wait of a thread that is nobody's core. */
    protected static void pause() {
        LockSupport.parkNanos(PAUSE_NANOS);
    }

    private synchronized void forgetPrevious(StrategyHost<S> which) {
        if (previous == which) {
            previous = null;
        }
        if (host != which) {
            which.end();
        }
    }

    @Override
    public final void forget(PolicyId gone) {
        StrategyHost<S> left;
        synchronized (this) {
            left = host;
            if (left.id().equals(gone)) {
                host = freshBuiltIn();
                exchanged();
            } else {
                left = previous;
            }
            if (previous != null && previous.id().equals(gone)) {
                previous = null;
            }
        }
        if (left != null && left.id().equals(gone)) {
            left.rest(true);
            left.awaitRest(StrategySlot::pause);
            left.end();
        }
    }

    /** The strategy in {@code failed}, if it is still in use: back to the one before it. */
    protected final void rollBack(StrategyHost<S> failed, StrategyFault fault) {
        StrategyHost<S> now;
        synchronized (this) {
            if (host != failed) {
                return;
            }
            host = previous == null ? freshBuiltIn() : previous;
            host.rest(false);
            previous = null;
            now = host;
            exchanged();
        }
        failed.end();
        LOG.log(
                Level.WARNING,
                "The {0} strategy {1} failed: {2}; {3} goes on",
                kind(),
                failed.id(),
                fault.getMessage(),
                now.id());
        if (failed.faults() != null) {
            failed.faults().failed(failed.id(), now.id(), fault.getMessage());
        }
    }
}
