package io.silkstone.threads;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.kernel.Processors;
import io.silkstone.threads.kernel.VirtualThreads;
import java.util.random.RandomGenerator;

/**
 * What the cores of one runtime share: the contexts by number, the clock, where new threads may go,
 * and how workers are made. Everything in it is either final or one volatile word.
 */
final class Machine {
    /** What the context numbers in a thread identifier suffice for. */
    static final int CORES_LIMIT = 256;

    final Processors processors;
    final ThreadCounters counters;
    final Core[] cores;
    final Context[] contexts;

    /** The worker that the calling thread is; unset on threads that are not ours. */
    final ThreadLocal<Worker> current = new ThreadLocal<>();

    volatile Placement placement;
    volatile boolean closed;

    /** Tells the control thread that a core is shared again or has been given back. */
    volatile Runnable coreChanged = () -> {};

    private final NanoClock clock;
    private final long origin;
    private final VirtualThreads virtualThreads;
    private final ThreadFailures failures = new ThreadFailures(Machine.class.getName());

    /** Source of the choices of threads that are on no core; racing updates do no harm. */
    private long choices;

    /**
     * @param virtualThreads null to run workers on platform threads
     */
    Machine(
            int coreCount,
            Processors processors,
            NanoClock clock,
            RandomGenerator random,
            ThreadCounters counters,
            VirtualThreads virtualThreads) {
        this.processors = processors;
        this.clock = clock;
        this.counters = counters;
        this.virtualThreads = virtualThreads;
        origin = clock.nanoTime();
        choices = random.nextLong();
        cores = new Core[coreCount];
        contexts = new Context[coreCount * OccupancyWord.CONTEXTS];
        for (int number = 0; number < contexts.length; number++) {
            contexts[number] = new Context(number);
        }
        for (int number = 0; number < coreCount; number++) {
            cores[number] = new Core(this, number, random.nextLong());
        }
        placement = Placement.none(CoreSet.EMPTY);
    }

    /** Nanoseconds since the runtime began, never 0, so that a deadline is no special word. */
    long now() {
        return clock.nanoTime() - origin + 1;
    }

    boolean isVirtual() {
        return virtualThreads != null;
    }

    /** The context that {@code thread} names, whether the thread still lives or not. */
    Context contextOf(long thread) {
        int number = Context.numberOf(thread);
        if (number >= contexts.length) {
            throw new IllegalArgumentException("no thread can have the identifier " + thread);
        }
        return contexts[number];
    }

    /** A fresh worker; called on kernel threads only, since starting a thread may block. */
    Worker newWorker(Core core) {
        counters.workers.increment();
        return isVirtual()
                ? new VirtualWorker(this, core, virtualThreads)
                : new PlatformWorker(this, core);
    }

    /**
     * Runs the continuation of a virtual thread that inherited our scheduler without being ours.
     */
    void runElsewhere(Runnable continuation) {
        counters.foreign.increment();
        virtualThreads.defaultScheduler().execute(continuation);
    }

    /** Any core that is held, for work that lost its own. */
    Core anyHeld() {
        for (Core core : cores) {
            if (core.isHeld()) {
                return core;
            }
        }
        return cores[0];
    }

    /** The task threw: counted, and logged the first time for each kind. */
    void failed(ThreadTask task, Throwable failure) {
        failed("task", task, failure);
    }

    /** A poller threw: counted, and logged the first time for each kind. */
    void failed(CorePoller poller, Throwable failure) {
        failed("poller", poller, failure);
    }

    /**
     * {@code thrower}, which is a {@code role}, threw: counted, and logged once for each kind.
     * Throws nothing itself, for those who must go on whatever happens.
     */
    void failed(String role, Object thrower, Throwable failure) {
        try {
            counters.failures.increment();
            failures.report(role, thrower, failure);
        } catch (Throwable again) {
            // There is not even the memory to say so.
            return;
        }
    }

    /** Binds the calling thread to the processor of {@code core}, if it can be. */
    int pin(Core core) {
        try {
            return processors.pin(core.number);
        } catch (Throwable failure) {
            failed("kernel thread", core, failure);
            return Processors.NONE;
        }
    }

    /** A random number for a caller that is on no core. */
    long choice() {
        // A Weyl sequence with a mixer: two callers that race draw the same number, no worse.
        choices += 0x9e3779b97f4a7c15L;
        return mixed(choices);
    }

    static long mixed(long value) {
        long mixed = (value ^ value >>> 32) * 0xd6e8feb86659fd93L;
        return mixed ^ mixed >>> 32;
    }
}
