package io.silkstone.benchmarks.redis;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.load.Tally;
import io.silkstone.benchmarks.measure.Affinity;
import io.silkstone.benchmarks.measure.Compilers;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.ServerProcess;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A node beside redis-server: GET and SET of 100-byte values under 30-byte keys, 50 connections,
 * pipeline 1 and 16.
 *
 * <p>Each server is bound to processor 0 and whoever asks to processor 1, one server at a time
 * while the others idle; every round asks every server for everything. Two clients ask.
 * redis-benchmark is what everybody uses, but at pipeline 1 it keeps its own processor busy and so
 * measures how fast it is woken; the lean client of {@link io.silkstone.benchmarks.load} needs less
 * and checks every reply. The CPU time that a server's process uses per request does not depend on
 * the client's speed: it is the honest second figure.
 */
public final class RedisBenchmark implements Benchmark {
    /** Connections of either client. */
    static final int CONNECTIONS = 50;

    private static final int[] PIPELINES = {1, 16};
    private static final long WARM_UP_NANOS = 250_000_000;

    /** A warm-up asks for one part in so many of what a round asks for. */
    private static final int WARM_UP_SHARE = 4;

    /** The part of the processor that a JVM's compilers may take when it counts as warm. */
    private static final double COMPILERS_QUIET = 0.003;

    private static final String OURS = "";
    private static final String REDIS = "redis_";
    private static final String REDIS_HUGE = "redis_huge_";

    private final Starter ours;
    private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    private final Series series = new Series();
    private final List<Contender> contenders = new ArrayList<>();
    private Setting setting;
    private Optional<RedisBenchmarkTool> tool = Optional.empty();
    private int keys;

    /** Starts the server that the others are compared with. */
    @FunctionalInterface
    interface Starter {
        ServerProcess start(Workplace workplace, List<String> prefix) throws Exception;
    }

    /** Of a node, started by the script. */
    public RedisBenchmark() {
        this((workplace, prefix) -> NodeProcess.start(workplace, prefix, Map.of()));
    }

    /** Of what {@code ours} starts; Redis beside itself must give ratios of 1. */
    RedisBenchmark(Starter ours) {
        this.ours = ours;
    }

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public String description() {
        return "GET and SET beside redis-server: throughput, latency, CPU time, memory";
    }

    @Override
    public void run(Setting given) throws Exception {
        setting = given;
        keys = setting.choose(1_000_000, 200_000);
        List<String> clientPrefix = Affinity.prefix(1);
        tool =
                RedisBenchmarkTool.find()
                        .map(
                                each ->
                                        new RedisBenchmarkTool(
                                                setting.workplace(), each, clientPrefix));
        if (tool.isEmpty()) {
            setting.say(
                    "redis-benchmark is not installed (redis-tools): only the lean client asks.");
        }
        if (clientPrefix.isEmpty()) {
            setting.say("Processes cannot be bound to processors here: servers and clients roam.");
        }
        startServers();
        warmUp();

        List<Rounds.Trial> trials = new ArrayList<>();
        for (int pipeline : PIPELINES) {
            for (Request request : Request.values()) {
                for (Contender contender : contenders) {
                    trials.add(() -> measure(contender, request, pipeline));
                }
            }
        }
        Rounds rounds = new Rounds(setting);
        rounds.interleave(setting.choose(9, 3), trials);
        print(rounds);
    }

    private void startServers() throws Exception {
        setting.say("filling each server with %,d objects", keys);
        List<String> prefix = Affinity.prefix(0);
        add(OURS, ours.start(setting.workplace(), prefix));
        if (RedisProcess.tool().isEmpty()) {
            setting.say("redis-server is not installed: our figures stand alone, without ratios.");
            return;
        }
        add(REDIS, RedisProcess.start(setting.workplace(), "redis", prefix, List.of()));
        if (setting.quick()) {
            return;
        }
        // Huge pages: Redis must be told not to forbid them, and its allocator to ask for them.
        List<String> huge = new ArrayList<>(List.of("env", "MALLOC_CONF=thp:always"));
        huge.addAll(prefix);
        add(
                REDIS_HUGE,
                RedisProcess.start(
                        setting.workplace(),
                        "redis, huge pages",
                        huge,
                        List.of("--disable-thp", "no")));
    }

    private void add(String key, ServerProcess server) throws IOException, BenchmarkFailed {
        contenders.add(Contender.fill(key, server, keys));
    }

    /**
     * Has both clients ask each server for everything, a JVM until its compilers are quiet: while
     * they work they share the one processor with the requests, some milliseconds at a time.
     */
    private void warmUp() throws Exception {
        for (Contender contender : contenders) {
            long start = System.nanoTime();
            double share;
            do {
                Compilers before = contender.compilers();
                long began = System.nanoTime();
                for (int pipeline : PIPELINES) {
                    for (Request request : Request.values()) {
                        ask(contender, request, pipeline, WARM_UP_NANOS);
                        askWithTool(contender, request, pipeline, WARM_UP_SHARE);
                    }
                }
                double lasted = (System.nanoTime() - began) / 1e9;
                share = contender.compilers().secondsSince(before) / lasted;
            } while (share > COMPILERS_QUIET
                    && System.nanoTime() - start < setting.choose(60, 8) * 1_000_000_000L);
            if (share > 0) {
                setting.say(
                        "%s: after %d s of warming up its compilers take %.1f %% of the processor",
                        contender.server().name(),
                        (System.nanoTime() - start) / 1_000_000_000,
                        share * 100);
            }
        }
    }

    private Tally ask(Contender contender, Request request, int pipeline, long nanos)
            throws Exception {
        return Affinity.callOn(1, () -> contender.ask(request, pipeline, keys, random, nanos));
    }

    private void measure(Contender contender, Request request, int pipeline) throws Exception {
        String key = key(contender, request, pipeline);
        double cpuBefore = contender.cpuSeconds();
        long nanos = setting.choose(1_000, 400) * 1_000_000L;
        Tally tally = ask(contender, request, pipeline, nanos);
        double cpu = contender.cpuSeconds() - cpuBefore;
        series.add(key + "lean_per_second", tally.perSecond());
        series.add(key + "lean_p50_ms", tally.millis(50));
        series.add(key + "lean_p99_ms", tally.millis(99));
        series.add(key + "lean_p999_ms", tally.millis(99.9));
        series.add(key + "cpu_us", cpu * 1e6 / tally.requests());
        Optional<RedisBenchmarkTool.Report> report = askWithTool(contender, request, pipeline, 1);
        if (report.isPresent()) {
            series.add(key + "per_second", report.get().perSecond());
            series.add(key + "p50_ms", report.get().p50Millis());
            series.add(key + "p99_ms", report.get().p99Millis());
            series.add(key + "p999_ms", report.get().p999Millis());
        }
    }

    /** Has redis-benchmark, when it is there, ask for one part in {@code share} of a round's. */
    private Optional<RedisBenchmarkTool.Report> askWithTool(
            Contender contender, Request request, int pipeline, int share) throws Exception {
        if (tool.isEmpty()) {
            return Optional.empty();
        }
        int requests =
                pipeline == 1 ? setting.choose(80_000, 30_000) : setting.choose(600_000, 200_000);
        int port = contender.server().port();
        return Optional.of(tool.get().run(port, request, pipeline, keys / 2, requests / share));
    }

    private void print(Rounds rounds) {
        setting.say("");
        setting.say(
                "medians; lowest and highest round in brackets;"
                        + " CPU time is the server's, all threads");
        Table table =
                new Table(
                        "request, pipeline, server",
                        "redis-benchmark/s",
                        "p50 ms",
                        "p99 ms",
                        "p99.9 ms",
                        "lean client/s",
                        "p50 ms",
                        "p99 ms",
                        "p99.9 ms",
                        "CPU us");
        ResultLine result = new ResultLine(name());
        for (int pipeline : PIPELINES) {
            for (Request request : Request.values()) {
                for (Contender contender : contenders) {
                    row(table, contender, request, pipeline);
                }
                addTo(result, request, pipeline);
            }
        }
        setting.say("%s", table);
        if (series.has("get_p1_lean_ratio")) {
            setting.say("over redis, median of the rounds' ratios [lowest-highest]%n%s", ratios());
        }
        for (Contender contender : contenders) {
            setting.say(
                    "%s: %.1f bytes of used_memory per object at %,d objects",
                    contender.server().name(), contender.bytesPerObject(), keys);
            result.put(contender.key() + "bytes_per_object", contender.bytesPerObject());
        }
        rounds.addTo(result);
        setting.say("%s", result);
    }

    private Table ratios() {
        Table table =
                new Table(
                        "request, pipeline",
                        "redis-benchmark/s",
                        "p99.9",
                        "lean client/s",
                        "p99.9",
                        "CPU");
        for (int pipeline : PIPELINES) {
            for (Request request : Request.values()) {
                String label = request.key() + "_p" + pipeline + "_";
                table.row(
                        request + " p" + pipeline,
                        spread(label + "ratio"),
                        spread(label + "p999_ratio"),
                        spread(label + "lean_ratio"),
                        spread(label + "lean_p999_ratio"),
                        spread(label + "cpu_ratio"));
            }
        }
        return table;
    }

    private void row(Table table, Contender contender, Request request, int pipeline) {
        String key = key(contender, request, pipeline);
        table.row(
                request + " p" + pipeline + " " + contender.server().name(),
                thousands(key + "per_second"),
                millis(key + "p50_ms"),
                millis(key + "p99_ms"),
                millis(key + "p999_ms"),
                thousands(key + "lean_per_second"),
                millis(key + "lean_p50_ms"),
                millis(key + "lean_p99_ms"),
                millis(key + "lean_p999_ms"),
                millis(key + "cpu_us"));
    }

    private void addTo(ResultLine result, Request request, int pipeline) {
        String label = request.key() + "_p" + pipeline + "_";
        for (Contender contender : contenders) {
            String key = key(contender, request, pipeline);
            for (String figure : List.of("per_second", "p999_ms", "lean_per_second", "cpu_us")) {
                if (series.has(key + figure)) {
                    result.put(key + figure, series.median(key + figure));
                }
            }
        }
        ratio(result, label, "", "per_second", "ratio");
        ratio(result, label, "", "p999_ms", "p999_ratio");
        ratio(result, label, "lean_", "per_second", "lean_ratio");
        ratio(result, label, "lean_", "p999_ms", "lean_p999_ratio");
        ratio(result, label, "", "cpu_us", "cpu_ratio");
        if (series.has(REDIS_HUGE + label + "per_second")) {
            series.addRatios(
                    label + "huge_ratio", label + "per_second", REDIS_HUGE + label + "per_second");
            result.put(label + "huge_ratio", series.median(label + "huge_ratio"));
        }
    }

    private void ratio(ResultLine result, String label, String client, String figure, String name) {
        String ours = label + client + figure;
        String redis = REDIS + label + client + figure;
        if (series.has(ours) && series.has(redis)) {
            series.addRatios(label + name, ours, redis);
            result.put(label + name, series.median(label + name));
        }
    }

    private static String key(Contender contender, Request request, int pipeline) {
        return contender.key() + request.key() + "_p" + pipeline + "_";
    }

    private String thousands(String name) {
        if (!series.has(name)) {
            return "-";
        }
        Series.Spread spread = series.spread(name);
        return String.format(
                Locale.ROOT,
                "%.1f k [%.0f-%.0f]",
                spread.median() / 1e3,
                spread.lowest() / 1e3,
                spread.highest() / 1e3);
    }

    private String spread(String name) {
        if (!series.has(name)) {
            return "-";
        }
        Series.Spread spread = series.spread(name);
        return String.format(
                Locale.ROOT,
                "%.2f [%.2f-%.2f]",
                spread.median(),
                spread.lowest(),
                spread.highest());
    }

    private String millis(String name) {
        return series.has(name) ? String.format(Locale.ROOT, "%.2f", series.median(name)) : "-";
    }
}
