package io.silkstone.benchmarks.redis;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Redis's own load generator. */
final class RedisBenchmarkTool {
    private static final Duration RUN_MAX = Duration.ofSeconds(90);
    private static final Pattern THROUGHPUT =
            Pattern.compile("throughput summary: ([0-9.]+) requests per second");
    private static final Pattern LATENCY =
            Pattern.compile(
                    "avg\\s+min\\s+p50\\s+p95\\s+p99\\s+max\\s+[0-9.]+\\s+[0-9.]+\\s+([0-9.]+)"
                            + "\\s+[0-9.]+\\s+([0-9.]+)");
    private static final Pattern PERCENTILE =
            Pattern.compile("([0-9.]+)% <= ([0-9.]+) milliseconds");

    private final Workplace workplace;
    private final Tool tool;
    private final List<String> prefix;

    /** Runs {@code tool} behind the words of {@code prefix}. */
    RedisBenchmarkTool(Workplace workplace, Tool tool, List<String> prefix) {
        this.workplace = workplace;
        this.tool = tool;
        this.prefix = prefix;
    }

    static Optional<Tool> find() {
        return Tool.find("redis-benchmark");
    }

    /**
     * What it reported.
     *
     * @param perSecond requests a second
     * @param p50Millis latency
     * @param p99Millis latency
     * @param p999Millis latency
     */
    record Report(double perSecond, double p50Millis, double p99Millis, double p999Millis) {}

    /** Asks {@code port} for {@code requests} requests of 50 clients on random keys. */
    Report run(int port, Request request, int pipeline, int keys, int requests)
            throws IOException, InterruptedException, BenchmarkFailed {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(
                tool.with(
                        "-h",
                        "127.0.0.1",
                        "-p",
                        Integer.toString(port),
                        "-n",
                        Integer.toString(requests),
                        "-c",
                        Integer.toString(RedisBenchmark.CONNECTIONS),
                        "-P",
                        Integer.toString(pipeline),
                        "-r",
                        Integer.toString(keys),
                        "--precision",
                        "3",
                        request.name(),
                        // It puts twelve digits for the last word, which makes 30 bytes.
                        ObjectFormat.KEY_PREFIX + "__rand_int__"));
        if (request == Request.SET) {
            command.add("x".repeat(ObjectFormat.VALUE_BYTES));
        }
        Tool.Outcome outcome = Tool.run(workplace, workplace.folder(), RUN_MAX, command);
        if (!outcome.succeeded()) {
            throw new BenchmarkFailed("redis-benchmark: " + outcome.output().strip());
        }
        return read(outcome.output());
    }

    /** Reads what it printed. */
    static Report read(String output) throws BenchmarkFailed {
        Matcher throughput = THROUGHPUT.matcher(output);
        Matcher latency = LATENCY.matcher(output);
        if (!throughput.find() || !latency.find()) {
            throw new BenchmarkFailed("redis-benchmark's report was not understood:\n" + output);
        }
        return new Report(
                Double.parseDouble(throughput.group(1)),
                Double.parseDouble(latency.group(1)),
                Double.parseDouble(latency.group(2)),
                percentile(output, 99.9));
    }

    private static double percentile(String output, double wanted) throws BenchmarkFailed {
        Matcher lines = PERCENTILE.matcher(output);
        while (lines.find()) {
            if (Double.parseDouble(lines.group(1)) >= wanted) {
                return Double.parseDouble(lines.group(2));
            }
        }
        throw new BenchmarkFailed("redis-benchmark reported no percentile " + wanted);
    }
}
