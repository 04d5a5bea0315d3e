package io.silkstone.threads.simulation;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.threads.kernel.VirtualThreads;
import io.silkstone.threads.simulation.SimulatedThread.State;
import io.silkstone.threads.sync.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Who runs next, and what time it is: the threads of all processes of a simulation. A thread is
 * either running, or in {@link #runnable} (or set aside there while its process stands still), or
 * in {@link #deadlines} if it sleeps, or blocked and nowhere but in {@link #alive}.
 *
 * <p>All costs of a step are logarithmic in the number of threads that sleep, or constant. Nothing
 * depends on the order of a hash table or on an address: ties are broken by the order of creation.
 */
final class Scheduler {
    private static final long STEP_NANOS_MAX = 1_000;
    private static final long QUIET_NANOS_MAX = 600_000_000_000L;

    private static final String TRACK_ALL_THREADS = "jdk.trackAllThreads";

    static {
        // The JDK keeps a list of all virtual threads that have not ended, for thread dumps. Those
        // that are killed or abandoned never end, and all that is on their stacks would stay for
        // good. It looks at this when the first virtual thread is made.
        if (System.getProperty(TRACK_ALL_THREADS) == null) {
            System.setProperty(TRACK_ALL_THREADS, "false");
        }
    }

    final RandomGenerator random;
    final TreeMap<Long, SimulatedThread> alive = new TreeMap<>();
    final List<SimulatedThread> runnable = new ArrayList<>();
    long now = 1;
    long steps;
    long fingerprint;
    long threadsMade;
    boolean closed;

    /** Since when nothing but idle pollers has run. */
    long quietSince;

    /** Threads that are no pollers. */
    int tasksAlive;

    private final VirtualThreads virtualThreads = VirtualThreads.open();
    private final TreeSet<Timed> deadlines = new TreeSet<>();
    private SimulatedThread current;
    private Throwable failure;

    /** Tasks that sleep, and processes that stand still: what will go on by itself. */
    private int sleepers;

    private boolean mayNotSwitch;

    Scheduler(RandomGenerator random) {
        this.random = random;
    }

    boolean step() {
        requireDriver();
        if (alive.isEmpty()) {
            return false;
        }
        wakeDue();
        while (runnable.isEmpty()) {
            jumpToNextDeadline();
        }
        SimulatedThread next = takeOne();
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

    private SimulatedThread takeOne() {
        int index = random.nextInt(runnable.size());
        SimulatedThread last = runnable.removeLast();
        return index == runnable.size() ? last : runnable.set(index, last);
    }

    private void wakeDue() {
        while (!deadlines.isEmpty() && deadlines.first().deadline <= now) {
            deadlines.pollFirst().due();
        }
    }

    private void jumpToNextDeadline() {
        boolean pollersGaveUp = sleepers == 0 && now - quietSince > QUIET_NANOS_MAX;
        if (deadlines.isEmpty() || tasksAlive > 0 && pollersGaveUp) {
            throw new Deadlock("nobody can run any more: " + alive.values());
        }
        now = deadlines.first().deadline;
        wakeDue();
    }

    void requireDriver() {
        if (current != null) {
            throw new IllegalStateException("a simulated thread cannot drive the simulation");
        }
    }

    /** The calling thread, null when it is none of ours. */
    SimulatedThread caller() {
        return current != null && current.isCaller() ? current : null;
    }

    SimulatedThread create(
            SimulatedProcess process,
            int threadClass,
            ThreadTask task,
            long a,
            long b,
            boolean isPoller) {
        long id = ++threadsMade;
        SimulatedThread thread =
                new SimulatedThread(
                        this,
                        process,
                        id,
                        threadClass,
                        task,
                        isPoller,
                        virtualThreads,
                        () -> runTask(id, task, a, b));
        alive.put(id, thread);
        process.threads++;
        tasksAlive += isPoller ? 0 : 1;
        enqueue(thread);
        perhapsSwitch();
        return thread;
    }

    private void runTask(long id, ThreadTask task, long a, long b) {
        try {
            task.run(a, b);
        } catch (Throwable thrown) {
            failure = thrown;
        }
        SimulatedThread thread = alive.get(id);
        end(thread);
        thread.joiners.forEach(Waiter::grant);
    }

    /** It will not run any more. */
    private void end(SimulatedThread thread) {
        alive.remove(thread.id);
        thread.process.threads--;
        tasksAlive -= thread.isPoller ? 0 : 1;
        thread.state = State.ENDED;
    }

    /** Others may run here, as they may at each call. */
    void perhapsSwitch() {
        SimulatedThread me = caller();
        if (me != null && me.state == State.RUNNING && !mayNotSwitch && random.nextBoolean()) {
            me.state = State.PREEMPTED;
            enqueue(me);
            me.leave();
        }
    }

    void giveWay(SimulatedThread me) {
        // As on a real core, where the wake-up word of a thread that yields says the same.
        me.signalled = false;
        makeRunnable(me);
        me.leave();
    }

    void sleep(SimulatedThread me, long nanos) {
        if (me.signalled) {
            giveWay(me);
            return;
        }
        if (nanos > Long.MAX_VALUE - now) {
            // For ever, and nothing to wait for when all others do too.
            block(me);
            return;
        }
        me.deadline = now + Math.max(0, nanos);
        me.state = State.SLEEPING;
        deadlines.add(me);
        sleepers += me.isPoller ? 0 : 1;
        me.leave();
    }

    void block(SimulatedThread me) {
        if (me.signalled) {
            me.signalled = false;
            perhapsSwitch();
            return;
        }
        me.state = State.BLOCKED;
        me.leave();
    }

    void signal(long thread) {
        SimulatedThread target = alive.get(thread);
        if (target != null) {
            switch (target.state) {
                case BLOCKED -> makeRunnable(target);
                case SLEEPING -> {
                    deadlines.remove(target);
                    wake(target);
                }
                case RUNNING, PREEMPTED -> target.signalled = true;
                default -> {}
            }
        }
        perhapsSwitch();
    }

    /** It sleeps no longer. */
    void wake(SimulatedThread thread) {
        sleepers -= thread.isPoller ? 0 : 1;
        makeRunnable(thread);
    }

    private void makeRunnable(SimulatedThread thread) {
        thread.state = State.RUNNABLE;
        enqueue(thread);
    }

    private void enqueue(SimulatedThread thread) {
        SimulatedProcess process = thread.process;
        (process.isStopped() ? process.setAside : runnable).add(thread);
    }

    /** The process stands still until its deadline, however often that is put off. */
    void stop(SimulatedProcess process, long nanos) {
        Timed stop = process.stop;
        long end = now + nanos;
        if (process.isStopped()) {
            if (end > stop.deadline) {
                deadlines.remove(stop);
                stop.deadline = end;
                deadlines.add(stop);
            }
            return;
        }
        stop.deadline = end;
        deadlines.add(stop);
        sleepers++;
        process.setAside = takeOut(process);
        SimulatedThread me = caller();
        if (me != null && me.process == process) {
            me.state = State.PREEMPTED;
            enqueue(me);
            me.leave();
        }
    }

    void goOn(SimulatedProcess process) {
        sleepers--;
        runnable.addAll(process.setAside);
        process.setAside = null;
    }

    private List<SimulatedThread> takeOut(SimulatedProcess process) {
        List<SimulatedThread> taken = new ArrayList<>();
        runnable.removeIf(thread -> thread.process == process && taken.add(thread));
        return taken;
    }

    /** No thread of the process runs any more; if the caller is one, it does not come back. */
    void kill(SimulatedProcess process) {
        if (process.isStopped()) {
            deadlines.remove(process.stop);
            sleepers--;
            process.setAside = null;
        }
        takeOut(process);
        List<Waiter> joiners = new ArrayList<>();
        for (SimulatedThread thread : List.copyOf(alive.values())) {
            if (thread.process == process) {
                if (thread.state == State.SLEEPING) {
                    deadlines.remove(thread);
                    sleepers -= thread.isPoller ? 0 : 1;
                }
                end(thread);
                joiners.addAll(thread.joiners);
            }
        }
        // All of them hear of it, even if one of them is about to kill the caller.
        mayNotSwitch = true;
        joiners.forEach(Waiter::grant);
        mayNotSwitch = false;
        SimulatedThread me = caller();
        if (me != null && me.process == process) {
            me.leave();
        }
    }

    void join(ThreadRuntime runtime, long thread) {
        if (caller() == null) {
            while (alive.containsKey(thread)) {
                step();
            }
            return;
        }
        while (alive.containsKey(thread)) {
            Waiter me = Waiter.forCaller(runtime);
            alive.get(thread).joiners.add(me);
            me.await();
        }
    }

    void close() {
        requireDriver();
        closed = true;
        alive.clear();
        runnable.clear();
        deadlines.clear();
    }
}
