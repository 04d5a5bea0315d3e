package io.silkstone.store.results;

import io.silkstone.store.log.Log;
import io.silkstone.store.log.Result;
import io.silkstone.store.memory.Backoff;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Every lease that this store remembers requests of. Finding one takes no lock and allocates
 * nothing; the first request of a client adds its lease under a lock. Leases are few beside
 * requests: one a client.
 *
 * <p>A hash table with open addressing. A lease that was forgotten keeps its slot until its number
 * comes again or the table is built anew, so that nobody who looks for another one ends too early.
 *
 * <p>Threads: any, those who drop or move results inside an epoch.
 */
public final class Leases {
    private static final int SLOTS_FIRST = 16;
    private static final long SCATTER = 0x9e37_79b9_7f4a_7c15L;

    private static final VarHandle SLOT =
            MethodHandles.arrayElementVarHandle(Lease[].class).withInvokeExactBehavior();

    private final Log log;
    private final Backoff backoff;
    private final AtomicBoolean lock = new AtomicBoolean();
    private volatile Lease[] slots = new Lease[SLOTS_FIRST];

    /** Slots that are not null; under the lock. */
    private int used;

    /** None yet. */
    public Leases(Log log, Backoff backoff) {
        this.log = log;
        this.backoff = backoff;
    }

    /** The lease called {@code id}, which is remembered from now on. */
    public Lease open(long id) {
        Lease found = find(id);
        return found == null ? add(id) : found;
    }

    /** How many leases are remembered. */
    public int count() {
        int count = 0;
        for (Lease lease : all()) {
            count += lease.isForgotten() ? 0 : 1;
        }
        return count;
    }

    /** The leases that are remembered. */
    public long[] ids() {
        Lease[] leases = all();
        long[] ids = new long[leases.length];
        int count = 0;
        for (Lease lease : leases) {
            if (!lease.isForgotten()) {
                ids[count++] = lease.id();
            }
        }
        return Arrays.copyOf(ids, count);
    }

    /** Forgets a lease and the results of all its requests. Inside an epoch. */
    public void forget(long id) {
        Lease lease = find(id);
        if (lease != null) {
            lease.forget();
        }
    }

    /**
     * Remembers the request that {@code entry} is the result of, which was done in another log.
     *
     * @return false when it is known, or not wanted any more, and nothing refers to the entry
     */
    public boolean adopt(long entry) {
        return open(Result.lease(entry)).adopt(entry);
    }

    /** As {@link io.silkstone.store.log.References#move}, for a result. */
    public boolean move(long entry, long copy) {
        Lease lease = find(Result.lease(entry));
        return lease != null && lease.move(entry, copy);
    }

    /** Every lease at this moment, for {@link Lease#dropIf}, some of them forgotten perhaps. */
    public Lease[] all() {
        Lease[] current = slots;
        Lease[] leases = new Lease[current.length];
        int count = 0;
        for (int slot = 0; slot < current.length; slot++) {
            Lease lease = (Lease) SLOT.getAcquire(current, slot);
            if (lease != null) {
                leases[count++] = lease;
            }
        }
        return Arrays.copyOf(leases, count);
    }

    private Lease find(long id) {
        Lease[] current = slots;
        for (int slot = slotOf(id, current.length); ; slot = next(slot, current.length)) {
            Lease lease = (Lease) SLOT.getAcquire(current, slot);
            if (lease == null) {
                return null;
            }
            if (lease.id() == id) {
                return lease.isForgotten() ? null : lease;
            }
        }
    }

    private Lease add(long id) {
        for (int attempt = 0; !lock.compareAndSet(false, true); attempt++) {
            backoff.idle(attempt);
        }
        try {
            Lease found = find(id);
            if (found != null) {
                return found;
            }
            if (2 * used >= slots.length) {
                rebuild();
            }
            Lease added = new Lease(id, log, backoff);
            used += put(slots, added) ? 1 : 0;
            return added;
        } finally {
            lock.setRelease(false);
        }
    }

    /** Leaves out those forgotten, and doubles if that was not half of them. */
    private void rebuild() {
        Lease[] kept = all();
        int count = 0;
        for (Lease lease : kept) {
            if (!lease.isForgotten()) {
                kept[count++] = lease;
            }
        }
        Lease[] fresh = new Lease[4 * count > slots.length ? 2 * slots.length : slots.length];
        for (int index = 0; index < count; index++) {
            put(fresh, kept[index]);
        }
        used = count;
        slots = fresh;
    }

    /** Returns whether a slot was taken that was free: one of the same number is replaced. */
    private static boolean put(Lease[] slots, Lease added) {
        int slot = slotOf(added.id(), slots.length);
        while (slots[slot] != null && slots[slot].id() != added.id()) {
            slot = next(slot, slots.length);
        }
        boolean free = slots[slot] == null;
        SLOT.setRelease(slots, slot, added);
        return free;
    }

    private static int slotOf(long id, int length) {
        return (int) (id * SCATTER >>> Integer.SIZE) & length - 1;
    }

    private static int next(int slot, int length) {
        return slot + 1 & length - 1;
    }
}
