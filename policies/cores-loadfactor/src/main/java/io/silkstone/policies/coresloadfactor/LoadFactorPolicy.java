package io.silkstone.policies.coresloadfactor;

import io.silkstone.api.threads.CoreControl;
import io.silkstone.api.threads.CorePolicy;
import io.silkstone.api.threads.CoreRequest;
import io.silkstone.api.threads.CoreSet;
import io.silkstone.api.threads.IdleBudget;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.PolicyState;
import io.silkstone.api.threads.ThreadRuntime;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The default core policy of Arachne (OSDI'18, section 5.2).
 *
 * <p><b>Up.</b> When the load factor, the number of runnable threads that a core finds per pass, is
 * over 1.5 in an interval of 50 ms, threads wait for threads, and one core more is wanted. The load
 * factor says so whatever the threads do; utilisation could not tell a busy core from an overloaded
 * one.
 *
 * <p><b>Down.</b> When cores are too many, the load factor is low and says little. So the policy
 * remembers, for each number of cores, how much was utilised when it was outgrown, and gives the
 * additional core back once utilisation is under that by a margin of 9 % of a core for each core
 * that would stay. The margin keeps it from going up and down.
 *
 * <p><b>Where we differ.</b> The thresholds go to the next policy by name ({@code threshold.1},
 * ...), so that replacing this policy by its newer version forgets nothing. After each change one
 * interval is left out, because its figures are of both numbers of cores. Threads that were refused
 * for want of a context also ask for a core, whatever the load factor: it is how one that wants a
 * core for itself gets it when there is only one. Ordinary threads may go to all cores, exclusive
 * ones to all but the first; the runtime keeps ordinary threads off a core that is taken.
 *
 * <p>Threads: {@link #configure} any, the rest the policy's own.
 */
public class LoadFactorPolicy implements CorePolicy {
    private static final String THRESHOLD = "threshold.";
    private static final double UTILISATION_LEAST = 0.01;

    private volatile LoadFactorOptions options;
    private volatile CoreSet all = CoreSet.EMPTY;
    private volatile CoreSet exclusive = CoreSet.EMPTY;
    private final TreeMap<Integer, Double> outgrownAt = new TreeMap<>();
    private CoreControl control;
    private int coresBefore;

    /** A policy that works when it is started. */
    public LoadFactorPolicy(LoadFactorOptions options) {
        this.options = options;
    }

    /** Takes other settings, from the next decision on. */
    public final void configure(LoadFactorOptions newOptions) {
        options = newOptions;
    }

    @Override
    public void start(CoreControl newControl, PolicyState handover) {
        control = newControl;
        outgrownAt.clear();
        handover.values()
                .forEach(
                        (name, value) -> {
                            if (name.matches("threshold\\.\\d{1,6}")) {
                                int cores = Integer.parseInt(name.substring(THRESHOLD.length()));
                                outgrownAt.put(cores, value);
                            }
                        });
        show(newControl.held());
        coresBefore = all.size();
    }

    @Override
    public PolicyState stop() {
        Map<String, Double> values = new HashMap<>();
        outgrownAt.forEach((cores, utilisation) -> values.put(THRESHOLD + cores, utilisation));
        return new PolicyState(values);
    }

    @Override
    public void coreAvailable(int core) {
        show(all.with(core));
    }

    @Override
    public void coreUnavailable(int core) {
        show(all.without(core));
    }

    private void show(CoreSet cores) {
        all = cores;
        exclusive = cores.size() < 2 ? CoreSet.EMPTY : cores.without(cores.get(0));
    }

    @Override
    public CoreSet cores(int threadClass) {
        return threadClass == ThreadRuntime.EXCLUSIVE ? exclusive : all;
    }

    @Override
    public CoreRequest decide(LoadSample sample) {
        LoadFactorOptions now = options;
        int cores = sample.coresHeld();
        boolean changed = cores != coresBefore;
        coresBefore = cores;
        if (changed) {
            return request(cores, now, "waits one interval, the number of cores has just changed");
        }
        if (cores < control.coresMax()) {
            if (sample.loadFactor() > now.loadFactorMax()) {
                return grow(
                        sample,
                        now,
                        format(
                                "load factor %.2f over %.2f",
                                sample.loadFactor(), now.loadFactorMax()));
            }
            if (sample.rejects() > 0) {
                return grow(sample, now, format("%d threads found no context", sample.rejects()));
            }
        }
        if (cores > control.coresMin()) {
            double least = leastFor(cores, now);
            if (sample.utilisedCores() < least) {
                return request(
                        cores - 1,
                        now,
                        format("%.2f cores busy, under %.2f", sample.utilisedCores(), least));
            }
        }
        return request(
                cores,
                now,
                format(
                        "load factor %.2f and %.2f cores busy suit %d core%s",
                        sample.loadFactor(), sample.utilisedCores(), cores, cores == 1 ? "" : "s"));
    }

    /** The utilisation under which {@code cores} are one too many. */
    private double leastFor(int cores, LoadFactorOptions now) {
        double outgrown = outgrownAt.getOrDefault(cores - 1, 0.0);
        return Math.max(UTILISATION_LEAST, outgrown - now.hysteresis() * (cores - 1));
    }

    private CoreRequest grow(LoadSample sample, LoadFactorOptions now, String reason) {
        outgrownAt.put(sample.coresHeld(), sample.utilisedCores());
        return request(sample.coresHeld() + 1, now, reason);
    }

    private static CoreRequest request(int cores, LoadFactorOptions now, String reason) {
        return CoreRequest.of(cores, now.intervalNanos(), reason);
    }

    private static String format(String sentence, Object... figures) {
        return String.format(Locale.ROOT, sentence, figures);
    }

    @Override
    public IdleBudget idle() {
        return options.idle();
    }
}
