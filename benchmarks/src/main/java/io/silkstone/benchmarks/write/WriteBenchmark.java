package io.silkstone.benchmarks.write;

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
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/**
 * Writes of 100-byte values under 30-byte keys, kept in each way that there is, beside Redis that
 * keeps them likewise and beside the disk itself.
 *
 * <p>Four nodes and four redis-servers are bound to processor 0 and their client to processor 1,
 * one server at a time while the others idle; clusters that keep replicas roam, as several nodes on
 * one processor measure who gets it when. The disk is asked in the same rounds, in the same file
 * system, for what nobody can do without who answers one write when it is safe. In each round the
 * node that keeps its writes best is killed while it takes them, started again on its home, and
 * asked for all that it had acknowledged; then it is warmed up anew.
 */
public final class WriteBenchmark implements Benchmark {
    private static final List<Shape> SHAPES = List.of(Shape.ALONE, Shape.TOGETHER, Shape.PIPELINED);

    private static final String OURS = "";
    private static final String DISK = "disk_";
    private static final long WARM_UP_NANOS = 250_000_000;

    /** The part of the processor that a JVM's compilers may take when it counts as warm. */
    private static final double COMPILERS_QUIET = 0.003;

    private static final long KILL_MILLIS_MIN = 100;
    private static final long KILL_MILLIS_MAX = 600;
    private static final long KILLED_NANOS_MAX = 20_000_000_000L;

    private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    private final Series series = new Series();
    private final Map<Keeping, Contender> ours = new EnumMap<>(Keeping.class);
    private final Map<Keeping, Contender> redis = new EnumMap<>(Keeping.class);

    /** Whose clusters have ended by now, and how many replicas they had. */
    private final Map<Contender, Integer> replicated = new LinkedHashMap<>();

    private final List<String> prefix = Affinity.prefix(0);
    private Setting setting;
    private DiskProbe disk;

    /** The node that keeps its writes best. */
    private NodeProcess mortal;

    private int kills;
    private long lost;

    /** Of servers that it starts itself. */
    public WriteBenchmark() {}

    @Override
    public String name() {
        return "write";
    }

    @Override
    public String description() {
        return "writes that the disk keeps, beside Redis and the disk itself; none lost by kill -9";
    }

    @Override
    public void run(Setting given) throws Exception {
        setting = given;
        disk = new DiskProbe(setting.workplace());
        sayWhereItRuns();
        startServers();
        List<Contender> contenders = new ArrayList<>(ours.values());
        contenders.addAll(redis.values());
        for (Contender contender : contenders) {
            warmUp(contender, setting.choose(20, 2));
        }
        List<Rounds.Trial> trials = new ArrayList<>(List.of(this::measureDisk));
        for (Shape shape : SHAPES) {
            for (Contender contender : contenders) {
                trials.add(() -> measure(contender, shape));
            }
        }
        trials.add(this::killAndLook);
        Rounds rounds = new Rounds(setting);
        rounds.interleave(setting.choose(7, 2), trials);
        for (int replicas = setting.choose(1, 2); replicas <= setting.choose(3, 2); replicas++) {
            for (Keeping keeping : EnumSet.range(Keeping.NEVER, Keeping.ALWAYS)) {
                measureReplicated(replicas, keeping, rounds);
            }
        }
        print(rounds);
        if (lost > 0) {
            throw new BenchmarkFailed(
                    lost + " writes were acknowledged and not there after a kill -9");
        }
    }

    private void sayWhereItRuns() throws Exception {
        String kind = disk.kind();
        if (kind.equals("tmpfs") || kind.equals("ramfs")) {
            setting.say(
                    "Temporary files are in memory here (%s), so nothing of this is about a disk.",
                    kind);
        } else {
            setting.say("files are on %s", kind);
        }
        if (prefix.isEmpty()) {
            setting.say("Processes cannot be bound to processors here: servers and client roam.");
        }
    }

    private void startServers() throws Exception {
        int keys = setting.choose(100_000, 20_000);
        setting.say("filling each server with %,d objects", keys);
        for (Keeping keeping : Keeping.values()) {
            NodeProcess node =
                    NodeProcess.start(setting.workplace(), prefix, keeping.configuration());
            ours.put(keeping, Contender.fill(OURS, keeping, node, keys, random));
            mortal = keeping == Keeping.ALWAYS ? node : mortal;
        }
        if (RedisProcess.tool().isEmpty()) {
            setting.say("redis-server is not installed: our figures stand alone, without ratios.");
            return;
        }
        for (Keeping keeping : Keeping.values()) {
            RedisProcess server =
                    RedisProcess.start(
                            setting.workplace(),
                            "redis " + keeping.redis(),
                            prefix,
                            keeping.redisSettings());
            redis.put(keeping, Contender.fill(Contender.REDIS, keeping, server, keys, random));
        }
    }

    /** Has it take writes, a JVM until its compilers are quiet, for {@code seconds} at most. */
    private void warmUp(Contender contender, int seconds) throws Exception {
        long start = System.nanoTime();
        double share;
        do {
            Compilers before = contender.compilers();
            long began = System.nanoTime();
            for (Shape shape : SHAPES) {
                contender.write(shape, WARM_UP_NANOS);
            }
            double lasted = (System.nanoTime() - began) / 1e9;
            share = contender.compilers().secondsSince(before) / lasted;
        } while (share > COMPILERS_QUIET && System.nanoTime() - start < seconds * 1_000_000_000L);
    }

    private void measure(Contender contender, Shape shape) throws Exception {
        measure(contender, shape, "");
    }

    private void measure(Contender contender, Shape shape, String where) throws Exception {
        disk.settle();
        Tally tally = contender.write(shape, setting.choose(800, 250) * 1_000_000L);
        String key = where + contender.key(shape);
        series.add(key + "p50_us", tally.millis(50) * 1e3);
        series.add(key + "p99_us", tally.millis(99) * 1e3);
        series.add(key + "per_second", tally.perSecond());
    }

    /** With Redis, if it is there, in the same rounds. */
    private void measureReplicated(int replicas, Keeping keeping, Rounds rounds) throws Exception {
        setting.say("%d replicas, backups that keep them %s", replicas, keeping);
        int keys = setting.choose(100_000, 20_000);
        try (ReplicatedNodes nodes =
                ReplicatedNodes.start(setting.workplace(), replicas, keeping)) {
            Contender contender =
                    Contender.fill("r" + replicas + "_", keeping, nodes, keys, random);
            warmUp(contender, setting.choose(20, 5));
            List<Rounds.Trial> trials = new ArrayList<>();
            for (Shape shape : SHAPES) {
                trials.add(() -> measure(contender, shape));
                if (redis.containsKey(keeping)) {
                    String beside = beside(replicas);
                    trials.add(() -> measure(redis.get(keeping), shape, beside));
                }
            }
            rounds.interleaveAll(setting.choose(3, 2), trials);
            replicated.put(contender, replicas);
        }
    }

    /** Where the figures of a rival go that was measured beside a cluster. */
    private static String beside(int replicas) {
        return "beside_r" + replicas + "_";
    }

    private void measureDisk() throws Exception {
        disk.settle();
        long nanos = setting.choose(300, 100) * 1_000_000L;
        Histogram latencies = Affinity.callOn(0, () -> disk.run(nanos));
        series.add(DISK + "p50_us", latencies.getValueAtPercentile(50) / 1e3);
        series.add(DISK + "p99_us", latencies.getValueAtPercentile(99) / 1e3);
        series.add(DISK + "per_second", latencies.getTotalCount() * 1e9 / nanos);
    }

    /** Kills the node while it takes writes, and counts which of them its home does not have. */
    private void killAndLook() throws Exception {
        Contender contender = ours.get(Keeping.ALWAYS);
        long millis = random.nextLong(KILL_MILLIS_MIN, KILL_MILLIS_MAX);
        FutureTask<Void> kill =
                new FutureTask<>(
                        () -> {
                            Thread.sleep(millis);
                            mortal.kill();
                            return null;
                        });
        Thread thread = new Thread(kill, "bench-kill");
        thread.setDaemon(true);
        thread.start();
        Tally tally = contender.writeUntilBroken(Shape.TOGETHER, KILLED_NANOS_MAX);
        kill.get();
        if (tally.firstFailure().startsWith("-")) {
            throw new BenchmarkFailed(contender + " failed a write: " + tally.firstFailure());
        }
        mortal = mortal.startAgain(prefix);
        contender.server(mortal);
        lost += contender.lost();
        kills++;
        warmUp(contender, setting.choose(12, 2));
    }

    private void print(Rounds rounds) {
        Table table =
                new Table(
                        "connections x pipeline, server",
                        "p50 us [lowest-highest round]",
                        "p99 us",
                        "writes/s",
                        "p50 over Redis",
                        "writes/s over Redis");
        ResultLine result = new ResultLine(name());
        for (Shape shape : SHAPES) {
            for (Keeping keeping : Keeping.values()) {
                Contender rival = redis.get(keeping);
                row(table, result, ours.get(keeping), rival, "", shape);
                if (rival != null) {
                    put(result, rival.key(shape));
                    row(table, shape + " " + rival, rival.key(shape), "", "");
                }
            }
            replicated.forEach(
                    (contender, replicas) -> {
                        Contender rival = redis.get(contender.keeping());
                        row(table, result, contender, rival, beside(replicas), shape);
                    });
        }
        series.addRatios(
                "always_disk_ratio",
                ours.get(Keeping.ALWAYS).key(Shape.ALONE) + "p50_us",
                DISK + "p50_us");
        row(table, "the disk alone", DISK, "", "");
        put(result, DISK);
        result.put("always_disk_ratio", series.median("always_disk_ratio"));
        result.put("kills", (long) kills);
        result.put("lost", lost);
        rounds.addTo(result);
        setting.say("%nmedians%n%s", table);
        setting.say(
                "one write that is safe takes %s times as long as the disk alone;"
                        + " %d kills lost %d writes",
                spread("always_disk_ratio"), kills, lost);
        setting.say("%s", result);
    }

    /**
     * One of ours, beside Redis when it is there.
     *
     * @param where what the rival's figures of the same rounds begin with
     */
    private void row(
            Table table,
            ResultLine result,
            Contender our,
            Contender rival,
            String where,
            Shape shape) {
        String p50Ratio = "";
        String opsRatio = "";
        put(result, our.key(shape));
        if (rival != null) {
            // One write at a time is what is meant where nothing is said.
            String name = our.key(shape).replace("_" + Shape.ALONE.key() + "_", "_");
            String theirs = where + rival.key(shape);
            p50Ratio =
                    ratio(result, name + "p50_ratio", our.key(shape) + "p50_us", theirs + "p50_us");
            ratio(result, name + "p99_ratio", our.key(shape) + "p99_us", theirs + "p99_us");
            opsRatio =
                    ratio(
                            result,
                            name + "ops_ratio",
                            our.key(shape) + "per_second",
                            theirs + "per_second");
        }
        row(table, shape + " " + our, our.key(shape), p50Ratio, opsRatio);
    }

    private String ratio(ResultLine result, String name, String ours, String theirs) {
        series.addRatios(name, ours, theirs);
        result.put(name, series.median(name));
        return spread(name);
    }

    private void row(Table table, String label, String key, String p50Ratio, String opsRatio) {
        Series.Spread p50 = series.spread(key + "p50_us");
        table.row(
                label,
                String.format(
                        Locale.ROOT, "%.0f [%.0f-%.0f]", p50.median(), p50.lowest(), p50.highest()),
                String.format(Locale.ROOT, "%.0f", series.median(key + "p99_us")),
                String.format(Locale.ROOT, "%,.0f", series.median(key + "per_second")),
                p50Ratio,
                opsRatio);
    }

    private void put(ResultLine result, String key) {
        for (String figure : List.of("p50_us", "p99_us", "per_second")) {
            result.put(key + figure, series.median(key + figure));
        }
    }

    private String spread(String name) {
        Series.Spread spread = series.spread(name);
        return String.format(
                Locale.ROOT,
                "%.2f [%.2f-%.2f]",
                spread.median(),
                spread.lowest(),
                spread.highest());
    }
}
