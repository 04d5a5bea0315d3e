package io.silkstone.store;

import io.silkstone.base.NanoClock;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps all sessions but one out of a tablet or a whole table for a moment.
 *
 * <p>RAMCloud drains operations with epochs that every request joins. Here the path of an operation
 * pays one read of a word that hardly ever changes: {@link #isActive}. Only when some lock is being
 * taken or held does an operation go through {@link #pass}, where it acknowledges the newest lock
 * and waits if that lock is in its way. Whoever takes a lock waits until each other session is
 * outside its batch or has acknowledged; either way its next operation will see the lock:
 *
 * <ul>
 *   <li>a session outside its batch makes a full fence when it enters, and the lock was there
 *       before it was seen outside;
 *   <li>a session that acknowledges a lock's number has read that number, which was written after
 *       the lock, and looks at the lock afterwards.
 * </ul>
 *
 * <p>A session that waits here is between two operations, so it may as well leave its batch and
 * enter again, and does if it has shown nothing in it. Sessions that wait acknowledge all the
 * while, so two that lock different tablets do not wait for each other. Who holds a lock waits for
 * no other, but with a time limit.
 */
final class TabletGate {
    private static final int STRIDE = 16;
    private static final VarHandle ACKNOWLEDGED =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final Epochs epochs;
    private final NanoClock clock;
    private final Backoff backoff;
    private final long[] acknowledged;
    private final AtomicBoolean changing = new AtomicBoolean();
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicLong newest = new AtomicLong();

    TabletGate(Epochs epochs, int sessionsMax, NanoClock clock, Backoff backoff) {
        this.epochs = epochs;
        this.clock = clock;
        this.backoff = backoff;
        acknowledged = new long[(sessionsMax + 2) * STRIDE];
    }

    /** Whether operations must {@link #pass}. */
    boolean isActive() {
        return active.get() != 0;
    }

    /** Acknowledges every lock so far. */
    void acknowledge(int slot) {
        ACKNOWLEDGED.setVolatile(acknowledged, (slot + 1) * STRIDE, newest.get());
    }

    /**
     * Waits while another session keeps {@code session} from working on {@code hash}.
     *
     * @return false when it does not wait, since it keeps others out itself: two that wait for each
     *     other's tablets would do so for ever
     */
    boolean pass(StoreSession session, TableData table, long hash) {
        acknowledge(session.slot());
        for (int attempt = 0; table.isClosedTo(session, hash); attempt++) {
            if (session.holdsTablet()) {
                return false;
            }
            // The holder may wait for memory that this session's batch keeps from being used.
            session.renewEpoch();
            giveUpRoom(session, attempt);
            backoff.idle(attempt);
            acknowledge(session.slot());
        }
        return true;
    }

    /** As {@link #pass}, for a session that looks at objects of {@code table} by no key. */
    void passAll(StoreSession session, TableData table) {
        acknowledge(session.slot());
        // Who holds a whole table waits for nobody that waits here, so there is no need to refuse.
        for (int attempt = 0; table.isClosedTo(session); attempt++) {
            session.renewEpoch();
            backoff.idle(attempt);
            acknowledge(session.slot());
        }
    }

    /**
     * Keeps all other sessions out of the whole of {@code table}, and waits until they are.
     *
     * @return false when that took longer than {@code nanosMax}; nothing is locked then
     */
    boolean closeTable(StoreSession session, TableData table, long nanosMax) {
        long deadline = clock.nanoTime() + nanosMax;
        for (int attempt = 0; !tryHold(session, table); attempt++) {
            if (!mayWait(session, deadline, attempt)) {
                return false;
            }
        }
        return drain(session, table, null, deadline);
    }

    /**
     * As {@link #closeTable} for the one tablet that {@code hash} belongs to.
     *
     * @return that tablet, or null
     */
    TabletRange closeTablet(StoreSession session, TableData table, long hash, long nanosMax) {
        long deadline = clock.nanoTime() + nanosMax;
        TabletRange tablet = tryHold(session, table, hash);
        for (int attempt = 0; tablet == null; attempt++) {
            if (!mayWait(session, deadline, attempt)) {
                return null;
            }
            tablet = tryHold(session, table, hash);
        }
        return drain(session, table, tablet, deadline) ? tablet : null;
    }

    private boolean drain(
            StoreSession session, TableData table, TabletRange tablet, long deadline) {
        long number = newest.get();
        for (int slot = 0; slot < epochs.slotsUsed(); slot++) {
            for (int attempt = 0; slot != session.slot() && mayNotKnow(slot, number); attempt++) {
                if (!mayWait(session, deadline, attempt)) {
                    open(session, table, tablet);
                    return false;
                }
            }
        }
        return true;
    }

    private boolean mayWait(StoreSession session, long deadline, int attempt) {
        if (clock.nanoTime() - deadline > 0) {
            return false;
        }
        acknowledge(session.slot());
        giveUpRoom(session, attempt);
        backoff.idle(attempt);
        return true;
    }

    /** Room that was claimed ahead, and is not used soon, keeps the log from being copied. */
    private static void giveUpRoom(StoreSession session, int attempt) {
        if (attempt == Backoff.SPINS + Backoff.YIELDS) {
            session.room().abandonAhead();
        }
    }

    /** Lets the others on, into {@code tablet} or, if that is null, into the whole table. */
    void open(StoreSession session, TableData table, TabletRange tablet) {
        lock();
        if (tablet == null) {
            assert table.holder == session;
            table.holder = null;
        } else {
            assert tablet.holder == session;
            tablet.holder = null;
            table.tabletsHeld--;
        }
        active.decrementAndGet();
        unlock();
    }

    private boolean tryHold(StoreSession session, TableData table) {
        lock();
        boolean free = table.holder == null && table.tabletsHeld == 0;
        if (free) {
            table.holder = session;
            publish();
        }
        unlock();
        return free;
    }

    /** Looks the tablet up each time, for it may be split while its holder is waited for. */
    private TabletRange tryHold(StoreSession session, TableData table, long hash) {
        lock();
        TabletRange tablet = table.tabletOf(hash);
        boolean free = table.holder == null && tablet.holder == null;
        if (free) {
            tablet.holder = session;
            table.tabletsHeld++;
            publish();
        }
        unlock();
        return free ? tablet : null;
    }

    private void publish() {
        active.incrementAndGet();
        newest.incrementAndGet();
    }

    private void lock() {
        for (int attempt = 0; !changing.compareAndSet(false, true); attempt++) {
            backoff.idle(attempt);
        }
    }

    private void unlock() {
        changing.setRelease(false);
    }

    private boolean mayNotKnow(int slot, long number) {
        long seen = (long) ACKNOWLEDGED.getVolatile(acknowledged, (slot + 1) * STRIDE);
        return seen < number && epochs.isInside(slot);
    }
}
