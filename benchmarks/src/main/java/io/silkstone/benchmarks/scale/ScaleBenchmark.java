package io.silkstone.benchmarks.scale;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.ask.Asker.Request;
import io.silkstone.benchmarks.measure.Affinity;
import io.silkstone.benchmarks.measure.Compilers;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.harness.RedisProcess;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * What an operation costs in clusters of one, two and three nodes, each a process, beside Redis
 * Clusters of as many; and in simulated clusters of up to sixteen. A cluster scales when the cost
 * of an operation does not depend on the number of nodes: CPU time of all nodes together, and
 * messages.
 *
 * <p>All servers are bound to processor 0, whoever asks to processor 1, and one cluster is asked at
 * a time. The cost is measured at the same moderate load of each node: nodes that compete for their
 * one processor would wait for each other, and wait by spinning, which is no work. Operations a
 * second, in a loop without pauses, show what one processor can do, however many nodes share it.
 */
public final class ScaleBenchmark implements Benchmark {
    private static final int[] NODES = {1, 2, 3};

    /** In one burst: so many for each node, as when applications grow with the cluster. */
    private static final int REQUESTS_PER_NODE = 32;

    /** Long enough that no node, of three on one processor, is still busy with the burst before. */
    private static final long BURST_INTERVAL_NANOS = 4_000_000;

    private static final long NANOS_MAX = 10_000_000_000L;
    private static final long WARM_UP_NANOS = 250_000_000;

    /** The part of the processor that JVMs' compilers may take when they count as warm. */
    private static final double COMPILERS_QUIET = 0.003;

    /** A JVM has but a few compilers to end, and each only after some idle seconds. */
    private static final int WINDOWS_MAX = 5;

    private static final double CPU_RATIO_MAX = 1.15;
    private static final double MESSAGES_RATIO_MAX = 1.10;
    private static final double STEPS_RATIO_MAX = 1.15;
    private static final double IDLE_PERCENT_MAX = 5;

    private final Series series = new Series();
    private final List<Contender> contenders = new ArrayList<>();
    private final Map<Contender, Double> idleMessages = new HashMap<>();
    private Setting setting;
    private int keys;

    /** Of clusters that it starts itself. */
    public ScaleBenchmark() {}

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public String description() {
        return "1, 2, 3 nodes beside Redis Cluster, 1 to 16 simulated: cost per operation";
    }

    @Override
    public void run(Setting given) throws Exception {
        setting = given;
        keys = setting.choose(100_000, 20_000);
        Rounds rounds = new Rounds(setting);
        try {
            start();
            warmUp();
            rest();
            List<Rounds.Trial> trials = new ArrayList<>();
            for (Contender contender : contenders) {
                trials.add(() -> measure(contender));
            }
            rounds.interleave(setting.choose(9, 3), trials);
        } finally {
            for (Contender each : contenders.reversed()) {
                each.close();
            }
        }
        SimulatedScale simulated = new SimulatedScale(setting.choose(5_000, 1_000));
        simulated.run();
        print(rounds, simulated);
    }

    private void start() throws Exception {
        List<String> bound = Affinity.prefix(0);
        if (bound.isEmpty()) {
            setting.say("Processes cannot be bound to processors here: servers and clients roam.");
        }
        boolean besideRedis = RedisProcess.tool().isPresent();
        if (!besideRedis) {
            setting.say("redis-server is not installed: our figures stand alone.");
        }
        for (int nodes : NODES) {
            contenders.add(Contender.silkstone(setting.workplace(), bound, nodes, keys));
            if (besideRedis) {
                contenders.add(Contender.redis(setting.workplace(), bound, nodes, keys));
            }
        }
    }

    /** Has each JVM compile what it will, at most for so long as a user would wait. */
    private void warmUp() throws Exception {
        for (Contender contender : contenders) {
            long start = System.nanoTime();
            double share;
            boolean isWarm;
            do {
                List<Compilers> before = contender.compilers();
                long began = System.nanoTime();
                for (Request request : Request.values()) {
                    ask(contender, request, WARM_UP_NANOS);
                    askAtAPace(contender, request, WARM_UP_NANOS);
                }
                double lasted = (System.nanoTime() - began) / 1e9;
                share = contender.compilerSecondsSince(before) / lasted;
                isWarm = share <= COMPILERS_QUIET && !contender.hasLostCompilersSince(before);
            } while (!isWarm && System.nanoTime() - start < setting.choose(40, 5) * 1_000_000_000L);
            if (share > 0) {
                setting.say(
                        "%s: after %d s of warming up its compilers take %.1f %% of the processor",
                        key(contender, "*"),
                        (System.nanoTime() - start) / 1_000_000_000,
                        share * 100);
            }
        }
    }

    /** Measures what nodes do while nobody asks: all of them at once, for some seconds. */
    private void rest() throws Exception {
        int count = contenders.size();
        long[] messagesBefore = new long[count];
        long[] mapsBefore = new long[count];
        for (int index = 0; index < count; index++) {
            messagesBefore[index] = contenders.get(index).messages();
            mapsBefore[index] = contenders.get(index).mapsFetched();
        }
        // To be asked for its messages costs a node time, too.
        double[] cpuBefore = cpuSeconds();
        long began = System.nanoTime();
        Thread.sleep(setting.choose(20_000, 4_000));
        double seconds = (System.nanoTime() - began) / 1e9;
        double[] cpuAfter = cpuSeconds();
        for (int index = 0; index < count; index++) {
            Contender contender = contenders.get(index);
            double percent = 100 * (cpuAfter[index] - cpuBefore[index]) / seconds;
            long messages = contender.messages() - messagesBefore[index];
            idleMessages.put(contender, messages / seconds);
            series.add(key(contender, "idle_cpu_*_percent"), percent / contender.nodes());
            series.add(key(contender, "idle_messages_*_per_second"), messages / seconds);
            series.add(
                    key(contender, "idle_maps_*_per_second"),
                    (contender.mapsFetched() - mapsBefore[index]) / seconds);
        }
    }

    private double[] cpuSeconds() throws BenchmarkFailed {
        double[] seconds = new double[contenders.size()];
        for (int index = 0; index < seconds.length; index++) {
            seconds[index] = contenders.get(index).cpuSeconds();
        }
        return seconds;
    }

    /**
     * Of one operation.
     *
     * @param cpuMicros CPU time of all nodes, without that of their JVMs' compilers
     * @param messages sent and received by all nodes; 0 where they do not count
     */
    private record Cost(double cpuMicros, double messages) {}

    private void measure(Contender contender) throws Exception {
        long mapsBefore = contender.mapsFetched();
        long began = System.nanoTime();
        Cost read = measure(contender, Request.READ);
        Cost write = measure(contender, Request.WRITE);
        double seconds = (System.nanoTime() - began) / 1e9;
        series.add(key(contender, "cpu_*_us"), (read.cpuMicros + write.cpuMicros) / 2);
        series.add(key(contender, "messages_*"), (read.messages + write.messages) / 2);
        series.add(
                key(contender, "maps_*_per_second"),
                (contender.mapsFetched() - mapsBefore) / seconds);
    }

    /** Again when a JVM ended a compiler meanwhile, whose time would count as the node's. */
    private Cost measure(Contender contender, Request request) throws Exception {
        for (int attempt = 1; attempt <= WINDOWS_MAX; attempt++) {
            List<Compilers> compilers = contender.compilers();
            Cost cost = measureOnce(contender, request, compilers);
            if (!contender.hasLostCompilersSince(compilers)) {
                return report(contender, request, cost);
            }
        }
        throw new BenchmarkFailed(
                "%s: a compiler ended in each of %d windows"
                        .formatted(key(contender, "*"), WINDOWS_MAX));
    }

    private Cost measureOnce(Contender contender, Request request, List<Compilers> compilers)
            throws Exception {
        long nanos = windowNanos();
        long messagesBefore = contender.messages();
        double cpuBefore = contender.cpuSeconds();
        long began = System.nanoTime();
        long operations = askAtAPace(contender, request, nanos).getTotalCount();
        double seconds = (System.nanoTime() - began) / 1e9;
        double cpu = contender.cpuSeconds() - cpuBefore - contender.compilerSecondsSince(compilers);
        double messages =
                contender.messages() - messagesBefore - idleMessages.get(contender) * seconds;
        if (operations == 0) {
            throw new BenchmarkFailed(key(contender, "*") + " did nothing");
        }
        return new Cost(cpu * 1e6 / operations, messages / operations);
    }

    private Cost report(Contender contender, Request request, Cost cost) throws Exception {
        String word = word(request);
        series.add(key(contender, word + "_cpu_*_us"), cost.cpuMicros);
        series.add(key(contender, word + "_messages_*"), cost.messages);
        long began = System.nanoTime();
        long operations = ask(contender, request, windowNanos() / 4).getTotalCount();
        double seconds = (System.nanoTime() - began) / 1e9;
        series.add(key(contender, word + "_*_per_second"), operations / seconds);
        return cost;
    }

    private long windowNanos() {
        return setting.choose(5, 2) * 1_000_000_000L;
    }

    /** As much as one processor can do. */
    private static Histogram ask(Contender contender, Request request, long nanos)
            throws Exception {
        return Affinity.callOn(
                1,
                () -> {
                    Histogram latencies = new Histogram(NANOS_MAX, 3);
                    contender.asker().ask(request, burst(contender), nanos, latencies);
                    return latencies;
                });
    }

    /** A burst every few milliseconds, to which each node's share is the same. */
    private static Histogram askAtAPace(Contender contender, Request request, long nanos)
            throws Exception {
        return Affinity.callOn(
                1,
                () -> {
                    Histogram latencies = new Histogram(NANOS_MAX, 3);
                    long now = System.nanoTime();
                    for (long end = now + nanos; now - end < 0; now = System.nanoTime()) {
                        contender.asker().ask(request, burst(contender), 0, latencies);
                        LockSupport.parkNanos(now + BURST_INTERVAL_NANOS - System.nanoTime());
                    }
                    return latencies;
                });
    }

    private static int burst(Contender contender) {
        return REQUESTS_PER_NODE * contender.nodes();
    }

    private static String nodes(int number) {
        return number + (number == 1 ? "_node" : "_nodes");
    }

    /** The key of {@code figure}, which has a star where the number of nodes stands. */
    private static String key(Contender contender, String figure) {
        return key(contender.prefix() + figure, contender.nodes());
    }

    private static String key(String figure, int nodes) {
        return figure.replace("*", nodes(nodes));
    }

    private static String word(Request request) {
        return request.name().toLowerCase(Locale.ROOT);
    }

    private void print(Rounds rounds, SimulatedScale simulated) {
        ResultLine result = new ResultLine(name());
        Claims claims = new Claims(result);
        boolean besideRedis = contenders.stream().anyMatch(each -> !each.countsMessages());
        for (int nodes : NODES) {
            if (nodes > 1) {
                claims.atMost(key("cpu_*_ratio", nodes), ratio("cpu_*_us", nodes), CPU_RATIO_MAX);
                claims.atMost(
                        key("messages_*_ratio", nodes),
                        ratio("messages_*", nodes),
                        MESSAGES_RATIO_MAX);
            }
        }
        int most = SimulatedScale.NODES_MAX;
        claims.atMost(
                key("sim_messages_*_ratio", most),
                simulated.of(most).messages() / simulated.of(1).messages(),
                MESSAGES_RATIO_MAX);
        claims.atMost(
                key("sim_steps_*_ratio", most),
                simulated.of(most).steps() / simulated.of(1).steps(),
                STEPS_RATIO_MAX);
        for (int nodes : NODES) {
            String key = key("idle_cpu_*_percent", nodes);
            claims.atMost(key, series.median(key), IDLE_PERCENT_MAX);
        }
        if (besideRedis) {
            for (int nodes : NODES) {
                if (nodes > 1) {
                    String key = key("redis_cpu_*_ratio", nodes);
                    result.put(key, ratio("redis_cpu_*_us", nodes));
                }
            }
        }
        putFigures(result);
        setting.say("%n%s", requests());
        setting.say("%s", atRest());
        setting.say("%s", simulated);
        setting.say("%s", claims);
        result.put("claims_missed", (long) claims.missed());
        rounds.addTo(result);
        setting.say("%s", result);
    }

    /** The median over rounds of {@code figure} with so many nodes over that with one. */
    private double ratio(String figure, int nodes) {
        String name = key(figure, nodes) + " over " + key(figure, 1);
        if (!series.has(name)) {
            series.addRatios(name, key(figure, nodes), key(figure, 1));
        }
        return series.median(name);
    }

    private void putFigures(ResultLine result) {
        for (Contender each : contenders) {
            result.put(key(each, "cpu_*_us"), series.median(key(each, "cpu_*_us")));
            for (Request request : Request.values()) {
                String key = key(each, word(request) + "_*_per_second");
                result.put(key, series.median(key));
            }
        }
    }

    private Table requests() {
        Table table =
                new Table(
                        "who",
                        "request",
                        "CPU us/operation [lowest-highest round]",
                        "messages/operation",
                        "operations/s");
        for (Contender each : contenders) {
            for (Request request : Request.values()) {
                String word = word(request);
                Series.Spread cpu = series.spread(key(each, word + "_cpu_*_us"));
                table.row(
                        key(each, "*"),
                        word,
                        text("%.2f [%.2f-%.2f]", cpu.median(), cpu.lowest(), cpu.highest()),
                        each.countsMessages()
                                ? text("%.3f", series.median(key(each, word + "_messages_*")))
                                : "",
                        text("%,.0f", series.median(key(each, word + "_*_per_second"))));
            }
        }
        return table;
    }

    private Table atRest() {
        Table table =
                new Table(
                        "at rest",
                        "CPU % a node",
                        "messages/s",
                        "maps fetched/s",
                        "maps fetched/s when asked");
        for (Contender each : contenders) {
            if (each.countsMessages()) {
                table.row(
                        key(each, "*"),
                        text("%.2f", series.median(key(each, "idle_cpu_*_percent"))),
                        text("%.1f", series.median(key(each, "idle_messages_*_per_second"))),
                        text("%.2f", series.median(key(each, "idle_maps_*_per_second"))),
                        text("%.2f", series.median(key(each, "maps_*_per_second"))));
            } else {
                String cpu = key(each, "idle_cpu_*_percent");
                table.row(key(each, "*"), text("%.2f", series.median(cpu)), "", "", "");
            }
        }
        return table;
    }

    private static String text(String format, Object... figures) {
        return String.format(Locale.ROOT, format, figures);
    }
}
