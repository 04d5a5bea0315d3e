package io.silkstone.threads;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.ThreadTask;

/**
 * The user thread of one poller on one core, from attachment to the core's release. Between polls
 * it lets the core's other threads run, and it is where an idle core with pollers waits: the
 * sockets wake it from the kernel's wait, and so does whoever makes one of its threads runnable.
 *
 * <p>Whatever a poller throws, errors included, is counted and logged, and the poller is called
 * again: without it nobody would serve its sources.
 *
 * <p>The task of others never runs on this thread's stack, as new tasks do on a worker's: what runs
 * here sees the poller's thread as its own, and an event loop would take it for itself.
 */
final class PollerThread implements ThreadTask {
    /** A poller that cannot say how long it can wait is asked again soon. */
    private static final long FAILED_NANOS = 1_000_000;

    /** Rests between two polls, so that the core may go on with it. Belongs to the core. */
    boolean isHome;

    private final Machine machine;
    private final Core core;
    private final PollerAttachment attachment;
    private volatile Worker worker;
    private volatile CorePoller poller;
    private boolean handedOver;

    PollerThread(Machine machine, Core core, PollerAttachment attachment) {
        this.machine = machine;
        this.core = core;
        this.attachment = attachment;
    }

    Core core() {
        return core;
    }

    /** Null until it has begun. */
    Worker worker() {
        return worker;
    }

    void wakeup() {
        CorePoller waiting = poller;
        if (waiting != null) {
            try {
                waiting.wakeup();
            } catch (Throwable failure) {
                machine.failed(waiting, failure);
            }
        }
    }

    /**
     * The core waits here. An event loop serves what woke it before it returns, so this is user
     * code: it may block, and the core then goes on without it.
     *
     * @return how long it waited before it served
     */
    long park(long nanos) {
        worker.enterUser();
        try {
            return poller.park(nanos);
        } catch (Throwable failure) {
            machine.failed(poller, failure);
            return 0;
        } finally {
            worker.enterRuntime();
        }
    }

    /** How long the core may wait elsewhere; the largest number when it is to wait here. */
    long nanosUnpolledMax() {
        CorePoller made = poller;
        if (made == null) {
            return Long.MAX_VALUE;
        }
        try {
            return Math.max(0, made.nanosUnpolledMax());
        } catch (Throwable failure) {
            machine.failed(made, failure);
            return FAILED_NANOS;
        }
    }

    /** The last of the core's pollers is the one that it waits in: one that work wakes. */
    private void takePlace() {
        if (nanosUnpolledMax() != Long.MAX_VALUE) {
            worker.enterRuntime();
            core.pollers.remove(this);
            core.pollers.addFirst(this);
            worker.enterUser();
        }
    }

    @Override
    public void run(long unused, long alsoUnused) {
        worker = machine.current.get();
        // Before anything that may wait: a core with a poller in its list is not given back.
        core.pollers.add(this);
        try {
            if (make()) {
                takePlace();
                serve();
            }
        } finally {
            // What waited inside the JDK may not own the core that the list belongs to.
            worker.enterRuntime();
            core.pollers.remove(this);
            worker.enterUser();
            attachment.ended(this);
            // Should it have ended before its time, the control thread starts another one.
            machine.coreChanged.run();
        }
    }

    private boolean make() {
        try {
            poller = attachment.make(core.number);
        } catch (Throwable failure) {
            attachment.failed(this, failure);
            return false;
        }
        attachment.started(this);
        return true;
    }

    private void serve() {
        try {
            while (!isOver()) {
                worker.letOthersRun(this, poll());
            }
        } finally {
            close();
        }
    }

    /** Its core is given back before it has begun; a core that is got later gets another one. */
    void abandon() {
        attachment.ended(this);
    }

    private int poll() {
        try {
            return poller.poll();
        } catch (Throwable failure) {
            machine.failed(poller, failure);
            return 0;
        }
    }

    private boolean isOver() {
        if (attachment.isClosing() || machine.closed) {
            return true;
        }
        if (core.drain == Core.Drain.NONE) {
            return false;
        }
        if (!handedOver) {
            PollerThread successor = attachment.successorOf(this);
            if (successor == null) {
                return false;
            }
            handedOver = true;
            try {
                poller.handOver(successor.poller);
            } catch (Throwable failure) {
                machine.failed(poller, failure);
            }
        }
        return isEmpty();
    }

    /** A poller that cannot say keeps its core: late is better than lost. */
    private boolean isEmpty() {
        try {
            return poller.isEmpty();
        } catch (Throwable failure) {
            machine.failed(poller, failure);
            return false;
        }
    }

    private void close() {
        try {
            poller.close();
        } catch (Throwable failure) {
            machine.failed(poller, failure);
        }
    }
}
