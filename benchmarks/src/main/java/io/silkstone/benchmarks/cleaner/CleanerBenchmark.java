package io.silkstone.benchmarks.cleaner;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * Random overwrites while 50, 80, 90 and 95 per cent of the memory are alive.
 *
 * <p>The fuller a log-structured memory is, the more live data the cleaner has to copy for each
 * byte that it wins. What that costs is the throughput at each share over that at 50 per cent; that
 * it works at all is that no write is answered with OUT_OF_MEMORY below 95 per cent. The stores are
 * open side by side in this JVM and take turns. Share of memory means live entries of the log and
 * hash tables, of all memory that the store has.
 */
public final class CleanerBenchmark implements Benchmark {
    private static final int[] USE_PERCENT = {50, 80, 90, 95};

    /** Up to this share no write may be refused. */
    private static final int REFUSALS_FROM_PERCENT = 95;

    private final Series series = new Series();

    /** Of the store alone, without gateway or framework. */
    public CleanerBenchmark() {}

    @Override
    public String name() {
        return "cleaner";
    }

    @Override
    public String description() {
        return "random overwrites at 50, 80, 90 and 95 % memory use: throughput, refusals, tail";
    }

    @Override
    public void run(Setting setting) throws Exception {
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        long memoryBytes = (long) setting.choose(1024, 256) << 20;
        long trialNanos = setting.choose(2_000, 500) * 1_000_000L;
        List<FullStore> stores = new ArrayList<>();
        try {
            List<Rounds.Trial> trials = new ArrayList<>();
            for (int usePercent : USE_PERCENT) {
                FullStore store = new FullStore(memoryBytes, usePercent, random);
                stores.add(store);
                trials.add(() -> series.add(throughput(store), store.overwrite(trialNanos)));
                setting.say("%d %%: %,d objects", usePercent, store.keys());
                // Until every byte of the log has been written over, there is nothing to clean.
                store.overwrite(2 * trialNanos);
                store.latencyNanos().reset();
            }
            Rounds rounds = new Rounds(setting);
            rounds.interleave(setting.choose(7, 3), trials);
            print(setting, stores, rounds);
        } finally {
            for (FullStore store : stores) {
                store.close();
            }
        }
    }

    private void print(Setting setting, List<FullStore> stores, Rounds rounds)
            throws BenchmarkFailed {
        Table table =
                new Table(
                        "memory use",
                        "writes/s",
                        "over 50 %",
                        "p50 us",
                        "p99 us",
                        "p99.9 us",
                        "max us",
                        "out of memory",
                        "lost");
        ResultLine result = new ResultLine(name());
        long refused = 0;
        long lost = 0;
        for (FullStore store : stores) {
            String ratio = "ratio_" + store.usePercent();
            series.addRatios(ratio, throughput(store), throughput(stores.get(0)));
            long lostHere = store.lost();
            lost += lostHere;
            refused += store.usePercent() < REFUSALS_FROM_PERCENT ? store.outOfMemory() : 0;
            table.row(
                    String.format(
                            Locale.ROOT, "%d %% (%.1f)", store.usePercent(), 100 * store.use()),
                    String.format(Locale.ROOT, "%,.0f", series.median(throughput(store))),
                    series.has(ratio)
                            ? String.format(Locale.ROOT, "%.2f", series.median(ratio))
                            : "-",
                    micros(store, 50),
                    micros(store, 99),
                    micros(store, 99.9),
                    micros(store, 100),
                    Long.toString(store.outOfMemory()),
                    Long.toString(lostHere));
            result.put(
                    "writes_" + store.usePercent() + "_per_second",
                    series.median(throughput(store)));
            if (series.has(ratio)) {
                result.put(ratio, series.median(ratio));
            }
            result.put(
                    "p999_" + store.usePercent() + "_us",
                    store.latencyNanos().getValueAtPercentile(99.9) / 1e3);
            result.put("out_of_memory_" + store.usePercent(), store.outOfMemory());
        }
        result.put("lost", lost);
        rounds.addTo(result);
        setting.say("%n%s", table);
        setting.say("%s", result);
        if (refused + lost > 0) {
            throw new BenchmarkFailed(
                    refused
                            + " writes were refused below 95 %, and "
                            + lost
                            + " objects were lost");
        }
    }

    private static String throughput(FullStore store) {
        return "writes_" + store.usePercent();
    }

    private static String micros(FullStore store, double percentile) {
        double micros = store.latencyNanos().getValueAtPercentile(percentile) / 1e3;
        return String.format(Locale.ROOT, "%.1f", micros);
    }
}
