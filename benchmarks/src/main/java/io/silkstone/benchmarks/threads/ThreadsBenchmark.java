package io.silkstone.benchmarks.threads;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.measure.Affinity;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What user threads cost: creating one on another core, creating and joining, yielding, waking;
 * beside the JDK's virtual threads in the same JVM.
 *
 * <p>Arachne's paper gives 320 ns for a creation on another core, in C++ on hardware of its own.
 * All figures contain two readings of the clock, some 40 ns together; yields and wake-ups are means
 * of a hundred.
 */
public final class ThreadsBenchmark implements Benchmark {
    private static final long NANOS_MAX = 10_000_000_000L;

    private final Series series = new Series();

    /** Of the runtime alone, without framework. */
    public ThreadsBenchmark() {}

    /** What is measured. */
    private enum Act {
        CREATE("create", "create on another core") {
            @Override
            void measure(Rival rival, Histogram latencies, long deadline)
                    throws InterruptedException {
                rival.create(latencies, deadline);
            }
        },
        CREATE_AND_JOIN("create_join", "create and join") {
            @Override
            void measure(Rival rival, Histogram latencies, long deadline)
                    throws InterruptedException {
                rival.createAndJoin(latencies, deadline);
            }
        },
        YIELD("yield", "yield") {
            @Override
            void measure(Rival rival, Histogram latencies, long deadline)
                    throws InterruptedException {
                rival.yieldToOthers(latencies, deadline);
            }
        },
        WAKE("wake", "wake and run") {
            @Override
            void measure(Rival rival, Histogram latencies, long deadline)
                    throws InterruptedException {
                rival.wake(latencies, deadline);
            }
        };

        private final String key;
        private final String description;

        Act(String key, String description) {
            this.key = key;
            this.description = description;
        }

        abstract void measure(Rival rival, Histogram latencies, long deadline)
                throws InterruptedException;
    }

    @Override
    public String name() {
        return "threads";
    }

    @Override
    public String description() {
        return "create, join, yield and wake user threads, beside the JDK's virtual threads";
    }

    @Override
    public void run(Setting setting) throws Exception {
        long trialNanos = setting.choose(500, 150) * 1_000_000L;
        try (ArachneRival ours = new ArachneRival(Affinity.processors());
                VirtualThreadsRival virtual = new VirtualThreadsRival(Affinity.processors())) {
            setting.say("silkstone's threads are %s", ours.mode());
            List<Rival> rivals = List.of(ours, virtual);
            List<Rounds.Trial> trials = new ArrayList<>();
            for (Act act : Act.values()) {
                for (Rival rival : rivals) {
                    // The first half second runs interpreted.
                    measure(act, rival, trialNanos);
                    trials.add(
                            () -> {
                                Histogram latencies = measure(act, rival, trialNanos);
                                if (latencies.getTotalCount() > 0) {
                                    record(rival.key() + act.key, latencies);
                                }
                            });
                }
            }
            Rounds rounds = new Rounds(setting);
            rounds.interleave(setting.choose(9, 3), trials);
            print(setting, rivals, rounds);
        }
    }

    private static Histogram measure(Act act, Rival rival, long nanos) throws InterruptedException {
        Histogram latencies = new Histogram(NANOS_MAX, 3);
        latencies.setAutoResize(true);
        act.measure(rival, latencies, System.nanoTime() + nanos);
        return latencies;
    }

    private void record(String key, Histogram latencies) {
        series.add(key + "_p50_ns", latencies.getValueAtPercentile(50));
        series.add(key + "_p99_ns", latencies.getValueAtPercentile(99));
    }

    private void print(Setting setting, List<Rival> rivals, Rounds rounds) {
        Table table = new Table("what", "rival", "p50 ns [lowest-highest round]", "p99 ns");
        ResultLine result = new ResultLine(name());
        for (Act act : Act.values()) {
            for (Rival rival : rivals) {
                String key = rival.key() + act.key;
                if (!series.has(key + "_p50_ns")) {
                    table.row(act.description, rival.name(), "never on another core", "-");
                    continue;
                }
                Series.Spread spread = series.spread(key + "_p50_ns");
                table.row(
                        act.description,
                        rival.name(),
                        String.format(
                                Locale.ROOT,
                                "%.0f [%.0f-%.0f]",
                                spread.median(),
                                spread.lowest(),
                                spread.highest()),
                        String.format(Locale.ROOT, "%.0f", series.median(key + "_p99_ns")));
                result.put(key + "_p50_ns", spread.median());
                result.put(key + "_p99_ns", series.median(key + "_p99_ns"));
            }
            String virtual = "virtual_" + act.key + "_p50_ns";
            if (series.has(virtual) && series.has(act.key + "_p50_ns")) {
                series.addRatios(act.key + "_ratio", act.key + "_p50_ns", virtual);
                result.put(act.key + "_ratio", series.median(act.key + "_ratio"));
            }
        }
        rounds.addTo(result);
        setting.say("%n%s", table);
        setting.say("%s", result);
    }
}
