package io.silkstone.store.memory;

import static io.silkstone.base.Checks.require;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells when memory that was unhooked can be reached by nobody any more.
 *
 * <p>Readers take no locks, so whoever unhooks something (a cleaned segment, a replaced array) must
 * wait until each reader that may have seen it is done. As in RAMCloud, a reader stamps itself with
 * the current epoch when it begins; an unhooked thing is stamped when it is retired, and is free
 * once no reader with that stamp or an older one is inside. RAMCloud stamps each request; here it
 * is each batch of operations, because the stamp needs a full fence.
 *
 * <p>{@link #enter} and {@link #exit} are called by the thread that uses the slot, everything else
 * by any thread. Nothing blocks; only {@link #retire} allocates.
 */
public final class Epochs {
    /**
     * Longs from one slot to the next: two cache lines, for the processor fetches them in pairs.
     */
    private static final int STRIDE = 16;

    private static final long OUTSIDE = 0;
    private static final long UNUSED = -1;
    private static final VarHandle SLOT =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final VarHandle EPOCH;

    static {
        try {
            EPOCH =
                    MethodHandles.lookup()
                            .findVarHandle(Epochs.class, "epoch", long.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] slots;
    private final Queue<Retired> retired = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean reclaiming = new AtomicBoolean();
    private volatile long epoch = 1;
    private volatile int slotsUsed;

    /** Room for {@code sessionsMax} slots. */
    public Epochs(int sessionsMax) {
        require(sessionsMax > 0, "sessions.max must be positive, was %d", sessionsMax);
        slots = new long[(sessionsMax + 2) * STRIDE];
        for (int slot = 0; slot < sessionsMax; slot++) {
            slots[indexOf(slot)] = UNUSED;
        }
    }

    /** A slot for one thread at a time; -1 when all are taken. */
    public synchronized int register() {
        for (int slot = 0; indexOf(slot) < slots.length - STRIDE; slot++) {
            if ((long) SLOT.getVolatile(slots, indexOf(slot)) == UNUSED) {
                SLOT.setVolatile(slots, indexOf(slot), OUTSIDE);
                slotsUsed = Math.max(slotsUsed, slot + 1);
                return slot;
            }
        }
        return -1;
    }

    /** Gives a slot back. Its thread must be outside. */
    public synchronized void unregister(int slot) {
        assert !isInside(slot);
        SLOT.setVolatile(slots, indexOf(slot), UNUSED);
    }

    /** From here to {@link #exit} nothing that can be reached now is freed. A full fence. */
    public void enter(int slot) {
        assert !isInside(slot);
        SLOT.setVolatile(slots, indexOf(slot), (long) EPOCH.getOpaque(this));
    }

    /** What was reached since {@link #enter} may go. */
    public void exit(int slot) {
        assert isInside(slot);
        SLOT.setRelease(slots, indexOf(slot), OUTSIDE);
    }

    /** Whether the slot's thread is between {@link #enter} and {@link #exit}. */
    public boolean isInside(int slot) {
        return (long) SLOT.getVolatile(slots, indexOf(slot)) > OUTSIDE;
    }

    /** One more than the highest slot ever in use: for those who look at every slot. */
    public int slotsUsed() {
        return slotsUsed;
    }

    /** A stamp for everything that the caller has unhooked before. */
    public long stamp() {
        return (long) EPOCH.getAndAdd(this, 1L);
    }

    /** Whether all who were inside when {@code stamp} was taken have left. */
    public boolean isSafe(long stamp) {
        for (int slot = 0; slot < slotsUsed; slot++) {
            long entered = (long) SLOT.getVolatile(slots, indexOf(slot));
            if (entered > OUTSIDE && entered <= stamp) {
                return false;
            }
        }
        return true;
    }

    /** Has {@code reclaim} run by some call of {@link #reclaim} once it is safe. */
    public void retire(Runnable reclaim) {
        retired.add(new Retired(stamp(), reclaim));
    }

    /** Whether something retired has not been reclaimed. */
    public boolean isPending() {
        return !retired.isEmpty();
    }

    /**
     * Reclaims what is safe. Does nothing while another thread is at it.
     *
     * @return how many things were reclaimed
     */
    public int reclaim() {
        if (retired.isEmpty() || !reclaiming.compareAndSet(false, true)) {
            return 0;
        }
        try {
            int count = 0;
            Retired oldest = retired.peek();
            while (oldest != null && isSafe(oldest.stamp)) {
                // Removed afterwards: until its memory is back, it counts as pending.
                oldest.reclaim.run();
                retired.remove();
                count++;
                oldest = retired.peek();
            }
            return count;
        } finally {
            reclaiming.set(false);
        }
    }

    private static int indexOf(int slot) {
        return (slot + 1) * STRIDE;
    }

    private record Retired(long stamp, Runnable reclaim) {}
}
