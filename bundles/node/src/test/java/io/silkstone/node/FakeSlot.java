package io.silkstone.node;

import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;

/**
 * A mechanism small enough to read and true to the slot's contract: decisions under way end before
 * a hand-over, a policy that throws is left for the one before, and that one is forgotten on
 * request. Decisions are counted, and a decision by a policy that was handed back is an error.
 */
public final class FakeSlot implements PolicySlot {
    private final String kind;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final List<PolicyId> uses = Collections.synchronizedList(new ArrayList<>());
    private final LongSupplier builtInPolicy = () -> 0;

    private volatile At current;
    private At former;

    private record At(PolicyId id, LongSupplier policy, FaultListener faults) {}

    public FakeSlot(String kind) {
        this.kind = kind;
        current = new At(new PolicyId(kind, builtIn(), "built-in", -1), builtInPolicy, null);
    }

    /** Makes one decision; a policy that throws is left. */
    public long decide() {
        lock.readLock().lock();
        At deciding = current;
        try {
            return deciding.policy().getAsLong();
        } catch (RuntimeException failure) {
            lock.readLock().unlock();
            leave(deciding, failure.getMessage());
            lock.readLock().lock();
            return current.policy().getAsLong();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** The policy in use fails on probation. */
    public void fail(String reason) {
        leave(current, reason);
    }

    private void leave(At bad, String reason) {
        lock.writeLock().lock();
        try {
            if (current != bad) {
                return;
            }
            current = former == null ? builtInAt() : former;
            former = null;
        } finally {
            lock.writeLock().unlock();
        }
        bad.faults().failed(bad.id(), current.id(), reason);
    }

    private At builtInAt() {
        return new At(new PolicyId(kind, builtIn(), "built-in", -1), builtInPolicy, null);
    }

    /** What {@link #use} was called with, in order. */
    public List<PolicyId> uses() {
        return List.copyOf(uses);
    }

    /** Whether the slot holds {@code policy}, in use or to return to. */
    public boolean holds(PolicyId policy) {
        lock.readLock().lock();
        try {
            return current.id().equals(policy) || former != null && former.id().equals(policy);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public Class<?> type() {
        return LongSupplier.class;
    }

    @Override
    public String builtIn() {
        return "steady-state";
    }

    @Override
    public PolicyId inUse() {
        return current.id();
    }

    @Override
    public void use(PolicyId id, Object policy, FaultListener faults) throws PolicyRefused {
        uses.add(id);
        lock.writeLock().lock();
        try {
            if (policy == null) {
                former = current;
                current = builtInAt();
                return;
            }
            At next = new At(id, (LongSupplier) policy, faults);
            try {
                next.policy().getAsLong();
            } catch (RuntimeException failure) {
                throw new PolicyRefused(id + " failed at once: " + failure.getMessage(), failure);
            }
            former = current;
            current = next;
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public void forget(PolicyId gone) {
        lock.writeLock().lock();
        try {
            if (former != null && former.id().equals(gone)) {
                former = null;
            }
            if (current.id().equals(gone)) {
                current = builtInAt();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public String why() {
        return "The fake slot decided " + uses.size() + " times to follow orders.";
    }
}
