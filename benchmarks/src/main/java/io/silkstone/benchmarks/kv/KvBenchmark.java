package io.silkstone.benchmarks.kv;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.ask.Asker;
import io.silkstone.benchmarks.ask.ClusterAsker;
import io.silkstone.benchmarks.ask.RedisSockets;
import io.silkstone.benchmarks.measure.Affinity;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.harness.ClusterProcesses;
import io.silkstone.harness.RedisProcess;
import io.silkstone.transport.aeron.AeronOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * The Java client over shared memory and over UDP loopback, beside a raw-socket Redis client; and
 * the steps that a read through shared memory is made of, from Aeron's bare round trip on.
 *
 * <p>Servers are bound to processor 0, whoever asks to processor 1, and one asks at a time.
 */
public final class KvBenchmark implements Benchmark {
    private static final int[] OUTSTANDING = {1, 4, 16};
    private static final long NANOS_MAX = 10_000_000_000L;

    /** From the bare round trip to the store's answer. */
    private static final List<String> STEPS = List.of("aeron", "transport", "rpc", "store");

    private static final String IPC = "ipc";
    private static final String UDP = "udp";
    private static final String REDIS = "redis";
    private static final String GATEWAY = "gateway";

    private final Series series = new Series();
    private final Map<String, Asker> askers = new LinkedHashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private Setting setting;
    private EchoSteps echo;
    private RawCalls calls;
    private int table;
    private int keys;

    /** Of processes that it starts itself. */
    public KvBenchmark() {}

    /** Something that is measured by its round trips. */
    @FunctionalInterface
    private interface Act {
        void run(long nanos, Histogram latencies) throws Exception;
    }

    @Override
    public String name() {
        return "kv";
    }

    @Override
    public String description() {
        return "the Java client over Aeron beside a Redis client: reads, writes, step by step";
    }

    @Override
    public void run(Setting given) throws Exception {
        setting = given;
        keys = setting.choose(100_000, 20_000);
        try {
            start();
            Map<String, Act> acts = acts();
            long warmUpNanos = setting.choose(3_000, 1_000) * 1_000_000L;
            for (Act act : acts.values()) {
                measure(act, warmUpNanos);
            }
            long trialNanos = setting.choose(500, 200) * 1_000_000L;
            List<Rounds.Trial> trials = new ArrayList<>();
            acts.forEach((key, act) -> trials.add(() -> record(key, act, trialNanos)));
            Rounds rounds = new Rounds(setting);
            rounds.interleave(setting.choose(11, 3), trials);
            print(rounds);
        } finally {
            for (AutoCloseable each : open.reversed()) {
                each.close();
            }
        }
    }

    private void start() throws Exception {
        List<String> prefix = Affinity.prefix(0);
        ClusterProcesses cluster = ClusterProcesses.start(setting.workplace(), prefix, 1);
        open.add(cluster);
        String address = cluster.seed();
        ClusterAsker ipc = new ClusterAsker(address, AeronOptions.Route.IPC, keys);
        add(IPC, ipc);
        ipc.fill();
        add(UDP, new ClusterAsker(address, AeronOptions.Route.UDP, keys));
        table = ipc.table();
        calls = new RawCalls(address);
        open.add(calls);
        String directory = setting.workplace().newFolder("echo").resolve("aeron").toString();
        echo =
                new EchoSteps(
                        JavaProcess.start(setting.workplace(), prefix, EchoMain.class, directory));
        open.add(echo);
        if (RedisProcess.tool().isPresent()) {
            RedisProcess redis =
                    RedisProcess.start(setting.workplace(), "redis", prefix, List.of());
            open.add(redis);
            add(REDIS, new RedisSockets("redis", List.of(redis.port()), keys));
        } else {
            setting.say("redis-server is not installed: there are no ratios to it.");
        }
        add(GATEWAY, new RedisSockets("the gateway", cluster.ports(), keys));
    }

    private void add(String key, Asker asker) {
        askers.put(key, asker);
        open.add(asker);
    }

    private Map<String, Act> acts() {
        Map<String, Act> acts = new LinkedHashMap<>();
        acts.put("aeron", echo::aeron);
        acts.put("transport", echo::transport);
        acts.put("rpc", echo::rpc);
        acts.put("store", (nanos, latencies) -> calls.read(table, keys, nanos, latencies));
        for (int outstanding : OUTSTANDING) {
            for (Asker.Request request : Asker.Request.values()) {
                askers.forEach(
                        (key, asker) ->
                                acts.put(
                                        key(key, request, outstanding),
                                        (nanos, latencies) ->
                                                asker.ask(request, outstanding, nanos, latencies)));
            }
        }
        return acts;
    }

    private static String key(String asker, Asker.Request request, int outstanding) {
        return asker + "_" + request.name().toLowerCase(Locale.ROOT) + outstanding;
    }

    private static Histogram measure(Act act, long nanos) throws Exception {
        return Affinity.callOn(
                1,
                () -> {
                    Histogram latencies = new Histogram(NANOS_MAX, 3);
                    act.run(nanos, latencies);
                    return latencies;
                });
    }

    private void record(String key, Act act, long nanos) throws Exception {
        long began = System.nanoTime();
        Histogram latencies = measure(act, nanos);
        double seconds = (System.nanoTime() - began) / 1e9;
        series.add(key + "_p50_us", latencies.getValueAtPercentile(50) / 1e3);
        series.add(key + "_p99_us", latencies.getValueAtPercentile(99) / 1e3);
        series.add(key + "_per_second", latencies.getTotalCount() / seconds);
    }

    private void print(Rounds rounds) {
        Table table = new Table("what", "p50 us [lowest-highest round]", "p99 us", "per second");
        ResultLine result = new ResultLine(name());
        ratio(result, "read_p50_ratio", IPC, Asker.Request.READ);
        ratio(result, "write_p50_ratio", IPC, Asker.Request.WRITE);
        ratio(result, "udp_read_p50_ratio", UDP, Asker.Request.READ);
        for (String step : STEPS) {
            row(table, step);
            result.put(step + "_p50_us", series.median(step + "_p50_us"));
        }
        for (int outstanding : OUTSTANDING) {
            for (Asker.Request request : Asker.Request.values()) {
                for (String asker : askers.keySet()) {
                    String key = key(asker, request, outstanding);
                    row(table, key);
                    for (String figure : List.of("_p50_us", "_p99_us", "_per_second")) {
                        result.put(key + figure, series.median(key + figure));
                    }
                }
            }
        }
        setting.say("%n%s", table);
        rounds.addTo(result);
        setting.say("%s", result);
    }

    /** Of one request at a time to redis-server, where that is installed. */
    private void ratio(ResultLine result, String name, String asker, Asker.Request request) {
        if (askers.containsKey(REDIS)) {
            series.addRatios(
                    name, key(asker, request, 1) + "_p50_us", key(REDIS, request, 1) + "_p50_us");
            result.put(name, series.median(name));
        }
    }

    private void row(Table rows, String key) {
        Series.Spread spread = series.spread(key + "_p50_us");
        rows.row(
                key,
                String.format(
                        Locale.ROOT,
                        "%.2f [%.2f-%.2f]",
                        spread.median(),
                        spread.lowest(),
                        spread.highest()),
                String.format(Locale.ROOT, "%.1f", series.median(key + "_p99_us")),
                String.format(Locale.ROOT, "%.0f", series.median(key + "_per_second")));
    }
}
