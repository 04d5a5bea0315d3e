package io.silkstone.client;

import io.silkstone.rpc.Patience;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.Waitable;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Who polls the {@link Rpc} of an application that has no poller of its own.
 *
 * <p>A reply is cheapest where the thread that waits for it takes it out of the transport itself.
 * So a thread that waits <b>leads</b>: it polls, for all. Of several one leads and the others
 * <b>follow</b>, which is to say that they sleep until their own result wakes them or the lead is
 * free; whoever stops leading wakes one of them. A thread of the client's own leads while requests
 * are under way that nobody waits for, and steps back as soon as somebody does. When nothing is
 * under way it polls now and then, so that leases, sessions and the transport stay alive.
 *
 * <p>A leader without work spins for some hundred microseconds, then yields, then sleeps a little
 * longer each time, to {@value #PARK_NANOS_MAX} ns. An idle client costs some wake-ups a second.
 *
 * <p>What applications want to be told ({@link #later}) is told between polls, by a thread that
 * leads no more: it may wait for replies itself.
 */
public final class ClientPolling implements Patience, AutoCloseable {
    private static final int SPINS = 2_000;
    private static final int YIELDS = 200;

    /** A thread beside a leader looks that often before it sleeps. */
    private static final int FOLLOWER_SPINS = 100;

    private static final long PARK_NANOS_STEP = 1_000;
    private static final long PARK_NANOS_MAX = 200_000;

    /** A safety net: followers are woken. */
    private static final long FOLLOW_NANOS_MAX = 1_000_000;

    private static final long IDLE_NANOS_MAX = 20_000_000;

    /** Where somebody led so recently the own thread leaves it to him. */
    private static final long ATTENDED_NANOS = 500_000;

    /** So long after the last future the own thread need not be woken for the next. */
    private static final long LINGER_NANOS = 20_000_000;

    private final AtomicReference<Thread> leader = new AtomicReference<>();
    private final Map<Waitable, Thread> followers = new ConcurrentHashMap<>();

    /** Threads in {@link #await}. */
    private final AtomicInteger waiting = new AtomicInteger();

    /** Requests of futures, for which nobody may be waiting. */
    private final AtomicInteger unattended = new AtomicInteger();

    private final Queue<Runnable> news = new ConcurrentLinkedQueue<>();
    private volatile Thread own;

    /** Whether the own thread has to be woken when there is something for it. */
    private volatile boolean ownSleeps;

    /** When a thread that waits led last. */
    private volatile long ledAt;

    private volatile boolean closed;

    /** To be given to an {@link Rpc}, and then to be started. */
    public ClientPolling() {}

    /** Begins to poll {@code rpc}, in a daemon thread. */
    public void start(Rpc rpc) {
        own =
                Thread.ofPlatform()
                        .daemon()
                        .name("silkstone-client-poller-0")
                        .start(() -> runOwn(rpc));
    }

    @Override
    public void await(Rpc rpc, Waitable result) {
        waiting.incrementAndGet();
        try {
            while (!result.isDone()) {
                if (closed) {
                    throw new ClientClosed();
                }
                if (lead(rpc, result)) {
                    tellNews();
                } else {
                    follow(result);
                }
            }
        } finally {
            waiting.decrementAndGet();
            handOver();
        }
    }

    @Override
    public void wake(Waitable result) {
        if (!followers.isEmpty()) {
            LockSupport.unpark(followers.get(result));
        }
    }

    /** Polls until {@code result} is done or there is news; false when somebody else leads. */
    private boolean lead(Rpc rpc, Waitable result) {
        if (!leader.compareAndSet(null, Thread.currentThread())) {
            return false;
        }
        try {
            int idle = 0;
            while (!result.isDone() && news.isEmpty() && !closed) {
                idle = rpc.poll() > 0 ? 0 : idle + 1;
                pause(idle);
            }
        } finally {
            ledAt = rpc.now();
            leader.set(null);
        }
        return true;
    }

    private static void pause(int idle) {
        if (idle == 0) {
            return;
        }
        if (idle < SPINS) {
            Thread.onSpinWait();
        } else if (idle < SPINS + YIELDS) {
            Thread.yield();
        } else {
            long nanos = PARK_NANOS_STEP * (idle - SPINS - YIELDS);
            LockSupport.parkNanos(Math.min(nanos, PARK_NANOS_MAX));
        }
    }

    private void follow(Waitable result) {
        for (int spin = 0; spin < FOLLOWER_SPINS; spin++) {
            if (result.isDone() || leader.get() == null) {
                return;
            }
            Thread.onSpinWait();
        }
        followers.put(result, Thread.currentThread());
        // Whoever ends the result or the lead looks for followers afterwards.
        if (!result.isDone() && leader.get() != null && !closed) {
            LockSupport.parkNanos(FOLLOW_NANOS_MAX);
        }
        followers.remove(result);
    }

    /** Wakes one who follows where nobody leads; the own thread looks by itself. */
    private void handOver() {
        if (!followers.isEmpty() && leader.get() == null) {
            for (Thread follower : followers.values()) {
                LockSupport.unpark(follower);
                return;
            }
        }
    }

    private void runOwn(Rpc rpc) {
        long usedAt = rpc.now() - LINGER_NANOS;
        int idle = 0;
        while (!closed) {
            long now = rpc.now();
            boolean inUse = unattended.get() > 0;
            usedAt = inUse ? now : usedAt;
            boolean attended = waiting.get() > 0 || now - ledAt < ATTENDED_NANOS;
            if (!inUse && now - usedAt >= LINGER_NANOS) {
                pollOnce(rpc);
                sleep(Math.clamp(rpc.nanosToNext(), ATTENDED_NANOS, IDLE_NANOS_MAX));
            } else if (attended || !inUse) {
                idle = 0;
                LockSupport.parkNanos(ATTENDED_NANOS);
            } else {
                idle = pollOnce(rpc) > 0 ? 0 : idle + 1;
                pause(idle);
            }
        }
    }

    private int pollOnce(Rpc rpc) {
        int work = 0;
        if (leader.compareAndSet(null, Thread.currentThread())) {
            try {
                work = rpc.poll();
            } finally {
                leader.set(null);
            }
            tellNews();
            handOver();
        }
        return work;
    }

    /** Until there is something to do; who begins that sees that this sleeps, or this sees it. */
    private void sleep(long nanos) {
        ownSleeps = true;
        if (unattended.get() == 0 && !closed) {
            LockSupport.parkNanos(nanos);
        }
        ownSleeps = false;
    }

    /** A request of a future has begun. */
    void begun() {
        unattended.getAndIncrement();
        if (ownSleeps) {
            LockSupport.unpark(own);
        }
    }

    /** It has ended, and there is nothing to be told. */
    void ended() {
        unattended.decrementAndGet();
    }

    /** It has ended, and {@code told} is what the application wants to know. Never waits. */
    void later(Runnable told) {
        news.add(told);
    }

    private void tellNews() {
        for (Runnable told = news.poll(); told != null; told = news.poll()) {
            unattended.decrementAndGet();
            told.run();
        }
    }

    /**
     * Ends the polling for good: nobody polls when this returns. Threads that wait are thrown out.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        LockSupport.unpark(own);
        followers.values().forEach(LockSupport::unpark);
        // Whoever leads sees it within one poll or one short sleep.
        while (!leader.compareAndSet(null, Thread.currentThread())) {
            Thread.yield();
        }
    }

    /** Tells what there is to be told after {@link #close}. */
    void tellLastNews() {
        tellNews();
    }
}
