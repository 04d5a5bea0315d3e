package io.silkstone.threads;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Which cores the runtime holds: gets them, gives them back one at a time, sets one apart for an
 * exclusive thread (Arachne, sections 4.4 and 5.1). Here is the place where a core arbiter between
 * processes will be asked; alone on its machine the runtime takes what it is allowed.
 *
 * <p>Every method is called with the control lock held, but for those of {@link CoreControl}.
 */
final class CoreAllotment implements CoreControl {
    private final Machine machine;
    private final List<PollerAttachment> attachments = new CopyOnWriteArrayList<>();
    private volatile CoreSet held = CoreSet.EMPTY;
    private volatile int coresMin;
    private volatile int coresMax;

    /** The core that is on its way out or being cleared for an exclusive thread, or null. */
    private Core draining;

    CoreAllotment(Machine machine) {
        this.machine = machine;
    }

    void setBounds(int min, int max) {
        coresMin = min;
        coresMax = max;
    }

    @Override
    public int coresMin() {
        return coresMin;
    }

    @Override
    public int coresMax() {
        return coresMax;
    }

    @Override
    public CoreSet held() {
        return held;
    }

    @Override
    public int contextsPerCore() {
        return OccupancyWord.CONTEXTS;
    }

    /** Gets the first cores, before any policy works. */
    void begin() {
        while (held.size() < coresMin) {
            grant();
        }
    }

    /** Moves towards {@code wanted} cores, within the bounds. */
    void apply(int wanted, CorePolicySlot slot) {
        settle();
        int target = Math.clamp(wanted, coresMin, coresMax);
        while (held.size() < target) {
            int core = grant();
            if (core < 0) {
                return;
            }
            slot.coreAvailable(core);
        }
        while (held.size() > target && draining == null) {
            Core leaving = lastShared();
            if (leaving == null) {
                return;
            }
            held = held.without(leaving.number);
            slot.coreUnavailable(leaving.number);
            startDraining(leaving, Core.Drain.RELEASE);
        }
    }

    /**
     * Takes note of cores that are through with draining, of exclusive threads that ended, and of
     * pollers that are missing.
     */
    void settle() {
        if (draining != null && draining.drain == Core.Drain.NONE) {
            if (held.contains(draining.number)) {
                draining = null;
            } else if (draining.isFree()) {
                CoreEvent.commit(draining.number, "released", held.size());
                machine.counters.released.increment();
                draining = null;
            }
        }
        for (int index = 0; index < held.size(); index++) {
            Core core = machine.cores[held.get(index)];
            if (core != draining && core.exclusive == null) {
                share(core);
            }
        }
    }

    /**
     * Sees to it that {@code core} has its pollers and takes threads. The pollers come first, while
     * there is room for them; one that is missing is tried again.
     */
    private void share(Core core) {
        for (PollerAttachment attachment : attachments) {
            attachment.startOn(core);
        }
        if (core.occupancy.isClosed()) {
            core.occupancy.open();
        }
    }

    /**
     * Starts a thread that has a core for itself. Its core's other threads move away first.
     *
     * @return {@link ThreadRuntime#NONE} when no core can be spared now
     */
    long createExclusive(CoreSet cores, ThreadTask task, long a, long b) {
        settle();
        if (draining != null || sharedCores() < 2) {
            return ThreadRuntime.NONE;
        }
        for (int index = cores.size() - 1; index >= 0; index--) {
            Core core = machine.cores[cores.get(index)];
            if (!held.contains(core.number) || core.exclusive != null) {
                continue;
            }
            int slot = core.occupancy.claim();
            if (slot != OccupancyWord.FULL) {
                Context context = core.context(slot);
                long thread = context.prepare(ThreadRuntime.EXCLUSIVE, task, a, b);
                core.exclusive = context;
                startDraining(core, Core.Drain.EXCLUSIVE);
                return thread;
            }
        }
        return ThreadRuntime.NONE;
    }

    void attach(PollerAttachment attachment) {
        settle();
        attachments.add(attachment);
        for (int index = 0; index < held.size(); index++) {
            Core core = machine.cores[held.get(index)];
            if (core != draining && core.exclusive == null) {
                attachment.startOn(core);
            }
        }
    }

    void detach(PollerAttachment attachment) {
        attachments.remove(attachment);
    }

    List<PollerAttachment> attachments() {
        return List.copyOf(attachments);
    }

    private int grant() {
        for (Core core : machine.cores) {
            if (core.isFree() && !held.contains(core.number)) {
                core.start();
                share(core);
                held = held.with(core.number);
                machine.counters.granted.increment();
                CoreEvent.commit(core.number, "granted", held.size());
                return core.number;
            }
        }
        return -1;
    }

    private void startDraining(Core core, Core.Drain why) {
        draining = core;
        core.drain(why);
        for (PollerAttachment attachment : attachments) {
            attachment.wake(core);
        }
    }

    private Core lastShared() {
        for (int index = held.size() - 1; index >= 0 && sharedCores() > 1; index--) {
            Core core = machine.cores[held.get(index)];
            if (core.exclusive == null) {
                return core;
            }
        }
        return null;
    }

    private int sharedCores() {
        int shared = 0;
        for (int index = 0; index < held.size(); index++) {
            if (machine.cores[held.get(index)].exclusive == null) {
                shared++;
            }
        }
        return shared;
    }
}
