package io.silkstone.threads.simulation;

import io.silkstone.api.threads.CorePollerFactory;
import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.NanoClock;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A thread runtime in which a seed decides everything: user threads take turns on the one thread
 * that drives the simulation, the next one is drawn at random among those that can run, and time is
 * a number that moves only here. The same seed and the same tasks give the same run, to the last
 * step; another seed gives another interleaving. Deadlocks end the run with a list of who waits.
 *
 * <p>A thread can lose its turn at every call of this runtime, as if others ran on other cores
 * meanwhile; between two calls it runs undisturbed. Sleeps cost no time: when nobody can run, the
 * clock jumps to the next deadline. Tasks must wait through this runtime and take time and
 * randomness from where they are handed out; a task that waits inside the JDK fails the run.
 *
 * <p><b>Processes.</b> The threads of this runtime are those of a process called main. {@link
 * #process} makes others, which share its time and its seed, and which can be killed or stand
 * still, and whose clocks may be wrong; a run of several nodes gives each its own.
 *
 * <p><b>Pollers.</b> One that has nothing to do is asked to {@linkplain
 * io.silkstone.api.threads.CorePoller#park park} for up to a second. It waits through the runtime:
 * {@link #sleep}s until it expects something, and has its wakeup {@link #signal} the thread that
 * sleeps. It is then as punctual as it can be, and costs next to no steps. One that comes back
 * without having waited is asked more and more seldom while nothing happens. When all threads wait
 * for pollers and ten simulated minutes were quiet, that is a deadlock.
 *
 * <p>Threading: one thread, the driver, makes it and calls {@link #run}, {@link #step} and {@link
 * #close}. On the driver, {@link #join} drives the simulation until the thread has ended.
 */
public final class SimulatedRuntime implements ThreadRuntime, AutoCloseable {
    private final Scheduler scheduler;
    private final SimulatedProcess main;
    private long processesMade;

    /**
     * An empty simulation.
     *
     * @param random the seed's numbers; everybody in the run may draw from it
     * @param cores how many cores to pretend: that many pollers, 56 threads each
     */
    public SimulatedRuntime(RandomGenerator random, int cores) {
        scheduler = new Scheduler(random);
        main = new SimulatedProcess(scheduler, "main", processesMade++, cores);
    }

    /**
     * Another process on this simulation's time, with threads and a clock of its own. A process
     * that is started again is a new one, and may have the same name.
     *
     * @param name for people
     * @param cores how many cores it has: that many pollers, 56 threads each
     */
    public SimulatedProcess process(String name, int cores) {
        return new SimulatedProcess(scheduler, name, processesMade++, cores);
    }

    /** The simulation's time. */
    public NanoClock clock() {
        return () -> scheduler.now;
    }

    /** A number that two runs share exactly if the same threads ran in the same order. */
    public long fingerprint() {
        return scheduler.fingerprint;
    }

    /** How often a thread got its turn. */
    public long steps() {
        return scheduler.steps;
    }

    /**
     * Runs until every thread of every process has ended, pollers aside.
     *
     * @throws Deadlock when threads are left and none can ever run
     */
    public void run() {
        while (scheduler.tasksAlive > 0) {
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
        return scheduler.step();
    }

    @Override
    public long create(int threadClass, ThreadTask task, long a, long b) {
        return main.create(threadClass, task, a, b);
    }

    @Override
    public long create(int threadClass, Runnable task) {
        return main.create(threadClass, task);
    }

    @Override
    public long self() {
        return main.self();
    }

    @Override
    public void yield() {
        main.yield();
    }

    @Override
    public void sleep(long nanos) {
        main.sleep(nanos);
    }

    @Override
    public void block() {
        main.block();
    }

    @Override
    public void signal(long thread) {
        main.signal(thread);
    }

    @Override
    public void join(long thread) {
        main.join(thread);
    }

    @Override
    public Mutex newMutex() {
        return main.newMutex();
    }

    @Override
    public Semaphore newSemaphore(int permits) {
        return main.newSemaphore(permits);
    }

    @Override
    public AutoCloseable attach(CorePollerFactory pollers) {
        return main.attach(pollers);
    }

    @Override
    public List<CoreStatus> cores() {
        return main.cores();
    }

    @Override
    public LoadSample load() {
        return main.load();
    }

    @Override
    public List<ThreadStatus> threads() {
        return main.threads();
    }

    @Override
    public String mode() {
        return main.mode();
    }

    /** Abandons the threads that are left. */
    @Override
    public void close() {
        scheduler.close();
    }
}
