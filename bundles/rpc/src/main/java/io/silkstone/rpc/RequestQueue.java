package io.silkstone.rpc;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests whose service may wait: each runs in a user thread of its own, some at a time.
 *
 * <p><b>Whose turn it is</b> is a matter of the caller's priority; first come, first served within
 * one. <b>Deadlocks</b> are a matter of levels, which RAMCloud uses for both: the level of a kind
 * of request is one more than the highest of those that its service makes. When all threads are
 * taken, a request still runs if none of its level or lower does: so the requests that the running
 * ones wait for always get through, over several servers too.
 *
 * <p>The queue is bounded, and so is the number of threads; what is too much is refused at once.
 * Its lock is the JDK's: these requests wait for disks and other servers anyway.
 */
final class RequestQueue {
    /** Levels are 0 to this. */
    static final int LEVEL_MAX = 7;

    /** How soon it may be worth trying again when the queue is full. */
    private static final long RETRY_NANOS = 2_000_000;

    private final Rpc rpc;
    private final ThreadRuntime runtime;
    private final int threadsMax;
    private final Slot[] slots;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Slot> free = new ArrayDeque<>();
    private final Queue<Slot>[] waiting;
    private final int[] runningAt = new int[LEVEL_MAX + 1];
    private final ThreadTask task = this::run;
    private int slotsMade;
    private int waitingCount;
    private int running;
    private boolean closed;

    private static final class Slot {
        private final int number;
        private final Request request;
        private Rpc.Kind kind;

        private Slot(int number, Request request) {
            this.number = number;
            this.request = request;
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    RequestQueue(Rpc rpc, ThreadRuntime runtime, RpcOptions options) {
        this.rpc = rpc;
        this.runtime = runtime;
        threadsMax = options.threadsMax();
        slots = new Slot[options.requestsMax()];
        waiting = new Queue[Priority.LOW.value() + 1];
        for (int priority = 0; priority < waiting.length; priority++) {
            waiting[priority] = new ArrayDeque<>();
        }
    }

    /** Keeps a copy of {@code request} until there is a thread for it; refuses it when full. */
    void add(Rpc.Kind kind, Request request) {
        lock.lock();
        try {
            Slot slot = closed ? null : freeSlot();
            if (slot == null) {
                rpc.countBusy();
                request.refuse(Status.BUSY, RETRY_NANOS, "");
                return;
            }
            keep(slot, kind, request);
            waiting[request.priority().value()].add(slot);
            waitingCount++;
        } finally {
            lock.unlock();
        }
        startSome();
    }

    private void keep(Slot slot, Rpc.Kind kind, Request request) {
        boolean isKept = false;
        try {
            slot.request.copy(request);
            slot.kind = kind;
            isKept = true;
        } finally {
            if (!isKept) {
                free.add(slot);
            }
        }
    }

    private Slot freeSlot() {
        Slot slot = free.poll();
        if (slot == null && slotsMade < slots.length) {
            slot = new Slot(slotsMade, new Request(rpc));
            slots[slotsMade++] = slot;
        }
        return slot;
    }

    /**
     * Starts what may run now; also called by every poll, for the runtime may have been short of
     * contexts.
     *
     * @return how many were started
     */
    int startSome() {
        int started = 0;
        for (Slot next = next(); next != null; next = next()) {
            if (runtime.create(ThreadRuntime.NORMAL, task, next.number, 0) == ThreadRuntime.NONE) {
                putBack(next);
                return started;
            }
            started++;
        }
        return started;
    }

    private Slot next() {
        lock.lock();
        try {
            if (waitingCount == 0 || closed) {
                return null;
            }
            for (Queue<Slot> queue : waiting) {
                for (Slot slot : queue) {
                    if (mayRun(slot.kind.level())) {
                        queue.remove(slot);
                        waitingCount--;
                        running++;
                        runningAt[slot.kind.level()]++;
                        return slot;
                    }
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private boolean mayRun(int level) {
        if (running < threadsMax) {
            return true;
        }
        for (int lower = 0; lower <= level; lower++) {
            if (runningAt[lower] > 0) {
                return false;
            }
        }
        return true;
    }

    private void putBack(Slot slot) {
        lock.lock();
        try {
            running--;
            runningAt[slot.kind.level()]--;
            ((ArrayDeque<Slot>) waiting[slot.request.priority().value()]).addFirst(slot);
            waitingCount++;
        } finally {
            lock.unlock();
        }
    }

    private void run(long number, long unused) {
        Slot slot = slots[(int) number];
        try {
            rpc.serveInTime(slot.kind, slot.request);
        } finally {
            lock.lock();
            try {
                running--;
                runningAt[slot.kind.level()]--;
                slot.request.trim();
                free.add(slot);
            } finally {
                lock.unlock();
            }
        }
        startSome();
    }

    /** Refuses what waits and what comes; what runs goes on. */
    void close() {
        lock.lock();
        try {
            closed = true;
            for (Queue<Slot> queue : waiting) {
                queue.forEach(slot -> slot.request.refuse(Status.BUSY));
                queue.clear();
            }
            waitingCount = 0;
        } finally {
            lock.unlock();
        }
    }
}
