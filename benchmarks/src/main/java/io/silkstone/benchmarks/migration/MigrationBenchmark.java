package io.silkstone.benchmarks.migration;

import io.silkstone.api.store.StoreRefused;
import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.benchmarks.load.Objects;
import io.silkstone.benchmarks.measure.CpuClock;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.harness.ClusterProcesses;
import io.silkstone.javaclient.SilkstoneClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * Moves whole tables between two node processes, over Aeron IPC: without clients, and while a third
 * process asks for their objects at half of what it could have (YCSB-B), as in Rocksteady's
 * evaluation (SOSP 2017, section 4); in the end by all strategies there are, and by Rocksteady
 * without this or that. Beside them a Redis Cluster of two processes moves slots that hold the same
 * objects as densely.
 */
public final class MigrationBenchmark implements Benchmark {
    private static final int SMALL_VALUE_BYTES = 100;
    private static final int LARGE_VALUE_BYTES = 1_000;
    private static final String MASTER = "io.silkstone.store.master";
    private static final long MIB = 1 << 20;
    private static final double MEGA = 1e6;
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final long PEAK_WINDOW_NANOS = 1_000_000_000;
    private static final double PERCENTILE = 99.9;
    private static final List<Double> PERCENTILES = List.of(50.0, PERCENTILE, 100.0);

    private final Series series = new Series();
    private final List<Subject> subjects = new ArrayList<>();
    private Setting setting;
    private List<Long> pids;
    private Optional<RedisReshard> redis = Optional.empty();

    /** A table, what its figures are called, and who asks for its objects. */
    private record Subject(String word, MovingTable table, YcsbLoad load, double peak) {
        String key(String figure) {
            return "rocksteady_" + word + "_" + figure;
        }
    }

    /** Of a cluster that it starts itself. */
    public MigrationBenchmark() {}

    @Override
    public String name() {
        return "migration";
    }

    @Override
    public String description() {
        return "a tablet moves between two nodes, alone and under YCSB-B; beside Redis Cluster";
    }

    @Override
    public void run(Setting given) throws Exception {
        setting = given;
        Rounds rounds = new Rounds(setting);
        long bytes = setting.choose(1_050, 200) * 1_000_000L;
        Map<String, String> configuration =
                Map.of(
                        MASTER,
                        "memory.bytes = %d\nmemory.prefault.bytes = %d\n"
                                .formatted(
                                        setting.choose(6_144, 2_048) * MIB,
                                        setting.choose(2_048, 512) * MIB));
        try (ClusterProcesses cluster =
                        ClusterProcesses.start(setting.workplace(), List.of(), 2, configuration);
                SilkstoneClient operator = client(cluster);
                SilkstoneClient user = client(cluster)) {
            pids = cluster.pids();
            subjects.add(subject("130", operator, user, bytes, SMALL_VALUE_BYTES));
            subjects.add(subject("1k", operator, user, bytes, LARGE_VALUE_BYTES));
            List<Rounds.Trial> trials = new ArrayList<>();
            for (Subject each : subjects) {
                trials.add(() -> moveAlone(each));
                trials.add(() -> moveUnderLoad(each));
            }
            int count = subjects.get(0).table.objects().count();
            redis = RedisReshard.start(setting.workplace(), count);
            if (redis.isPresent()) {
                trials.add(() -> reshard(redis.orElseThrow()));
            } else {
                setting.say("redis-server or redis-cli is not installed: our figures stand alone.");
            }
            rounds.interleaveAll(setting.choose(5, 2), trials);
            try (WaySwitch ways = new WaySwitch(cluster.homes())) {
                compareWays(ways);
            }
            for (Subject each : subjects) {
                each.table.check();
            }
        } finally {
            redis.ifPresent(RedisReshard::close);
        }
        print(rounds);
    }

    private void reshard(RedisReshard redis) throws Exception {
        int bytes = ObjectFormat.KEY_BYTES + SMALL_VALUE_BYTES;
        double mbps = redis.move(setting.choose(400, 300), bytes) / MEGA;
        series.add("redis_mbps", mbps);
        setting.say("Redis Cluster: %.1f MB/s", mbps);
    }

    private static SilkstoneClient client(ClusterProcesses cluster) {
        return SilkstoneClient.builder(cluster.seed())
                .timeout(TIMEOUT)
                .outstandingMax(YcsbLoad.OUTSTANDING_MAX)
                .connect();
    }

    private Subject subject(
            String word, SilkstoneClient operator, SilkstoneClient user, long bytes, int value)
            throws StoreRefused, BenchmarkFailed, InterruptedException {
        Objects objects = Objects.ofBytes(bytes, value);
        MovingTable table = new MovingTable(operator, "moving-" + word, objects);
        YcsbLoad load = new YcsbLoad(user, table);
        // Both nodes are to have compiled both ways, and what clients ask for.
        double peak = 0;
        for (int turn = 0; turn < setting.choose(6, 4); turn++) {
            for (int window = 0; window < setting.choose(3, 1); window++) {
                peak = Math.max(peak, load.peak(PEAK_WINDOW_NANOS));
            }
            double seconds = table.move(othersThan(table));
            setting.say("%s: a move to warm up, %.0f MB/s", word, objects.bytes() / MEGA / seconds);
        }
        setting.say("%s: %d objects, %,.0f operations/s at most", word, objects.count(), peak);
        return new Subject(word, table, load, peak);
    }

    private static double mbps(Subject subject, double seconds) {
        return subject.table.objects().bytes() / MEGA / seconds;
    }

    private void say(Subject subject, String what, double mbps) {
        setting.say("%s: %s, %.0f MB/s", subject.word, what, mbps);
    }

    private void moveAlone(Subject subject) throws Exception {
        double cpuBefore = cpuSeconds();
        double seconds = subject.table.move(othersThan(subject.table));
        double cpu = cpuSeconds() - cpuBefore;
        double mbps = mbps(subject, seconds);
        series.add(subject.key("mbps"), mbps);
        series.add(subject.key("cpu_us"), cpu * 1e6 / subject.table.objects().count());
        say(subject, "alone", mbps);
    }

    private void moveUnderLoad(Subject subject) throws Exception {
        YcsbLoad load = subject.load;
        Histogram before;
        Histogram meanwhile;
        double seconds;
        load.start(subject.peak / 2);
        try {
            Thread.sleep(setting.choose(1_000, 300));
            before = load.record();
            Thread.sleep(setting.choose(4_000, 1_000));
            meanwhile = load.record();
            seconds = subject.table.move(othersThan(subject.table));
            load.record();
        } finally {
            load.stop();
        }
        double mbps = mbps(subject, seconds);
        series.add(subject.key("load_mbps"), mbps);
        put(subject, "before", before);
        put(subject, "meanwhile", meanwhile);
        say(
                subject,
                text(
                        "under load, p50 %.0f us (%.0f before), p99.9 %.0f us (%.0f before)",
                        meanwhile.getValueAtPercentile(50) / 1e3,
                        before.getValueAtPercentile(50) / 1e3,
                        meanwhile.getValueAtPercentile(PERCENTILE) / 1e3,
                        before.getValueAtPercentile(PERCENTILE) / 1e3),
                mbps);
    }

    /** Of the small objects, under load: all strategies, and Rocksteady without this or that. */
    private void compareWays(WaySwitch ways) throws Exception {
        Subject subject = subjects.get(0);
        for (int round = 0; round < setting.choose(3, 1); round++) {
            for (Way way : Way.ALL) {
                subject.load.skew(way.theta());
                ways.use(way);
                moveIn(way, ways, subject);
            }
        }
    }

    private void moveIn(Way way, WaySwitch ways, Subject subject) throws Exception {
        Histogram meanwhile;
        double seconds;
        subject.load.start(subject.peak / 2);
        try {
            Thread.sleep(setting.choose(1_000, 300));
            meanwhile = subject.load.record();
            MovingTable.Move move = subject.table.begin(othersThan(subject.table));
            if (way.isEndless()) {
                Thread.sleep(setting.choose(4_000, 1_500));
                subject.load.record();
                ways.use(way.withBackground());
            }
            seconds = subject.table.await(move);
            subject.load.record();
        } finally {
            subject.load.stop();
        }
        double mbps = mbps(subject, seconds);
        series.add("way_" + way.word() + "_mbps", mbps);
        for (double percentile : PERCENTILES) {
            series.add(wayKey(way, percentile), meanwhile.getValueAtPercentile(percentile) / 1e3);
        }
        setting.say(
                "%s: %.0f MB/s, reads meanwhile p50 %.0f us, p99.9 %.0f us, slowest %.0f ms",
                way.word(),
                mbps,
                meanwhile.getValueAtPercentile(50) / 1e3,
                meanwhile.getValueAtPercentile(PERCENTILE) / 1e3,
                meanwhile.getMaxValue() / 1e6);
    }

    private static String wayKey(Way way, double percentile) {
        return "way_%s_p%s_us"
                .formatted(way.word(), percentile == 100 ? "100" : percentile == 50 ? "50" : "999");
    }

    private Table ways(ResultLine result) {
        Table table = new Table("way", "MB/s under load", "read p50 us", "p99.9 us", "slowest us");
        for (Way each : Way.ALL) {
            String mbps = "way_" + each.word() + "_mbps";
            List<String> row = new ArrayList<>();
            row.add(each.word());
            // What has no end has no speed.
            row.add(each.isEndless() ? "-" : text("%.0f", series.median(mbps)));
            if (!each.isEndless()) {
                result.put(mbps, series.median(mbps));
            }
            for (double percentile : PERCENTILES) {
                double value = series.median(wayKey(each, percentile));
                row.add(text("%.0f", value));
                result.put(wayKey(each, percentile), value);
            }
            table.row(row.toArray(String[]::new));
        }
        return table;
    }

    private void put(Subject subject, String when, Histogram reads) {
        series.add(subject.key(when + "_p50_us"), reads.getValueAtPercentile(50) / 1e3);
        series.add(subject.key(when + "_p999_us"), reads.getValueAtPercentile(PERCENTILE) / 1e3);
    }

    private long othersThan(MovingTable table) {
        return subjects.stream()
                .map(Subject::table)
                .filter(each -> each != table)
                .mapToLong(each -> each.objects().count())
                .sum();
    }

    private double cpuSeconds() throws BenchmarkFailed {
        long nanos = 0;
        for (long pid : pids) {
            nanos += CpuClock.nanos(pid).orElseThrow(() -> new BenchmarkFailed("a node has ended"));
        }
        return nanos / 1e9;
    }

    private void print(Rounds rounds) throws BenchmarkFailed {
        ResultLine result = new ResultLine(name());
        long failed = 0;
        Table table = new Table("objects", "MB/s [lowest-highest]", "under load", "CPU us/object");
        for (Subject each : subjects) {
            result.put(each.key("mbps"), series.median(each.key("mbps")));
            result.put(each.key("load_mbps"), series.median(each.key("load_mbps")));
            failed += each.load.failed();
            table.row(
                    each.word,
                    spread(each.key("mbps")),
                    spread(each.key("load_mbps")),
                    text("%.2f", series.median(each.key("cpu_us"))));
        }
        for (Subject each : subjects) {
            for (String figure : List.of("p50", "p999")) {
                String ratio = each.key(figure + "_ratio");
                series.addRatios(
                        ratio,
                        each.key("meanwhile_" + figure + "_us"),
                        each.key("before_" + figure + "_us"));
                result.put(ratio, series.median(ratio));
            }
        }
        if (series.has("redis_mbps")) {
            series.addRatios("redis_ratio", subjects.get(0).key("mbps"), "redis_mbps");
            result.put("redis_mbps", series.median("redis_mbps"));
            result.put("redis_ratio", series.median("redis_ratio"));
        }
        result.put("failed", failed);
        rounds.addTo(result);
        setting.say("%n%s", table);
        setting.say("%n%s", ways(result));
        setting.say("%s", result);
        for (Subject each : subjects) {
            if (each.load.failed() > 0) {
                throw new BenchmarkFailed(each.load.firstFailure());
            }
        }
    }

    private String spread(String key) {
        Series.Spread spread = series.spread(key);
        return text("%.0f [%.0f-%.0f]", spread.median(), spread.lowest(), spread.highest());
    }

    private static String text(String format, Object... figures) {
        return String.format(Locale.ROOT, format, figures);
    }
}
