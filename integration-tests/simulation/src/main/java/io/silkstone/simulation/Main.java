package io.silkstone.simulation;

import io.silkstone.simulation.Shrinking.Shrunk;
import io.silkstone.simulation.cluster.ClusterScenario;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Runs scenarios under many seeds: {@code simulate [--seed N] [--runs K] [--scenario NAME]}, where
 * NAME is one that is built in, that of a file that is shipped, or the path of a file. Ends with
 * the line {@code RESULT simulate runs=K failed=F} and with 0 when no run failed; prints the seeds
 * of those that did, and of the first a short trace.
 */
public final class Main {
    private static final List<ScenarioKind> KINDS =
            List.of(StoreScenario.KIND, ClusterScenario.KIND);
    private static final int RUNS_DEFAULT = 200;
    private static final int CALLED_WRONGLY = 2;

    /** The others are most often the same, and can be replayed by their seeds. */
    private static final int SHRUNK_MAX = 1;

    private static final long SHRINKING_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

    private static final Logger SILENT = Logger.getLogger("io.silkstone");

    private final PrintStream out;
    private final PrintStream err;
    private final Catalogue catalogue;
    private final Map<String, Long> coverage = new TreeMap<>();
    private long operations;
    private int failed;

    private Main(PrintStream out, PrintStream err, List<ScenarioKind> kinds) {
        this.out = out;
        this.err = err;
        catalogue = new Catalogue(kinds);
    }

    /** The program. */
    public static void main(String[] arguments) {
        // What nodes say while everything befalls them is of no use by the thousand.
        SILENT.setLevel(Level.OFF);
        System.exit(new Main(System.out, System.err, KINDS).run(List.of(arguments)));
    }

    static int run(PrintStream out, PrintStream err, String... arguments) {
        return run(out, err, KINDS, arguments);
    }

    static int run(
            PrintStream out, PrintStream err, List<ScenarioKind> kinds, String... arguments) {
        return new Main(out, err, kinds).run(List.of(arguments));
    }

    private int run(List<String> arguments) {
        Map<String, String> options = new TreeMap<>();
        long seed = System.nanoTime() & 0xffff_ffffL;
        int runs;
        List<Scenario> scenarios;
        try {
            read(arguments, options);
            seed = number(options, "--seed", seed, Long.MAX_VALUE);
            boolean replay = options.containsKey("--seed");
            runs = (int) number(options, "--runs", replay ? 1 : RUNS_DEFAULT, 100_000_000);
            if (runs == 0) {
                throw new IllegalArgumentException("--runs must be at least 1.");
            }
            String wanted = options.get("--scenario");
            scenarios = wanted == null ? catalogue.builtIn() : List.of(catalogue.find(wanted));
        } catch (IllegalArgumentException refusal) {
            err.println("silkstone: " + refusal.getMessage());
            return CALLED_WRONGLY;
        }
        long began = System.nanoTime();
        for (int run = 0; run < runs; run++) {
            play(scenarios.get(run % scenarios.size()), seed + run);
        }
        report(runs, (System.nanoTime() - began) / 1e9);
        return failed == 0 ? 0 : 1;
    }

    private static void read(List<String> arguments, Map<String, String> options) {
        List<String> words = List.of("--seed", "--runs", "--scenario");
        for (int index = 0; index < arguments.size(); index += 2) {
            String option = arguments.get(index);
            if (!words.contains(option)) {
                throw new IllegalArgumentException(
                        "simulate takes " + String.join(", ", words) + ", not " + option + ".");
            }
            if (index + 1 == arguments.size()) {
                throw new IllegalArgumentException(option + " needs a value.");
            }
            options.put(option, arguments.get(index + 1));
        }
    }

    private static long number(
            Map<String, String> options, String option, long otherwise, long most) {
        String text = options.get(option);
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("[0-9]{1,18}") || Long.parseLong(text) > most) {
            throw new IllegalArgumentException(
                    option + " must be a number from 0 to " + most + ", was " + text + ".");
        }
        return Long.parseLong(text);
    }

    private void play(Scenario scenario, long seed) {
        Performance performance = Performance.of(scenario, seed, Script.whole());
        Report report = performance.report();
        operations += report.operations();
        report.coverage().forEach((what, count) -> coverage.merge(what, count, Long::sum));
        if (!report.passed()) {
            failed++;
            out.println("failed: --scenario " + word(scenario.name()) + " --seed " + seed);
            report.violations().forEach(violation -> out.println("    " + violation));
            if (failed <= SHRUNK_MAX) {
                shrink(scenario, seed, performance);
            }
        }
    }

    /** As it has to be typed in a shell. */
    private static String word(String name) {
        return name.matches("[\\w./-]+") ? name : "'" + name.replace("'", "'\\''") + "'";
    }

    private void shrink(Scenario scenario, long seed, Performance performance) {
        Shrunk shrunk =
                Shrinking.of(scenario, seed, performance, System::nanoTime, SHRINKING_NANOS_MAX);
        Performance shortest = shrunk.performance();
        out.printf(
                Locale.ROOT,
                "  It still fails with %d of its %d operations and faults (%d runs):%n",
                shortest.script().parts().size(),
                shrunk.partsBefore(),
                shrunk.runs());
        shortest.report().violations().forEach(violation -> out.println("    " + violation));
        if (shortest.script().history() != null) {
            Trace.of(shortest.script().history(), shortest.report().keys())
                    .forEach(line -> out.println("  " + line));
        }
    }

    private void report(int runs, double seconds) {
        out.printf(Locale.ROOT, "%12s  %s%n", "TIMES", "WHAT HAPPENED");
        coverage.forEach(
                (what, count) ->
                        out.printf(
                                Locale.ROOT,
                                "%12s  %s%n",
                                count == 0 ? "never" : String.format(Locale.ROOT, "%,d", count),
                                what));
        out.printf(
                Locale.ROOT,
                "%,d operations, %.0f runs a minute%n",
                operations,
                runs * 60 / Math.max(seconds, 1e-9));
        out.printf(Locale.ROOT, "RESULT simulate runs=%d failed=%d%n", runs, failed);
    }
}
