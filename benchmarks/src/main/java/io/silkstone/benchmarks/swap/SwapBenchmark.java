package io.silkstone.benchmarks.swap;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.load.LoadClient;
import io.silkstone.benchmarks.load.Tally;
import io.silkstone.benchmarks.load.Workload;
import io.silkstone.benchmarks.measure.Affinity;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.benchmarks.operator.ControlSession;
import io.silkstone.harness.NodeProcess;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;

/**
 * Core policies are swapped while a node serves all that its clients can ask.
 *
 * <p>Connections that each own their keys read and write without a pause and check every reply. A
 * window in which an operator swaps alternates with one of the same length in which nobody does:
 * what a swap costs shows in the ratio of the two. Then a bundle is installed and removed a
 * thousand times in the same node, and each class loader that stays behind is a leak.
 */
public final class SwapBenchmark implements Benchmark {
    private static final int CONNECTIONS = 16;
    private static final int PIPELINE = 4;
    private static final int KEYS = 160_000;
    private static final int WRITE_PERCENT = 20;
    private static final long WINDOW_NANOS_MIN = 1_000_000_000;
    private static final long FILL_NANOS_MAX = 60_000_000_000L;
    private static final long WINDOW_NANOS_MAX = 120_000_000_000L;

    /** Of ten swaps; a stop and the start after it are two. */
    private static final List<SwapWay> WINDOW =
            List.of(
                    SwapWay.COMMAND,
                    SwapWay.COMMAND,
                    SwapWay.STOP,
                    SwapWay.STOP,
                    SwapWay.CONFIGURATION,
                    SwapWay.COMMAND,
                    SwapWay.UPGRADE,
                    SwapWay.COMMAND,
                    SwapWay.STOP,
                    SwapWay.STOP);

    private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    private final Series series = new Series();
    private final Tally quiet = new Tally();
    private final Tally swapping = new Tally();
    private int swaps;

    /** Of a node, started by the script. */
    public SwapBenchmark() {}

    @Override
    public String name() {
        return "swap";
    }

    @Override
    public String description() {
        return "core policies swapped under full load: failures, losses, latency, leaks";
    }

    @Override
    public void run(Setting setting) throws Exception {
        try (NodeProcess node = NodeProcess.start(setting.workplace(), List.of(), Map.of());
                ControlSession session = new ControlSession(node.home());
                LoadClient client = new LoadClient(node.port(), CONNECTIONS, PIPELINE)) {
            SwapWay.Operator operator = new SwapWay.Operator(session, node.home());
            check(client.run(Workload.fill(KEYS), FILL_NANOS_MAX));
            Workload workload = Workload.owned(CONNECTIONS, KEYS, WRITE_PERCENT, random);
            setting.say("warming up");
            check(client.run(workload, setting.choose(10, 4) * 1_000_000_000L));
            for (SwapWay way : SwapWay.values()) {
                way.swap(operator);
            }
            operator.finish();

            Rounds rounds = new Rounds(setting);
            // Every round, however long it takes: the claim is about a number of swaps.
            rounds.interleaveAll(
                    setting.choose(20, 3), List.of(() -> round(client, workload, operator)));
            operator.finish();
            setting.say("%s", table());

            LeakCheck leaks = new LeakCheck(node, session);
            int cycles = setting.choose(1_000, 50);
            setting.say("installing and removing a policy bundle %d times", cycles);
            long leaked = leaks.run(cycles);
            print(setting, rounds, cycles, leaked);
        }
    }

    /** One window with swaps and one of the same length without. */
    private void round(LoadClient client, Workload workload, SwapWay.Operator operator)
            throws Exception {
        long start = System.nanoTime();
        FutureTask<Void> swapper = new FutureTask<>(swapsOfOneWindow(operator));
        Thread thread = new Thread(swapper, "bench-operator");
        thread.setDaemon(true);
        thread.start();
        Tally during = new Tally();
        while (!swapper.isDone() || System.nanoTime() - start < WINDOW_NANOS_MIN) {
            during.add(client.run(workload, WINDOW_NANOS_MIN / 4));
            if (System.nanoTime() - start > WINDOW_NANOS_MAX) {
                throw new BenchmarkFailed("ten swaps took longer than two minutes");
            }
        }
        swapper.get();
        Tally without = new Tally();
        for (long left = System.nanoTime() - start; left > 0; left -= WINDOW_NANOS_MIN / 4) {
            without.add(client.run(workload, WINDOW_NANOS_MIN / 4));
        }
        series.add("swapping_p999_ms", during.millis(99.9));
        series.add("quiet_p999_ms", without.millis(99.9));
        swapping.add(during);
        quiet.add(without);
    }

    private Callable<Void> swapsOfOneWindow(SwapWay.Operator operator) {
        return () -> {
            Affinity.stepBack();
            for (SwapWay way : WINDOW) {
                way.swap(operator);
                swaps++;
            }
            return null;
        };
    }

    private Table table() {
        Table table =
                new Table(
                        "window",
                        "requests",
                        "per second",
                        "p50 ms",
                        "p99 ms",
                        "p99.9 ms",
                        "max ms");
        row(table, "with swaps", swapping);
        row(table, "without", quiet);
        return table;
    }

    private static void row(Table table, String name, Tally tally) {
        table.row(
                name,
                String.format(Locale.ROOT, "%,d", tally.requests()),
                String.format(Locale.ROOT, "%,.0f", tally.perSecond()),
                String.format(Locale.ROOT, "%.3f", tally.millis(50)),
                String.format(Locale.ROOT, "%.3f", tally.millis(99)),
                String.format(Locale.ROOT, "%.3f", tally.millis(99.9)),
                String.format(Locale.ROOT, "%.3f", tally.millis(100)));
    }

    private void print(Setting setting, Rounds rounds, int cycles, long leaked)
            throws BenchmarkFailed {
        series.addRatios("p999_ratio", "swapping_p999_ms", "quiet_p999_ms");
        long failed = swapping.failed() + quiet.failed();
        long lost = swapping.lost() + quiet.lost();
        ResultLine result = new ResultLine(name());
        result.put("swaps", swaps);
        result.put("failed", failed);
        result.put("lost", lost);
        result.put("p999_ratio", swapping.millis(99.9) / quiet.millis(99.9));
        result.put("p999_ratio_median", series.median("p999_ratio"));
        result.put("swapping_p999_ms", swapping.millis(99.9));
        result.put("quiet_p999_ms", quiet.millis(99.9));
        result.put("swapping_per_second", swapping.perSecond());
        result.put("quiet_per_second", quiet.perSecond());
        result.put("cycles", cycles);
        result.put("leaked", leaked);
        rounds.addTo(result);
        setting.say("%s", result);
        check(swapping);
        check(quiet);
        if (leaked > 0) {
            throw new BenchmarkFailed(leaked + " class loaders stayed behind");
        }
    }

    private static void check(Tally tally) throws BenchmarkFailed {
        if (tally.failed() + tally.lost() > 0) {
            throw new BenchmarkFailed(
                    tally.failed()
                            + " requests failed and "
                            + tally.lost()
                            + " were lost; the first: "
                            + tally.firstFailure());
        }
    }
}
