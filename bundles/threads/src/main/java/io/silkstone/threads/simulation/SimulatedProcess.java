package io.silkstone.threads.simulation;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CorePollerFactory;
import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.Checks;
import io.silkstone.threads.sync.FairMutex;
import io.silkstone.threads.sync.FairSemaphore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One process of a simulation: threads that live and die together, and a clock of their own. What
 * is made through this runtime belongs to this process; see {@link SimulatedRuntime} for how it
 * runs. A thread of another process may call this one's runtime too, and waits there as itself.
 *
 * <p>Threads: the driver, and threads of any process of the same simulation.
 */
public final class SimulatedProcess implements ThreadRuntime {
    private static final int CONTEXTS_PER_CORE = 56;
    private static final long PARK_NANOS_MAX = 1_000_000_000;
    private static final long POLL_PAUSE_NANOS_MAX = 100_000;

    private static final long PAUSE_NANOS_MAX = 1L << 60;

    /** A poller that cannot wait looks again after this share of the time that was quiet. */
    private static final long POLL_PAUSE_PART = 8;

    /** Threads that have not ended, for the scheduler. */
    int threads;

    /** Threads that could run if the process did not stand still; null when it does not. */
    List<SimulatedThread> setAside;

    /** Ends the standstill. */
    final Timed stop;

    private final Scheduler scheduler;
    private final String name;
    private final int cores;
    private final SimulatedClock clock;
    private boolean killed;

    SimulatedProcess(Scheduler scheduler, String name, long number, int cores) {
        Checks.inRange("cores", cores, 1, 1_024);
        this.scheduler = scheduler;
        this.name = name;
        this.cores = cores;
        clock = new SimulatedClock(scheduler);
        stop =
                new Timed(-number) {
                    @Override
                    void due() {
                        scheduler.goOn(SimulatedProcess.this);
                    }
                };
    }

    /** What people call it. */
    public String name() {
        return name;
    }

    /** Its clock, by which its threads sleep too. */
    public SimulatedClock clock() {
        return clock;
    }

    /**
     * None of its threads ever runs again, as after kill -9: they end where they are, finally
     * blocks do not run, and what they held stays held. Those that join them go on. A thread of
     * this process that calls it does not come back.
     */
    public void kill() {
        if (!killed) {
            killed = true;
            scheduler.kill(this);
        }
    }

    /** Whether it was killed. */
    public boolean isKilled() {
        return killed;
    }

    /**
     * None of its threads runs for {@code nanos} of the simulation's time, as between SIGSTOP and
     * SIGCONT. Its clock goes on, and so does all that it waits for. If it stands still already, it
     * does until the later of the two ends.
     */
    public void pause(long nanos) {
        Checks.inRange("nanos", nanos, 0, PAUSE_NANOS_MAX);
        if (!killed) {
            scheduler.stop(this, nanos);
        }
    }

    boolean isStopped() {
        return setAside != null;
    }

    @Override
    public long create(int threadClass, ThreadTask task, long a, long b) {
        return create(threadClass, task, a, b, false);
    }

    private long create(int threadClass, ThreadTask task, long a, long b, boolean isPoller) {
        if (scheduler.closed || killed) {
            throw new IllegalStateException("the thread runtime is closed");
        }
        if (threads >= cores * CONTEXTS_PER_CORE) {
            return NONE;
        }
        return scheduler.create(this, threadClass, task, a, b, isPoller).id;
    }

    @Override
    public long create(int threadClass, Runnable task) {
        return create(threadClass, (a, b) -> task.run(), 0, 0);
    }

    @Override
    public long self() {
        SimulatedThread caller = scheduler.caller();
        return caller == null ? NONE : caller.id;
    }

    @Override
    public void yield() {
        SimulatedThread caller = scheduler.caller();
        if (caller != null) {
            scheduler.giveWay(caller);
        }
    }

    @Override
    public void sleep(long nanos) {
        SimulatedThread caller = scheduler.caller();
        long simulated = clock.simulated(nanos);
        if (caller == null) {
            scheduler.now += Math.max(0, simulated);
        } else {
            scheduler.sleep(caller, simulated);
        }
    }

    @Override
    public void block() {
        SimulatedThread caller = scheduler.caller();
        if (caller == null) {
            throw new IllegalStateException("only a user thread can block");
        }
        scheduler.block(caller);
    }

    @Override
    public void signal(long thread) {
        scheduler.signal(thread);
    }

    @Override
    public void join(long thread) {
        scheduler.join(this, thread);
    }

    @Override
    public Mutex newMutex() {
        return new FairMutex(this, clock);
    }

    @Override
    public Semaphore newSemaphore(int permits) {
        return new FairSemaphore(this, permits);
    }

    @Override
    public AutoCloseable attach(CorePollerFactory factory) {
        Attachment attachment = new Attachment(factory);
        for (int core = 0; core < cores; core++) {
            attachment.pollers.add(null);
            attachment.threadIds.add(create(NORMAL, attachment::serve, core, 0, true));
        }
        return attachment;
    }

    /** Pollers of one factory, one a core. */
    private final class Attachment implements AutoCloseable {
        private final CorePollerFactory factory;
        private final List<CorePoller> pollers = new ArrayList<>();
        private final List<Long> threadIds = new ArrayList<>();
        private boolean closing;

        Attachment(CorePollerFactory factory) {
            this.factory = factory;
        }

        private void serve(long core, long unused) {
            CorePoller poller = factory.create((int) core);
            pollers.set((int) core, poller);
            while (!closing) {
                if (poller.poll() > 0) {
                    scheduler.quietSince = scheduler.now;
                    SimulatedProcess.this.yield();
                } else if (poller.park(PARK_NANOS_MAX) <= 0 && poller.poll() == 0) {
                    sleep(1 + scheduler.random.nextLong(pauseNanos()));
                }
            }
            poller.close();
        }

        private long pauseNanos() {
            long part = (scheduler.now - scheduler.quietSince) / POLL_PAUSE_PART;
            return Math.clamp(part, POLL_PAUSE_NANOS_MAX, PARK_NANOS_MAX);
        }

        @Override
        public void close() {
            closing = true;
            for (CorePoller poller : pollers) {
                if (poller != null) {
                    poller.wakeup();
                }
            }
            threadIds.forEach(SimulatedProcess.this::join);
        }
    }

    @Override
    public List<CoreStatus> cores() {
        List<CoreStatus> rows = new ArrayList<>();
        for (int core = 0; core < cores; core++) {
            rows.add(new CoreStatus(core, -1, "held", "shared", 0, 0, threads / cores));
        }
        return rows;
    }

    @Override
    public LoadSample load() {
        int ready = 0;
        for (SimulatedThread thread : scheduler.runnable) {
            ready += thread.process == this ? 1 : 0;
        }
        return new LoadSample(
                1,
                cores,
                0,
                0,
                ready,
                threads,
                cores * CONTEXTS_PER_CORE,
                0,
                scheduler.threadsMade,
                0);
    }

    @Override
    public List<ThreadStatus> threads() {
        List<ThreadStatus> rows = new ArrayList<>();
        for (SimulatedThread thread : scheduler.alive.values()) {
            if (thread.process == this) {
                rows.add(
                        new ThreadStatus(
                                thread.id,
                                (int) (thread.id % cores),
                                thread.threadClass,
                                thread.state.name().toLowerCase(Locale.ROOT),
                                thread.task.getClass().getName()));
            }
        }
        return rows;
    }

    @Override
    public String mode() {
        return "simulated: one thread, the next one by seed";
    }

    @Override
    public String toString() {
        return name;
    }
}
