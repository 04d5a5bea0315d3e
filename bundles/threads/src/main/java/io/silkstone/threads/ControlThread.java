package io.silkstone.threads;

import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.LoadSample;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Samples the load, has the policy decide, and gets or gives back cores accordingly: the paper's
 * load estimator thread (section 5.2), but a platform thread outside the cores that it counts, so
 * that it works while every core is busy and costs none of them anything.
 */
final class ControlThread implements Runnable {
    private static final System.Logger LOG = System.getLogger(ControlThread.class.getName());
    private static final long INTERVAL_NANOS_MIN = 1_000_000;
    private static final long INTERVAL_NANOS_MAX = 500_000_000;
    private static final long HOUSEKEEPING_NANOS = 1_000_000_000;

    private final Machine machine;
    private final CoreAllotment allotment;
    private final CorePolicySlot slot;
    private final LoadEstimator estimator;
    private final ReentrantLock lock;
    private final int othersNice;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile boolean changed;
    private volatile LoadSample newest;
    private long housekeepingAt;
    private boolean saidNotFirst;

    /**
     * @param othersNice how far the process's other threads step back, 0 for not at all
     */
    ControlThread(
            Machine machine,
            CoreAllotment allotment,
            CorePolicySlot slot,
            ReentrantLock lock,
            int othersNice) {
        this.machine = machine;
        this.allotment = allotment;
        this.slot = slot;
        this.lock = lock;
        this.othersNice = othersNice;
        estimator = new LoadEstimator(machine);
        newest = estimator.sample(allotment.held());
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .name("silkstone-threads-control-0")
                        .unstarted(this);
    }

    void start() {
        thread.start();
    }

    /** Something happened that should not wait for the next sample. Any thread. */
    void wake() {
        changed = true;
        LockSupport.unpark(thread);
    }

    LoadSample newest() {
        return newest;
    }

    LoadEstimator estimator() {
        return estimator;
    }

    @Override
    public void run() {
        long nextDecision = machine.now();
        while (!stopped) {
            try {
                nextDecision = work(nextDecision);
            } catch (Throwable failure) {
                // Without this thread the number of cores would never change again.
                machine.failed("control thread", this, failure);
                nextDecision = machine.now() + INTERVAL_NANOS_MAX;
            }
            if (!changed && !stopped) {
                LockSupport.parkNanos(this, Math.max(1, nextDecision - machine.now()));
            }
        }
    }

    /** What is due now; the time of the next decision. */
    private long work(long decisionDue) {
        long nextDecision = decisionDue;
        long now = machine.now();
        if (changed) {
            changed = false;
            settle();
        }
        if (now >= nextDecision) {
            nextDecision = now + decide();
        }
        slot.tellNews();
        if (now >= housekeepingAt) {
            housekeepingAt = now + HOUSEKEEPING_NANOS;
            machine.processors.freeInheritors();
            stepBack();
        }
        return nextDecision;
    }

    private void stepBack() {
        if (othersNice == 0 || machine.processors.stepBack(othersNice) || saidNotFirst) {
            return;
        }
        saidNotFirst = true;
        LOG.log(
                System.Logger.Level.WARNING,
                "Cores do not come before the process's other threads, since the runtime was"
                        + " started again in it: start the node again.");
    }

    private void settle() {
        lock.lock();
        try {
            allotment.settle();
        } finally {
            lock.unlock();
        }
    }

    /** One decision; the time until the next one. */
    private long decide() {
        lock.lock();
        try {
            LoadSample sample = estimator.sample(allotment.held());
            newest = sample;
            CoreRequest request = slot.decide(sample);
            allotment.apply(request.total(), slot);
            slot.refresh();
            // A configuration change reaches the cores with the next refresh, hence the upper
            // bound.
            return Math.clamp(request.intervalNanos(), INTERVAL_NANOS_MIN, INTERVAL_NANOS_MAX);
        } finally {
            lock.unlock();
        }
    }

    /** Returns when the thread has ended, at most after {@code millis}. */
    void stop(long millis) {
        stopped = true;
        wake();
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
