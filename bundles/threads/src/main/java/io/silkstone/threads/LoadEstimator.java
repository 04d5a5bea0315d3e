package io.silkstone.threads;

import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.LoadSample;

/**
 * Turns what the cores measure into what a policy judges (Arachne, section 5.2): utilisation, and
 * the load factor, the number of runnable threads that a core finds per pass, weighted by the
 * length of the passes. A pass that runs two threads and takes 10 us counts twice as much as one
 * that runs one in the same time; passes that run none count as idle.
 *
 * <p>Where we differ: a core that is parked publishes nothing, so its time since the last pass is
 * added as idle here; and cores that belong to an exclusive thread are left out of the load factor,
 * which they would draw towards 1.
 */
final class LoadEstimator {
    private final Machine machine;
    private final long[] idleBefore;
    private final long[] loadedBefore;
    private final long[] createdBefore;
    private final double[] utilisation;
    private final double[] loadFactor;
    private long timeBefore;
    private long rejectsBefore;

    LoadEstimator(Machine machine) {
        this.machine = machine;
        int count = machine.cores.length;
        idleBefore = new long[count];
        loadedBefore = new long[count];
        createdBefore = new long[count];
        utilisation = new double[count];
        loadFactor = new double[count];
        timeBefore = machine.now();
    }

    /** Busy share of {@code core} in the last interval. */
    double utilisation(int core) {
        return utilisation[core];
    }

    /** Runnable threads per pass of {@code core} in the last interval. */
    double loadFactor(int core) {
        return loadFactor[core];
    }

    /** What happened since the last call. Control lock held. */
    LoadSample sample(CoreSet held) {
        long now = machine.now();
        long interval = Math.max(1, now - timeBefore);
        timeBefore = now;
        double utilised = 0;
        double loads = 0;
        int shared = 0;
        long creates = 0;
        for (Core core : machine.cores) {
            measure(core, now, interval);
            long created = core.meter.created();
            creates += created - createdBefore[core.number];
            createdBefore[core.number] = created;
            if (core.isHeld()) {
                utilised += utilisation[core.number];
                if (core.exclusive == null) {
                    loads += loadFactor[core.number];
                    shared++;
                }
            }
        }
        long rejects = machine.counters.rejected.get();
        long newRejects = rejects - rejectsBefore;
        rejectsBefore = rejects;
        Waiting waiting = waiting(now);
        return new LoadSample(
                interval,
                held.size(),
                utilised,
                shared == 0 ? 0 : loads / shared,
                waiting.threads,
                waiting.occupied,
                held.size() * OccupancyWord.CONTEXTS,
                waiting.oldestNanos,
                creates,
                newRejects);
    }

    private void measure(Core core, long now, long interval) {
        int number = core.number;
        long idle = core.meter.idleNanos(now, core.isParked());
        long loaded = core.meter.loadedNanos();
        // The two words are read apart from each other, so a share may come out a little off.
        double idleShare = (double) (idle - idleBefore[number]) / interval;
        utilisation[number] = core.isHeld() ? Math.clamp(1 - idleShare, 0.0, 1.0) : 0;
        loadFactor[number] = Math.max(0, (double) (loaded - loadedBefore[number]) / interval);
        idleBefore[number] = idle;
        loadedBefore[number] = loaded;
    }

    private record Waiting(int threads, int occupied, long oldestNanos) {}

    /**
     * Threads that could run and do not. Nobody notes when a thread became runnable; at the latest
     * it was so when its core's pass began, or when its sleep ended, so the time that the oldest
     * has waited is an upper bound.
     */
    private Waiting waiting(long now) {
        int threads = 0;
        int occupied = 0;
        long oldest = 0;
        for (Core core : machine.cores) {
            occupied += core.occupancy.count();
            for (long left = core.occupancy.mask(); left != 0; left &= left - 1) {
                Context thread = core.context(Long.numberOfTrailingZeros(left));
                long wakeup = thread.wakeup;
                if (wakeup < Context.UNOCCUPIED && wakeup <= now && !thread.waitsInJdk) {
                    threads++;
                    long since = Math.max(wakeup, core.meter.passStart());
                    oldest = Math.max(oldest, now - since);
                }
            }
        }
        return new Waiting(threads, occupied, oldest);
    }
}
