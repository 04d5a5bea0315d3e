package io.silkstone.benchmarks;

import io.silkstone.benchmarks.cleaner.CleanerBenchmark;
import io.silkstone.benchmarks.kv.KvBenchmark;
import io.silkstone.benchmarks.migration.MigrationBenchmark;
import io.silkstone.benchmarks.migration.SoakBenchmark;
import io.silkstone.benchmarks.recovery.RecoveryBenchmark;
import io.silkstone.benchmarks.redis.RedisBenchmark;
import io.silkstone.benchmarks.scale.ScaleBenchmark;
import io.silkstone.benchmarks.swap.SwapBenchmark;
import io.silkstone.benchmarks.threads.ThreadsBenchmark;
import io.silkstone.benchmarks.write.WriteBenchmark;
import io.silkstone.harness.Workplace;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code ./silkstone bench NAME [--quick] [--soak]}; {@code --soak} means the benchmark NAME-soak.
 * Exit status: 0 when it measured, 1 when it failed, 2 when it was called wrongly.
 */
public final class Main {
    private static final List<Benchmark> BENCHMARKS =
            List.of(
                    new RedisBenchmark(),
                    new WriteBenchmark(),
                    new SwapBenchmark(),
                    new CleanerBenchmark(),
                    new KvBenchmark(),
                    new ScaleBenchmark(),
                    new MigrationBenchmark(),
                    new SoakBenchmark(),
                    new RecoveryBenchmark(),
                    new ThreadsBenchmark());

    private Main() {}

    /** Runs the benchmark that {@code arguments} name. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    private static int run(String[] arguments) {
        List<String> names = new ArrayList<>(List.of(arguments));
        boolean quick = names.remove("--quick");
        if (names.remove("--soak")) {
            names.replaceAll(name -> name + "-soak");
        }
        Benchmark benchmark = names.size() == 1 ? find(names.get(0)) : null;
        if (benchmark == null) {
            System.err.println("usage: silkstone bench NAME [--quick], where NAME is one of");
            for (Benchmark each : BENCHMARKS) {
                System.err.printf("  %-9s %s%n", each.name(), each.description());
            }
            return 2;
        }
        try (Workplace workplace = new Workplace("bench-" + benchmark.name())) {
            benchmark.run(new Setting(quick, workplace, System.out));
            return 0;
        } catch (BenchmarkFailed e) {
            System.err.println("bench " + benchmark.name() + " failed: " + e.getMessage());
            return 1;
        } catch (Exception e) {
            e.printStackTrace();
            return 1;
        }
    }

    private static Benchmark find(String name) {
        for (Benchmark each : BENCHMARKS) {
            if (each.name().equals(name)) {
                return each;
            }
        }
        return null;
    }
}
