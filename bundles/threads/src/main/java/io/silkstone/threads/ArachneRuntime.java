package io.silkstone.threads;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.threads.CorePollerFactory;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.Mutex;
import io.silkstone.api.threads.Semaphore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.api.threads.ThreadTask;
import io.silkstone.base.NanoClock;
import io.silkstone.threads.kernel.LinuxProcessors;
import io.silkstone.threads.kernel.Processors;
import io.silkstone.threads.kernel.VirtualThreads;
import io.silkstone.threads.sync.FairMutex;
import io.silkstone.threads.sync.FairSemaphore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * Core-aware user threads after "Arachne: Core-Aware Thread Management" (Qin, Li, Speiser, Kraft,
 * Ousterhout; OSDI'18). This class is the front: it places new threads and finds the context of a
 * thread; {@link Core} runs them.
 *
 * <p><b>What we keep</b> (section numbers of the paper): one kernel thread per core, which nobody
 * else uses (4.1); a fixed set of contexts per core, described by one word with a mask and a count,
 * so that placing a thread is one atomic operation on one cache line, with the new thread's
 * arguments in another one (4.3); power of two choices for placement (4.3); wake-up words instead
 * of run queues (4.1); a policy outside of the mechanism that says how many cores there are and
 * which threads go where (5); load factor and utilisation to judge by (5.2).
 *
 * <p><b>Where we differ, and why.</b> A stack is a virtual thread on a scheduler of ours, so that
 * locks, sleeps and sockets of the JDK block a thread and not its core; on a JDK that does not
 * allow that, it is a platform thread. A new thread is called on the dispatcher's stack ({@link
 * Worker}), since switching continuations costs more than a call. Idle cores wait in the kernel,
 * inside the event loop of whoever does I/O on the core ({@link PollerThread}). Policies change
 * while threads run ({@link CorePolicySlot}), where the paper's runtime takes one at its start.
 */
public final class ArachneRuntime implements ThreadRuntime, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ArachneRuntime.class.getName());
    private static final long CLOSE_NANOS_MAX = 5_000_000_000L;
    private static final long CLOSE_MILLIS_MAX = CLOSE_NANOS_MAX / 1_000_000;

    private final Machine machine;
    private final NanoClock clock;
    private final String mode;
    private final ReentrantLock control = new ReentrantLock();
    private final CoreAllotment allotment;
    private final CorePolicySlot slot;
    private final ControlThread controlThread;
    private final List<AutoCloseable> gauges = new ArrayList<>();

    private ArachneRuntime(Machine machine, NanoClock clock, String mode, ArachneOptions options) {
        this.machine = machine;
        this.clock = clock;
        this.mode = mode;
        allotment = new CoreAllotment(machine);
        slot = new CorePolicySlot(machine, allotment, control);
        configure(options);
        control.lock();
        try {
            allotment.begin();
            slot.begin();
            controlThread =
                    new ControlThread(machine, allotment, slot, control, options.othersNice());
        } finally {
            control.unlock();
        }
        machine.coreChanged = controlThread::wake;
        controlThread.start();
    }

    /**
     * Starts a runtime on the processors that this process may use.
     *
     * @param random where to begin with the choices of cores
     * @throws UnsupportedOperationException when {@code options} insist on virtual threads and this
     *     JDK refuses
     */
    public static ArachneRuntime start(
            ArachneOptions options,
            NanoClock clock,
            RandomGenerator random,
            MetricRegistry metrics) {
        return start(options, processors(options), clock, random, metrics);
    }

    /** As above, on {@code processors}, of which there may be more than the machine has. */
    static ArachneRuntime start(
            ArachneOptions options,
            Processors processors,
            NanoClock clock,
            RandomGenerator random,
            MetricRegistry metrics) {
        VirtualThreads virtualThreads = null;
        String mode = "run-to-completion: as configured";
        if (options.mode() != ArachneOptions.Mode.RUN_TO_COMPLETION) {
            try {
                virtualThreads = VirtualThreads.open();
                mode = "virtual: virtual threads on a scheduler of our own";
            } catch (UnsupportedOperationException refusal) {
                if (options.mode() == ArachneOptions.Mode.VIRTUAL) {
                    throw refusal;
                }
                mode = "run-to-completion: " + refusal.getMessage();
                LOG.log(
                        System.Logger.Level.WARNING,
                        "User threads that block keep a platform thread each: "
                                + refusal.getMessage());
            }
        }
        LOG.log(
                System.Logger.Level.INFO,
                "User threads run in mode "
                        + mode
                        + ", on up to "
                        + (processors.count() == 1 ? "1 core." : processors.count() + " cores."));
        int coreCount = Math.min(processors.count(), Machine.CORES_LIMIT);
        Machine machine =
                new Machine(
                        coreCount,
                        processors,
                        clock,
                        random,
                        new ThreadCounters(metrics),
                        virtualThreads);
        ArachneRuntime runtime = new ArachneRuntime(machine, clock, mode, options);
        runtime.showGauges(metrics);
        return runtime;
    }

    private static Processors processors(ArachneOptions options) {
        int available = Runtime.getRuntime().availableProcessors();
        if (options.pin() == ArachneOptions.Pin.OFF) {
            return Processors.unpinned(available);
        }
        try {
            return new LinuxProcessors();
        } catch (UnsupportedOperationException refusal) {
            LOG.log(System.Logger.Level.INFO, "Cores are not pinned: " + refusal.getMessage());
            return Processors.unpinned(available);
        }
    }

    /** Takes the bounds and the patience of {@code options} at once; the rest needs a new start. */
    public void configure(ArachneOptions options) {
        int most = machine.cores.length;
        int max = options.coresMax() == 0 ? most : Math.min(options.coresMax(), most);
        allotment.setBounds(Math.min(options.coresMin(), max), max);
        slot.setPatience(options.policyLimitNanos(), options.policyProbationNanos());
        machine.coreChanged.run();
    }

    /** Where the core policy works. */
    public PolicySlot policySlot() {
        return slot;
    }

    @Override
    public long create(int threadClass, ThreadTask task, long a, long b) {
        if (threadClass == EXCLUSIVE) {
            return createExclusive(task, a, b);
        }
        CoreSet cores = machine.placement.cores(threadClass);
        int count = cores.size();
        if (count == 0) {
            return reject();
        }
        Core first = machine.cores[cores.get(0)];
        if (count > 1) {
            Worker caller = machine.current.get();
            long choice = caller == null ? machine.choice() : caller.core.choice();
            int one = (int) ((choice >>> 32) * count >>> 32);
            int other = (int) ((choice & 0xffff_ffffL) * (count - 1) >>> 32);
            first = machine.cores[cores.get(one)];
            Core second = machine.cores[cores.get(other < one ? other : other + 1)];
            if (second.occupancy.load() < first.occupancy.load()) {
                first = second;
            }
        }
        long thread = createOn(first, threadClass, task, a, b);
        for (int index = 0; thread == NONE && index < count; index++) {
            thread = createOn(machine.cores[cores.get(index)], threadClass, task, a, b);
        }
        return thread == NONE ? reject() : thread;
    }

    private static long createOn(Core core, int threadClass, ThreadTask task, long a, long b) {
        int slot = core.occupancy.claim();
        if (slot == OccupancyWord.FULL) {
            return NONE;
        }
        long thread = core.context(slot).publish(threadClass, task, a, b);
        core.wake();
        return thread;
    }

    private long reject() {
        if (machine.closed) {
            throw new IllegalStateException("the thread runtime is closed");
        }
        machine.counters.rejected.increment();
        return NONE;
    }

    private long createExclusive(ThreadTask task, long a, long b) {
        control.lock();
        try {
            long thread =
                    machine.closed
                            ? NONE
                            : allotment.createExclusive(
                                    machine.placement.cores(EXCLUSIVE), task, a, b);
            return thread == NONE ? reject() : thread;
        } finally {
            control.unlock();
        }
    }

    @Override
    public long create(int threadClass, Runnable task) {
        return create(threadClass, new RunnableTask(task), 0, 0);
    }

    /** Makes a thread of a Runnable. */
    record RunnableTask(Runnable body) implements ThreadTask {
        @Override
        public void run(long a, long b) {
            body.run();
        }
    }

    @Override
    public long self() {
        Worker worker = machine.current.get();
        return worker == null || worker.context == null ? NONE : worker.context.thread();
    }

    @Override
    public void yield() {
        Worker worker = machine.current.get();
        if (worker == null) {
            Thread.yield();
        } else {
            worker.yield();
        }
    }

    @Override
    public void sleep(long nanos) {
        Worker worker = machine.current.get();
        if (worker == null) {
            // No thread of ours: nobody can signal it, so the JDK's sleep does.
            LockSupport.parkNanos(this, nanos);
        } else if (nanos > 0) {
            worker.sleep(nanos);
        } else {
            worker.yield();
        }
    }

    @Override
    public void block() {
        Worker worker = machine.current.get();
        if (worker == null) {
            throw new IllegalStateException("only a user thread can block");
        }
        worker.block();
    }

    @Override
    public void signal(long thread) {
        if (thread == NONE) {
            return;
        }
        Context context = machine.contextOf(thread);
        if (context.signal(thread)) {
            context.core.wake();
        }
    }

    @Override
    public void join(long thread) {
        if (thread != NONE) {
            machine.contextOf(thread).join(thread, this);
        }
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
    public AutoCloseable attach(CorePollerFactory pollers) {
        PollerAttachment attachment = new PollerAttachment(pollers, machine);
        control.lock();
        try {
            if (machine.closed) {
                throw new IllegalStateException("the thread runtime is closed");
            }
            allotment.attach(attachment);
        } finally {
            control.unlock();
        }
        String failure = attachment.awaitStarted();
        if (failure != null) {
            detach(attachment, Long.MAX_VALUE);
            throw new IllegalStateException(failure);
        }
        return () -> detach(attachment, Long.MAX_VALUE);
    }

    private void detach(PollerAttachment attachment, long nanos) {
        control.lock();
        try {
            allotment.detach(attachment);
        } finally {
            control.unlock();
        }
        attachment.close(machine.current.get(), nanos);
    }

    @Override
    public List<CoreStatus> cores() {
        List<CoreStatus> rows = new ArrayList<>();
        CoreSet held = allotment.held();
        LoadEstimator estimator = controlThread.estimator();
        for (Core core : machine.cores) {
            boolean isHeld = held.contains(core.number);
            rows.add(
                    new CoreStatus(
                            core.number,
                            core.isFree() ? Processors.NONE : core.processor(),
                            isHeld ? "held" : core.isFree() ? "free" : "draining",
                            core.exclusive == null ? "shared" : "exclusive",
                            estimator.utilisation(core.number),
                            estimator.loadFactor(core.number),
                            core.occupancy.count()));
        }
        return rows;
    }

    @Override
    public LoadSample load() {
        return controlThread.newest();
    }

    @Override
    public List<ThreadStatus> threads() {
        List<ThreadStatus> rows = new ArrayList<>();
        for (Core core : machine.cores) {
            // A thread that waits in place, as the core idles on its stack, does not run.
            Context running = core.isParked() ? null : core.running();
            for (long left = core.occupancy.mask(); left != 0; left &= left - 1) {
                Context context = core.context(Long.numberOfTrailingZeros(left));
                ThreadTask task = context.task;
                long wakeup = context.wakeup;
                if (task != null && wakeup != Context.UNOCCUPIED) {
                    rows.add(
                            new ThreadStatus(
                                    context.thread(),
                                    core.number,
                                    context.threadClass,
                                    state(context == running, wakeup),
                                    nameOf(task)));
                }
            }
        }
        return rows;
    }

    private static String state(boolean mounted, long wakeup) {
        if (wakeup < Context.UNOCCUPIED && wakeup != Context.RUNNABLE) {
            return "sleeping";
        }
        if (mounted) {
            return "running";
        }
        return wakeup == Context.RUNNABLE ? "runnable" : "blocked";
    }

    private static String nameOf(ThreadTask task) {
        Object body = task instanceof RunnableTask runnable ? runnable.body() : task;
        return body.getClass().getName();
    }

    @Override
    public String mode() {
        return mode;
    }

    private void showGauges(MetricRegistry metrics) {
        gauges.add(metrics.gauge(ThreadMetrics.HELD, () -> allotment.held().size()));
        gauges.add(metrics.gauge(ThreadMetrics.LOAD, () -> (long) (load().loadFactor() * 1_000)));
        gauges.add(
                metrics.gauge(
                        ThreadMetrics.OCCUPIED,
                        () -> {
                            long occupied = 0;
                            for (Core core : machine.cores) {
                                occupied += core.occupancy.count();
                            }
                            return occupied;
                        }));
        gauges.add(
                metrics.gauge(
                        ThreadMetrics.CREATED,
                        () -> {
                            long created = 0;
                            for (Core core : machine.cores) {
                                created += core.meter.created();
                            }
                            return created;
                        }));
    }

    /**
     * Removes the pollers, then stops every core. Threads that have not ended by themselves are
     * abandoned where they wait, and whoever joins them goes on: close what uses them first. Not to
     * be called from a user thread.
     */
    @Override
    public void close() {
        if (machine.closed) {
            return;
        }
        for (PollerAttachment attachment : allotment.attachments()) {
            detach(attachment, CLOSE_NANOS_MAX);
        }
        controlThread.stop(CLOSE_MILLIS_MAX);
        List<Thread> kernelThreads = new ArrayList<>();
        control.lock();
        try {
            machine.closed = true;
            machine.placement = Placement.none(CoreSet.EMPTY);
            slot.end();
            for (Core core : machine.cores) {
                core.occupancy.close();
                if (!core.isFree()) {
                    kernelThreads.add(core.kernelThread());
                    core.wake();
                }
            }
        } finally {
            control.unlock();
        }
        await(kernelThreads);
        for (AutoCloseable gauge : gauges) {
            closeQuietly(gauge);
        }
    }

    private void await(List<Thread> threads) {
        long deadline = clock.nanoTime() + CLOSE_NANOS_MAX;
        for (Thread thread : threads) {
            long left = Math.max(1, (deadline - clock.nanoTime()) / 1_000_000);
            try {
                if (!thread.join(Duration.ofMillis(left))) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            thread.getName() + " still runs a task that does not let go");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void closeQuietly(AutoCloseable gauge) {
        try {
            gauge.close();
        } catch (Exception e) {
            throw new IllegalStateException("a gauge cannot be removed", e);
        }
    }
}
