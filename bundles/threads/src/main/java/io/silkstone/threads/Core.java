package io.silkstone.threads;

import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.ThreadTask;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Keeps the words that other cores read off those that this core writes. */
abstract class CorePadding {
    long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;
}

/** What others write and this core looks at in every pass. */
abstract class CoreSignals extends CorePadding {
    volatile Worker resumed;
}

/**
 * One core: a kernel thread bound to a processor, and the contexts of the threads that are on it
 * (Arachne, sections 4.1 to 4.4). Fields without a comment of their own belong to whoever runs on
 * the core: its mounted worker, or the kernel thread when none is.
 *
 * <p><b>Scanning.</b> A pass looks at each occupied context's wake-up word once, in order. After a
 * pass the pollers get a turn each; after a pass in which nothing ran the core is idle and waits as
 * the policy's {@link IdleBudget} says. The paper's dispatcher spins for ever, since its arbiter
 * takes idle cores away; ours parks, so that an idle node costs nothing.
 *
 * <p><b>Parking</b> goes by the {@link ParkWord}.
 *
 * <p><b>Giving the core back</b> (section 4.4): the occupancy word is closed so that nobody new
 * comes, pollers hand their sources over, threads change places with free contexts of other cores,
 * and the kernel thread ends. The paper grants 10 ms for it; we have no arbiter to take a core by
 * force, and wait for a thread that does not let go.
 */
final class Core extends CoreSignals {
    /** What a worker leaves for, when not for another worker. */
    enum Errand {
        NONE,
        PARK,
        YIELD,
        DRAIN,
        STOP
    }

    /** Why the core sends its threads elsewhere. */
    enum Drain {
        NONE,
        RELEASE,
        EXCLUSIVE
    }

    private static final long DRAIN_PARK_NANOS_MAX = 1_000_000;
    private static final int BACK_PER_PASS_MAX = 8;
    private static final long SHARED_PARK_NANOS_MAX = 1_000_000;
    private static final long FAILED_PARK_NANOS = 1_000_000;
    private static final VarHandle RESUMED;
    private static final VarHandle SLOTS = MethodHandles.arrayElementVarHandle(Context[].class);

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            RESUMED = lookup.findVarHandle(CoreSignals.class, "resumed", Worker.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

    final int number;
    final LoadMeter meter = new LoadMeter();
    final OccupancyWord occupancy = new OccupancyWord(false);

    /** Those that have begun: as long as there is one, the core is not given back. */
    final List<PollerThread> pollers = new ArrayList<>();

    /** Set by the control thread, cleared by the core when it is done. */
    volatile Drain drain = Drain.NONE;

    /** The thread that has the core for itself. Set under the control lock. */
    volatile Context exclusive;

    private final ParkWord parkWord = new ParkWord();
    private final Machine machine;
    private final Context[] slots = new Context[OccupancyWord.CONTEXTS];
    private final ArrayDeque<Worker> idleWorkers = new ArrayDeque<>();
    private final ArrayDeque<Worker> ready = new ArrayDeque<>();
    private volatile boolean held;
    private volatile boolean free = true;
    private volatile int processor = -1;
    private volatile Thread kernelThread;
    private volatile Worker mounted;
    private Thread parkedThread;
    private PollerThread parkedPoller;
    private Worker nextWorker;
    private Context nextThread;
    private Context chosenThread;
    private Worker chosenBack;
    private Errand errand = Errand.NONE;
    private long errandNanos;
    private long choices;
    private int cursor;
    private int backLeft = BACK_PER_PASS_MAX;
    private long passTime;
    private long deadlineNext = Long.MAX_VALUE;
    private long idleSince;
    private int idleYields;
    private boolean tasksToForget;
    private boolean waitsInPoller;

    Core(Machine machine, int number, long seed) {
        this.machine = machine;
        this.number = number;
        choices = seed;
        for (int slot = 0; slot < slots.length; slot++) {
            Context context = machine.contexts[number * slots.length + slot];
            place(context, slot);
        }
    }

    // --- Calls from any thread -------------------------------------------------------------

    boolean isHeld() {
        return held;
    }

    /** Nobody uses the core and its kernel thread has ended: it can be started. */
    boolean isFree() {
        return free;
    }

    boolean isParked() {
        return parkWord.isParked();
    }

    int processor() {
        return processor;
    }

    Thread kernelThread() {
        return kernelThread;
    }

    /** The thread that runs at this moment, for people. */
    Context running() {
        Worker worker = mounted;
        return worker == null ? null : worker.context;
    }

    /** The context at {@code slot}, which the caller has claimed or only looks at. */
    Context context(int slot) {
        return (Context) SLOTS.getAcquire(slots, slot);
    }

    /** Ends the core's wait, if it waits. Costs one read if not. */
    void wake() {
        switch (parkWord.take()) {
            case ParkWord.IN_KERNEL -> LockSupport.unpark(parkedThread);
            case ParkWord.IN_POLLER -> parkedPoller.wakeup();
            default -> {}
        }
    }

    /** A worker that waited inside the JDK may go on. */
    void bringBack(Worker worker) {
        Worker first;
        do {
            first = resumed;
            worker.nextResumed = first;
        } while (!RESUMED.compareAndSet(this, first, worker));
        // Dekker with stop(), which says that nobody is here and then looks at the list.
        if (held) {
            wake();
        } else {
            sendResumedElsewhere();
        }
    }

    private void sendResumedElsewhere() {
        Worker worker = (Worker) RESUMED.getAndSet(this, null);
        while (worker != null) {
            Worker next = worker.nextResumed;
            if (worker.core == this) {
                worker.core = machine.anyHeld();
            }
            if (!machine.closed) {
                worker.core.bringBack(worker);
            }
            worker = next;
        }
    }

    /** Starts an internal thread on this very core, which may be closed; false when it is full. */
    boolean startHere(ThreadTask task) {
        int slot = occupancy.claimForCore();
        if (slot == OccupancyWord.FULL) {
            return false;
        }
        context(slot).publish(0, task, 0, 0);
        wake();
        return true;
    }

    // --- Getting and losing the core: the control thread --------------------------------------

    /**
     * Takes the core into use: starts its kernel thread. Its occupancy word stays closed, so that
     * the core's own threads find room before others come.
     */
    void start() {
        drain = Drain.NONE;
        meter.restart(machine.now());
        kernelThread =
                Thread.ofPlatform()
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .name("silkstone-threads-core-" + number)
                        .unstarted(this::runKernelLoop);
        kernelThread.start();
        // Last: a core whose kernel thread cannot be started stays free.
        free = false;
        held = true;
    }

    /** Asks the core to send its threads elsewhere. */
    void drain(Drain why) {
        occupancy.close();
        drain = why;
        wake();
    }

    // --- The kernel thread -------------------------------------------------------------------

    /** Survives whatever the machine is short of, such as the memory for one thread more. */
    private void runKernelLoop() {
        processor = machine.pin(this);
        Errand done = Errand.NONE;
        while (done != Errand.STOP) {
            try {
                done = runWorker();
            } catch (Throwable failure) {
                mounted = null;
                failed(failure);
                LockSupport.parkNanos(this, FAILED_PARK_NANOS);
            }
        }
        try {
            stop();
        } catch (Throwable failure) {
            failed(failure);
        } finally {
            held = false;
            free = true;
            machine.coreChanged.run();
        }
    }

    private void failed(Throwable failure) {
        machine.failed("kernel thread", this, failure);
    }

    private Errand runWorker() {
        Worker worker = takeNextWorker();
        if (worker == null) {
            LockSupport.parkNanos(this, FAILED_PARK_NANOS);
            return machine.closed ? Errand.STOP : Errand.NONE;
        }
        worker.core = this;
        mounted = worker;
        worker.resume();
        mounted = null;
        return afterLeaving(worker);
    }

    /** Null when there is none, and none can be made. */
    private Worker takeNextWorker() {
        chosenThread = null;
        chosenBack = null;
        Worker worker = nextWorker;
        nextWorker = null;
        if (worker != null) {
            return worker;
        }
        worker = idleWorkers.pollLast();
        if (worker == null) {
            try {
                worker = machine.newWorker(this);
            } catch (Throwable failure) {
                failed(failure);
                return workerInstead();
            }
        }
        worker.assigned = nextThread;
        worker.chosen = nextThread != null;
        nextThread = null;
        return worker;
    }

    /** The machine has no stack for another thread: one that has its stack goes on meanwhile. */
    private Worker workerInstead() {
        if (nextThread != null) {
            nextThread.wakeup = Context.RUNNABLE;
            nextThread = null;
        }
        backLeft = BACK_PER_PASS_MAX;
        Worker worker = takeResumed();
        if (worker == null) {
            worker = dueWorker(occupancy.mask() & -1L << cursor);
            PollerThread home = pollerAtHome(0);
            if (worker == null && home != null) {
                worker = home.worker();
                worker.chosen = true;
            }
            if (worker == null) {
                worker = dueWorker(occupancy.mask());
            }
        }
        return worker;
    }

    private Worker dueWorker(long mask) {
        long now = machine.now();
        for (long left = mask; left != 0; left &= left - 1) {
            Context thread = context(Long.numberOfTrailingZeros(left));
            if (thread.worker != null && !thread.waitsInJdk && thread.isDue(now)) {
                thread.consume();
                thread.worker.chosen = true;
                return thread.worker;
            }
        }
        return null;
    }

    private Errand afterLeaving(Worker worker) {
        if (!worker.leaving) {
            if (!worker.ended && worker.context != null) {
                worker.context.waitsInJdk = true;
            }
            // It may have been a poller's wait that went through the JDK.
            parkWord.awake();
            return Errand.NONE;
        }
        worker.leaving = false;
        Errand wanted = errand;
        errand = Errand.NONE;
        switch (wanted) {
            case PARK -> {
                if (parkWord.isParked()) {
                    LockSupport.parkNanos(this, errandNanos);
                }
                parkWord.awake();
                nextWorker = worker;
            }
            case YIELD -> {
                Thread.yield();
                nextWorker = worker;
            }
            default -> {
                if (worker.context == null) {
                    idleWorkers.add(worker);
                }
            }
        }
        return wanted == Errand.DRAIN ? migrateThreads() : wanted;
    }

    /** No worker is mounted: every thread of this core rests in its context and can be moved. */
    private Errand migrateThreads() {
        boolean moved = false;
        long mask = occupancy.mask();
        for (long left = mask; left != 0; left &= left - 1) {
            Context thread = slots[Long.numberOfTrailingZeros(left)];
            // A creator that has claimed a context before the word was closed may not be ready.
            if (thread != exclusive && thread.wakeup != Context.UNOCCUPIED) {
                if (thread.worker == null && thread.task instanceof PollerThread poller) {
                    // A poller belongs to one core, so it moves no more than its core does.
                    finish(thread);
                    poller.abandon();
                    moved = true;
                } else {
                    moved |= migrate(thread);
                }
            }
        }
        int staying = exclusive == null ? 0 : 1;
        if (occupancy.count() == staying) {
            Drain why = drain;
            drain = Drain.NONE;
            if (why == Drain.RELEASE) {
                return Errand.STOP;
            }
            if (exclusive != null) {
                exclusive.wakeup = Context.RUNNABLE;
            }
        } else if (!moved) {
            LockSupport.parkNanos(this, DRAIN_PARK_NANOS_MAX);
        }
        return Errand.NONE;
    }

    /** Swaps {@code thread} with a free context of another core. */
    private boolean migrate(Context thread) {
        for (Core target : machine.cores) {
            if (target == this || !target.held || target.drain != Drain.NONE) {
                continue;
            }
            int slot = target.occupancy.claim();
            if (slot == OccupancyWord.FULL) {
                continue;
            }
            int slotHere = thread.slot;
            Context free = target.context(slot);
            Worker worker = thread.worker;
            long moved = thread.thread();
            place(free, slotHere);
            tasksToForget = true;
            target.place(thread, slot);
            // Until here a worker that comes back from the JDK comes to this core, which sends it
            // on; after the last step the thread is the target's, and may run.
            if (worker != null) {
                worker.core = target;
            }
            occupancy.release(slotHere);
            // A signal that still saw this core as the thread's came before the look that the
            // target takes now.
            target.wake();
            machine.counters.migrated.increment();
            MigrationEvent.commit(moved, number, target.number);
            return true;
        }
        return false;
    }

    private void place(Context context, int slot) {
        context.slot = slot;
        context.core = this;
        SLOTS.setRelease(slots, slot, context);
    }

    private void stop() {
        while (!idleWorkers.isEmpty()) {
            Worker worker = idleWorkers.poll();
            worker.stopped = true;
            worker.resume();
        }
        if (machine.closed) {
            for (long left = occupancy.mask(); left != 0; left &= left - 1) {
                slots[Long.numberOfTrailingZeros(left)].end();
            }
        }
        forgetTasks();
        held = false;
        while (!ready.isEmpty()) {
            bringBack(ready.poll());
        }
        sendResumedElsewhere();
        machine.processors.forget();
    }

    // --- The mounted worker ------------------------------------------------------------------

    /** A worker that is back from the JDK, null when there is none in this pass. */
    Worker takeResumed() {
        if (resumed != null) {
            collectResumed();
        }
        // Bounded: a thread in a loop of Thread.yield is always back, and not alone here.
        while (!ready.isEmpty() && backLeft > 0) {
            backLeft--;
            Worker worker = ready.poll();
            if (worker.core == this) {
                meter.ran(1);
                if (worker.context != null) {
                    worker.context.waitsInJdk = false;
                }
                return worker;
            }
            // Its thread has moved since.
            worker.core.bringBack(worker);
        }
        return null;
    }

    private void collectResumed() {
        Worker worker = (Worker) RESUMED.getAndSet(this, null);
        Worker reversed = null;
        while (worker != null) {
            Worker next = worker.nextResumed;
            worker.nextResumed = reversed;
            reversed = worker;
            worker = next;
        }
        for (Worker each = reversed; each != null; each = each.nextResumed) {
            ready.add(each);
        }
    }

    /** Goes on with the pass: the next thread that may run, null when the pass is over. */
    Context scan() {
        for (long left = occupancy.mask() & -1L << cursor; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            Context thread = context(slot);
            long wakeup = thread.wakeup;
            if (wakeup < Context.UNOCCUPIED && !thread.waitsInJdk) {
                if (wakeup <= passTime) {
                    thread.consume();
                    cursor = slot + 1;
                    meter.ran(1);
                    return thread;
                }
                deadlineNext = Math.min(deadlineNext, wakeup);
            }
        }
        cursor = 0;
        return null;
    }

    /** The pass goes on after {@code slot}. */
    void scanAfter(int slot) {
        cursor = slot + 1;
    }

    /** Whether {@code thread} is all that could run here, so that it need not yield. */
    boolean hasOnly(Context thread) {
        return occupancy.mask() == 1L << thread.slot
                && resumed == null
                && ready.isEmpty()
                && drain == Drain.NONE
                && !machine.closed;
    }

    void prepare(Errand wanted, long nanos) {
        errand = wanted;
        errandNanos = nanos;
    }

    /** Next comes a worker that is back from the JDK. */
    void switchTo(Worker back) {
        nextWorker = back;
        chosenBack = back;
    }

    /** Next comes a thread that was found by its wake-up word. */
    void switchTo(Context thread) {
        chosenThread = thread;
        if (thread.worker == null) {
            nextThread = thread;
        } else {
            nextWorker = thread.worker;
            nextWorker.chosen = true;
        }
    }

    private void switchTo(PollerThread poller) {
        nextWorker = poller.worker();
        nextWorker.chosen = true;
    }

    /** The worker could not leave: what was chosen stays runnable. */
    void undoSwitch() {
        errand = Errand.NONE;
        nextThread = null;
        if (nextWorker != null) {
            nextWorker.chosen = false;
            nextWorker = null;
        }
        if (chosenThread != null) {
            chosenThread.wakeup = Context.RUNNABLE;
            chosenThread = null;
        }
        if (chosenBack != null) {
            if (chosenBack.context != null) {
                chosenBack.context.waitsInJdk = true;
            }
            ready.addFirst(chosenBack);
            chosenBack = null;
        }
    }

    /**
     * A worker has found nothing more to run in this pass.
     *
     * @return whether it should look again; otherwise it is to leave the core
     */
    boolean endPass(Worker worker) {
        int ran = closePass();
        if (machine.closed) {
            errand = Errand.STOP;
            return false;
        }
        if (drain != Drain.NONE && pollers.isEmpty()) {
            errand = Errand.DRAIN;
            return false;
        }
        PollerThread home = pollerAtHome(0);
        if (home != null) {
            switchTo(home);
            return false;
        }
        if (ran == 0) {
            idle(worker, null);
        }
        return true;
    }

    /** As {@link #endPass}, for a poller: true when another poller is to have the core. */
    boolean endPollersPass(Worker worker, PollerThread poller) {
        if (closePass() == 0) {
            idle(worker, poller);
        }
        PollerThread first = pollerAtHome(0);
        if (first == null || first == poller) {
            return false;
        }
        switchTo(first);
        return true;
    }

    /** Switches to the next poller in the round; false when {@code poller} is the last. */
    boolean switchToPollerAfter(PollerThread poller) {
        PollerThread next = pollerAtHome(pollers.indexOf(poller) + 1);
        if (next == null) {
            return false;
        }
        switchTo(next);
        return true;
    }

    private PollerThread pollerAtHome(int from) {
        for (int index = from; index < pollers.size(); index++) {
            if (pollers.get(index).isHome) {
                return pollers.get(index);
            }
        }
        return null;
    }

    private int closePass() {
        long now = machine.now();
        if (waitsInPoller) {
            // The poller blocks in what it serves, or waits by way of the JDK: most of the pass was
            // its wait, and it cannot say yet how much.
            waitsInPoller = false;
            meter.waited(now - meter.passStart());
        }
        int ran = meter.endPass(now);
        passTime = now;
        backLeft = BACK_PER_PASS_MAX;
        if (ran != 0) {
            idleSince = 0;
            idleYields = 0;
            deadlineNext = Long.MAX_VALUE;
        }
        return ran;
    }

    /** The thread on {@code thread}'s context has ended. */
    void finish(Context thread) {
        boolean wasExclusive = thread == exclusive;
        thread.end();
        tasksToForget = true;
        occupancy.release(thread.slot);
        if (wasExclusive) {
            exclusive = null;
            machine.coreChanged.run();
        }
    }

    /** A random number, for a creator on this core. */
    long choice() {
        choices += 0x9e3779b97f4a7c15L;
        return Machine.mixed(choices);
    }

    // --- Waiting -----------------------------------------------------------------------------

    /** One step of waiting: the caller looks for work after each. */
    private void idle(Worker worker, PollerThread poller) {
        long deadline = deadlineNext;
        deadlineNext = Long.MAX_VALUE;
        IdleBudget budget = machine.placement.idle();
        if (idleSince == 0) {
            idleSince = passTime;
        }
        if (passTime - idleSince < budget.spinNanos()) {
            Thread.onSpinWait();
        } else if (idleYields < budget.yields()) {
            idleYields++;
            worker.yieldCore();
            waited();
        } else {
            long nanos = Math.min(budget.parkNanosMax(), deadline - passTime);
            if (drain != Drain.NONE) {
                nanos = Math.min(nanos, DRAIN_PARK_NANOS_MAX);
            }
            nanos = Math.min(nanos, nanosUnpolledMax(poller));
            if (nanos > 0) {
                park(worker, poller, nanos);
            }
        }
    }

    /** How long the core may wait in {@code waiting}, for the sake of the other pollers. */
    private long nanosUnpolledMax(PollerThread waiting) {
        long nanos = Long.MAX_VALUE;
        for (int index = 0; index < pollers.size(); index++) {
            PollerThread each = pollers.get(index);
            long unpolled = each.nanosUnpolledMax();
            // What would wake another poller does not wake this one.
            boolean isMissed = unpolled == Long.MAX_VALUE && each != waiting && waiting != null;
            nanos = Math.min(nanos, isMissed ? SHARED_PARK_NANOS_MAX : unpolled);
        }
        return nanos;
    }

    private void park(Worker worker, PollerThread poller, long nanos) {
        if (tasksToForget) {
            tasksToForget = false;
            forgetTasks();
        }
        if (poller == null) {
            worker.parkCore(nanos);
            waited();
        } else {
            parkInPoller(poller, nanos);
        }
    }

    private void parkInPoller(PollerThread poller, long nanos) {
        parkedPoller = poller;
        parkWord.announce(ParkWord.IN_POLLER);
        if (!hasWork()) {
            waitsInPoller = true;
            long waited = poller.park(nanos);
            passTime = machine.now();
            if (waitsInPoller) {
                waitsInPoller = false;
                // What the poller served after its wait belongs to the pass that its next poll
                // counts the requests in.
                meter.waited(Math.clamp(waited, 0, passTime - meter.passStart()));
            }
        }
        parkWord.awake();
    }

    /** The wait was idle time, whatever the next scan finds. */
    private void waited() {
        passTime = machine.now();
        meter.endPass(passTime);
    }

    /** Says that {@code thread} will wait for this core; false when there is work after all. */
    boolean announcePark(Thread thread) {
        parkedThread = thread;
        parkWord.announce(ParkWord.IN_KERNEL);
        if (hasWork()) {
            parkWord.awake();
            return false;
        }
        return true;
    }

    void cancelPark() {
        parkWord.awake();
    }

    private boolean hasWork() {
        if (resumed != null || !ready.isEmpty() || machine.closed) {
            return true;
        }
        if (drain != Drain.NONE && pollers.isEmpty()) {
            return true;
        }
        for (long left = occupancy.mask(); left != 0; left &= left - 1) {
            Context thread = context(Long.numberOfTrailingZeros(left));
            if (thread.wakeup == Context.RUNNABLE && !thread.waitsInJdk) {
                return true;
            }
        }
        return false;
    }

    /** Free contexts remember the last task, and with it the bundle that it came from. */
    private void forgetTasks() {
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot].task != null && occupancy.claimForCore(slot)) {
                slots[slot].task = null;
                occupancy.release(slot);
            }
        }
    }
}
