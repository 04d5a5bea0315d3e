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
import io.silkstone.base.NanoClock;
import io.silkstone.threads.kernel.VirtualThreads;
import io.silkstone.threads.simulation.SimulatedThread.State;
import io.silkstone.threads.sync.FairMutex;
import io.silkstone.threads.sync.FairSemaphore;
import io.silkstone.threads.sync.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A thread runtime in which a seed decides everything: user threads take turns on the one thread
 * that drives the simulation, the next one is drawn at random among those that can run, and time is
 * a number that moves only here. The same seed and the same tasks give the same run, to the last
 * step; another seed gives another interleaving. Deadlocks end the run with a list of who waits.
 *
 * <p>A thread can lose its turn at every call of this runtime, as if others ran on other cores
 * meanwhile; between two calls it runs undisturbed. Sleeps cost no time: when nobody can run, the
 * clock jumps to the next deadline. Pollers are asked more and more seldom while nothing happens;
 * when all threads wait for them and ten simulated minutes were quiet, that is a deadlock. Tasks
 * must wait through this runtime and take time and randomness from where they are handed out; a
 * task that waits inside the JDK fails the run.
 *
 * <p>Threading: one thread, the driver, makes it and calls {@link #run}, {@link #step} and {@link
 * #close}. On the driver, {@link #join} drives the simulation until the thread has ended.
 */
public final class SimulatedRuntime implements ThreadRuntime, AutoCloseable {
    private static final int CONTEXTS_PER_CORE = 56;
    private static final long STEP_NANOS_MAX = 1_000;
    private static final long POLL_PAUSE_NANOS_MAX = 100_000;

    /** A poller that finds nothing looks again after this share of the time that was quiet. */
    private static final long POLL_PAUSE_PART = 8;

    private static final long POLL_PAUSE_NANOS_LIMIT = 1_000_000_000;
    private static final long QUIET_NANOS_MAX = 600_000_000_000L;

    private final RandomGenerator random;
    private final int cores;
    private final VirtualThreads virtualThreads = VirtualThreads.open();
    private final List<SimulatedThread> runnable = new ArrayList<>();
    private final TreeMap<Long, SimulatedThread> alive = new TreeMap<>();
    private SimulatedThread current;
    private Throwable failure;
    private long now = 1;
    private long threadsMade;
    private long steps;
    private long fingerprint;
    private long quietSince;
    private boolean closed;

    /**
     * An empty simulation.
     *
     * @param random the seed's numbers; everybody in the run may draw from it
     * @param cores how many cores to pretend: that many pollers, 56 threads each
     */
    public SimulatedRuntime(RandomGenerator random, int cores) {
        Checks.inRange("cores", cores, 1, 1_024);
        this.random = random;
        this.cores = cores;
    }

    /** The simulation's time. */
    public NanoClock clock() {
        return () -> now;
    }

    /** A number that two runs share exactly if the same threads ran in the same order. */
    public long fingerprint() {
        return fingerprint;
    }

    /** How often a thread got its turn. */
    public long steps() {
        return steps;
    }

    /**
     * Runs until every thread has ended, pollers aside.
     *
     * @throws Deadlock when threads are left and none can ever run
     */
    public void run() {
        while (liveTasks() > 0) {
            step();
        }
    }

    /**
     * Gives one thread its turn.
     *
     * @return false when there is no thread at all
     * @throws Deadlock as {@link #run}
     */
    public boolean step() {
        requireDriver();
        if (alive.isEmpty()) {
            return false;
        }
        wakeSleepers();
        if (runnable.isEmpty()) {
            jumpToNextDeadline();
        }
        SimulatedThread next = runnable.remove(random.nextInt(runnable.size()));
        now += 1 + random.nextLong(STEP_NANOS_MAX);
        steps++;
        if (!next.isPoller) {
            quietSince = now;
        }
        fingerprint = (fingerprint ^ next.id) * 0x100000001b3L + now;
        current = next;
        try {
            next.resume();
        } finally {
            current = null;
        }
        if (failure != null) {
            Throwable thrown = failure;
            failure = null;
            throw new IllegalStateException("a task failed at step " + steps, thrown);
        }
        return true;
    }

    private void wakeSleepers() {
        for (SimulatedThread thread : alive.values()) {
            if (thread.state == State.SLEEPING && thread.deadline <= now) {
                makeRunnable(thread);
            }
        }
    }

    private void jumpToNextDeadline() {
        long next = Long.MAX_VALUE;
        boolean taskSleeps = false;
        for (SimulatedThread thread : alive.values()) {
            if (thread.state == State.SLEEPING) {
                next = Math.min(next, thread.deadline);
                taskSleeps |= !thread.isPoller;
            }
        }
        boolean pollersGaveUp = !taskSleeps && now - quietSince > QUIET_NANOS_MAX;
        if (next == Long.MAX_VALUE || liveTasks() > 0 && pollersGaveUp) {
            throw new Deadlock("nobody can run any more: " + alive.values());
        }
        now = next;
        wakeSleepers();
    }

    private void makeRunnable(SimulatedThread thread) {
        thread.state = State.RUNNABLE;
        runnable.add(thread);
    }

    private int liveTasks() {
        int tasks = 0;
        for (SimulatedThread thread : alive.values()) {
            tasks += thread.isPoller ? 0 : 1;
        }
        return tasks;
    }

    private void requireDriver() {
        if (current != null) {
            throw new IllegalStateException("a simulated thread cannot drive the simulation");
        }
    }

    @Override
    public long create(int threadClass, ThreadTask task, long a, long b) {
        return create(threadClass, task, a, b, false);
    }

    private long create(int threadClass, ThreadTask task, long a, long b, boolean isPoller) {
        if (closed) {
            throw new IllegalStateException("the thread runtime is closed");
        }
        if (alive.size() >= cores * CONTEXTS_PER_CORE) {
            return NONE;
        }
        long id = ++threadsMade;
        SimulatedThread thread =
                new SimulatedThread(
                        id,
                        threadClass,
                        task,
                        isPoller,
                        virtualThreads,
                        () -> runTask(id, task, a, b));
        alive.put(id, thread);
        runnable.add(thread);
        perhapsSwitch();
        return id;
    }

    private void runTask(long id, ThreadTask task, long a, long b) {
        try {
            task.run(a, b);
        } catch (Throwable thrown) {
            failure = thrown;
        }
        SimulatedThread thread = alive.remove(id);
        thread.state = State.ENDED;
        for (Waiter joiner : thread.joiners) {
            joiner.grant();
        }
    }

    @Override
    public long create(int threadClass, Runnable task) {
        return create(threadClass, (a, b) -> task.run(), 0, 0);
    }

    @Override
    public long self() {
        return current != null && current.isCaller() ? current.id : NONE;
    }

    /** Others may run here, as they may at each call. */
    private void perhapsSwitch() {
        if (self() != NONE && current.state == State.RUNNING && random.nextBoolean()) {
            SimulatedThread me = current;
            me.state = State.PREEMPTED;
            runnable.add(me);
            me.leave();
        }
    }

    @Override
    public void yield() {
        if (self() != NONE) {
            SimulatedThread me = current;
            // As on a real core, where the wake-up word of a thread that yields says the same.
            me.signalled = false;
            makeRunnable(me);
            me.leave();
        }
    }

    @Override
    public void sleep(long nanos) {
        if (self() == NONE) {
            now += Math.max(0, nanos);
            return;
        }
        SimulatedThread me = current;
        if (me.signalled) {
            me.signalled = false;
            this.yield();
            return;
        }
        me.deadline = now + nanos < 0 ? Long.MAX_VALUE - 1 : now + nanos;
        me.state = State.SLEEPING;
        me.leave();
    }

    @Override
    public void block() {
        if (self() == NONE) {
            throw new IllegalStateException("only a user thread can block");
        }
        SimulatedThread me = current;
        if (me.signalled) {
            me.signalled = false;
            perhapsSwitch();
            return;
        }
        me.state = State.BLOCKED;
        me.leave();
    }

    @Override
    public void signal(long thread) {
        SimulatedThread target = alive.get(thread);
        if (target != null) {
            switch (target.state) {
                case BLOCKED, SLEEPING -> makeRunnable(target);
                case RUNNING, PREEMPTED -> target.signalled = true;
                default -> {}
            }
        }
        perhapsSwitch();
    }

    @Override
    public void join(long thread) {
        if (self() == NONE) {
            while (alive.containsKey(thread)) {
                step();
            }
            return;
        }
        while (alive.containsKey(thread)) {
            Waiter me = Waiter.forCaller(this);
            alive.get(thread).joiners.add(me);
            me.await();
        }
    }

    @Override
    public Mutex newMutex() {
        return new FairMutex(this, clock());
    }

    @Override
    public Semaphore newSemaphore(int permits) {
        return new FairSemaphore(this, permits);
    }

    @Override
    public AutoCloseable attach(CorePollerFactory factory) {
        requireDriver();
        boolean[] closing = new boolean[1];
        List<Long> threads = new ArrayList<>();
        for (int core = 0; core < cores; core++) {
            int number = core;
            threads.add(create(NORMAL, (a, b) -> poll(factory, number, closing), 0, 0, true));
        }
        return () -> {
            closing[0] = true;
            threads.forEach(this::join);
        };
    }

    /** A poller never parks here: it looks again after a pause of simulated time. */
    private void poll(CorePollerFactory factory, int core, boolean[] closing) {
        CorePoller poller = factory.create(core);
        while (!closing[0] && !closed) {
            if (poller.poll() == 0) {
                sleep(1 + random.nextLong(pollPauseNanos()));
            } else {
                quietSince = now;
                this.yield();
            }
        }
        poller.close();
    }

    private long pollPauseNanos() {
        long part = (now - quietSince) / POLL_PAUSE_PART;
        return Math.clamp(part, POLL_PAUSE_NANOS_MAX, POLL_PAUSE_NANOS_LIMIT);
    }

    @Override
    public List<CoreStatus> cores() {
        List<CoreStatus> rows = new ArrayList<>();
        for (int core = 0; core < cores; core++) {
            rows.add(new CoreStatus(core, -1, "held", "shared", 0, 0, alive.size() / cores));
        }
        return rows;
    }

    @Override
    public LoadSample load() {
        return new LoadSample(
                1,
                cores,
                0,
                0,
                runnable.size(),
                alive.size(),
                cores * CONTEXTS_PER_CORE,
                0,
                threadsMade,
                0);
    }

    @Override
    public List<ThreadStatus> threads() {
        List<ThreadStatus> rows = new ArrayList<>();
        for (SimulatedThread thread : alive.values()) {
            rows.add(
                    new ThreadStatus(
                            thread.id,
                            (int) (thread.id % cores),
                            thread.threadClass,
                            thread.state.name().toLowerCase(Locale.ROOT),
                            thread.task.getClass().getName()));
        }
        return rows;
    }

    @Override
    public String mode() {
        return "simulated: one thread, the next one by seed";
    }

    /** Abandons the threads that are left. */
    @Override
    public void close() {
        requireDriver();
        closed = true;
        alive.clear();
        runnable.clear();
    }
}
