package io.silkstone.store.master;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvSession;
import io.silkstone.rpc.HeldReply;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Replies that tell of what is not settled yet: they leave when it is, if the lease holds then.
 * RAMCloud's worker waits in its thread; here one thread serves all requests, and goes on.
 *
 * <p>Threads: any.
 */
final class HeldReplies {
    /** Beyond that replies are dropped, and asked for again. */
    private static final int HELD_MAX = 1 << 14;

    private static final int SPARE_MAX = 256;

    private final Rpc rpc;
    private final KvSession session;
    private final BooleanSupplier lease;
    private final Supplier<ServerId> self;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<HeldReply> spare = new ArrayDeque<>();

    // A queue, by the order in which the replies were made.

    private final HeldReply[] replies = new HeldReply[HELD_MAX];
    private final long[] marks = new long[HELD_MAX];
    private final ServerId[] selves = new ServerId[HELD_MAX];
    private int first;
    private int count;

    /** Whether the alarm is being set, which may come back here. */
    private boolean isSetting;

    private boolean isCalled;

    /**
     * None yet.
     *
     * @param session whose marks are meant
     * @param lease whether what is in the store may be told at this moment
     * @param self who this server is: what it has done is not known to who it is later
     */
    HeldReplies(Rpc rpc, KvSession session, BooleanSupplier lease, Supplier<ServerId> self) {
        this.rpc = rpc;
        this.self = self;
        this.session = session;
        this.lease = lease;
    }

    /** Keeps the reply of {@code request} until {@code mark} is settled. */
    void hold(Request request, int length, long mark) {
        lock.lock();
        try {
            HeldReply held = spare.isEmpty() ? new HeldReply(rpc) : spare.pop();
            if (!request.hold(length, held)) {
                spare.push(held);
                return;
            }
            if (count == HELD_MAX) {
                held.drop();
                giveBack(held);
                return;
            }
            int place = (first + count) % HELD_MAX;
            replies[place] = held;
            marks[place] = mark;
            selves[place] = self.get();
            count++;
            if (count == 1) {
                setAlarm();
            }
        } finally {
            lock.unlock();
        }
        if (session.isSettled(mark)) {
            release();
        }
    }

    private void setAlarm() {
        isSetting = true;
        session.wakeWhenSettled(marks[first], this::release);
        isSetting = false;
    }

    /** Sends what may leave by now. */
    private void release() {
        for (HeldReply next = nextSettled(); next != null; next = nextSettled()) {
            if (lease.getAsBoolean()) {
                next.send();
            } else {
                next.drop();
            }
            lock.lock();
            try {
                giveBack(next);
            } finally {
                lock.unlock();
            }
        }
    }

    private void giveBack(HeldReply reply) {
        if (spare.size() < SPARE_MAX) {
            spare.push(reply);
        }
    }

    private HeldReply nextSettled() {
        lock.lock();
        try {
            if (isSetting) {
                // This thread is inside setAlarm, and looks again when it is out.
                isCalled = true;
                return null;
            }
            while (count > 0) {
                if (session.isSettled(marks[first])) {
                    HeldReply next = replies[first];
                    boolean isOurs = selves[first].equals(self.get());
                    replies[first] = null;
                    first = (first + 1) % HELD_MAX;
                    count--;
                    if (isOurs) {
                        return next;
                    }
                    next.drop();
                    giveBack(next);
                } else {
                    isCalled = false;
                    setAlarm();
                    if (!isCalled) {
                        return null;
                    }
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Those that are left are never sent. */
    void close() {
        lock.lock();
        try {
            for (; count > 0; count--) {
                replies[first].drop();
                replies[first] = null;
                first = (first + 1) % HELD_MAX;
            }
        } finally {
            lock.unlock();
        }
    }
}
