package io.silkstone.benchmarks.migration;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.load.Objects;
import io.silkstone.benchmarks.load.TableContents;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.harness.ClusterProcesses;
import io.silkstone.javaclient.SilkstoneClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Tablets of the table that Redis clients see go to and fro between two nodes for as long as ten
 * minutes, while Jedis, Lettuce and the Java client write and read: nothing may fail, be wrong or
 * take longer than clients wait. {@code ./silkstone bench migration --soak}.
 */
public final class SoakBenchmark implements Benchmark {
    private static final String TABLE = "default";
    private static final int VALUE_BYTES = 1_000;
    private static final long LOOK_MILLIS = 5;
    private static final long REFUSED_MILLIS = 50;
    private static final long MOVE_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
    private static final double PERCENTILE = 99.9;
    private static final double MICRO = 1e3;
    private final SplittableRandom random = new SplittableRandom();

    /** Of a cluster that it starts itself. */
    public SoakBenchmark() {}

    @Override
    public String name() {
        return "migration-soak";
    }

    @Override
    public String description() {
        return "tablets go to and fro for ten minutes under Jedis, Lettuce and the Java client";
    }

    @Override
    public void run(Setting setting) throws Exception {
        Map<String, String> configuration =
                Map.of("io.silkstone.store.master", "memory.bytes = 1073741824\n");
        try (ClusterProcesses cluster =
                        ClusterProcesses.start(setting.workplace(), List.of(), 2, configuration);
                SilkstoneClient operator = client(cluster);
                SilkstoneClient asking = client(cluster);
                SoakUser.Door jedis = Doors.jedis(cluster.ports().getFirst());
                SoakUser.Door lettuce = Doors.lettuce(cluster.ports().getLast());
                SoakUser.Door java = Doors.java(asking.table(TABLE))) {
            Objects objects = Objects.ofBytes(setting.choose(200, 40) * 1_000_000L, VALUE_BYTES);
            TableContents contents = new TableContents(operator.table(TABLE), TABLE, objects);
            contents.fill();
            List<SoakUser> users =
                    List.of(
                            new SoakUser("jedis", jedis),
                            new SoakUser("lettuce", lettuce),
                            new SoakUser("java", java));
            long moves = moveToAndFro(setting, operator);
            for (SoakUser user : users) {
                user.stop();
                user.join();
            }
            print(setting, users, moves);
        }
    }

    private static SilkstoneClient client(ClusterProcesses cluster) {
        return SilkstoneClient.builder(cluster.seed()).timeout(Duration.ofSeconds(10)).connect();
    }

    private long moveToAndFro(Setting setting, SilkstoneClient operator)
            throws BenchmarkFailed, InterruptedException {
        long length = TimeUnit.SECONDS.toNanos(setting.choose(600, 20));
        long began = System.nanoTime();
        long moves = 0;
        while (System.nanoTime() - began < length) {
            ClusterMap map = operator.store().refreshMap();
            List<Tablet> tablets = map.tablets();
            Tablet tablet = tablets.get(random.nextInt(tablets.size()));
            ServerId target =
                    map.servers().stream()
                            .map(ClusterMap.Server::id)
                            .filter(each -> !each.equals(tablet.owner()))
                            .findFirst()
                            .orElseThrow();
            if (move(operator, tablet, target)) {
                moves++;
                if (moves % 100 == 0) {
                    setting.say("%d moves", moves);
                }
            }
        }
        return moves;
    }

    /** Whether it has moved: what was there may still be being removed, and then it may not. */
    private static boolean move(SilkstoneClient operator, Tablet tablet, ServerId target)
            throws BenchmarkFailed, InterruptedException {
        try {
            operator.store().migrateTablet(TABLE, tablet.firstHash(), target);
        } catch (StoreRefused e) {
            Thread.sleep(REFUSED_MILLIS);
            return false;
        }
        long began = System.nanoTime();
        Tablet now = tablet;
        while (!now.owner().equals(target) || now.state() != TabletState.NORMAL) {
            if (System.nanoTime() - began > MOVE_NANOS_MAX) {
                throw new BenchmarkFailed("a tablet has not moved in a minute: " + now);
            }
            Thread.sleep(LOOK_MILLIS);
            now = operator.store().refreshMap().tablet(tablet.table(), tablet.firstHash());
        }
        return true;
    }

    private void print(Setting setting, List<SoakUser> users, long moves) throws BenchmarkFailed {
        Table table =
                new Table(
                        "client", "operations", "failed", "late", "p50 us", "p99.9 us", "most us");
        ResultLine result = new ResultLine(name());
        result.put("moves", moves);
        long failed = 0;
        long late = 0;
        String why = "";
        for (SoakUser user : users) {
            double middle = user.latencies().getValueAtPercentile(50) / MICRO;
            double high = user.latencies().getValueAtPercentile(PERCENTILE) / MICRO;
            double most = user.latencies().getMaxValue() / MICRO;
            table.row(
                    user.name(),
                    Long.toString(user.latencies().getTotalCount()),
                    Long.toString(user.failed()),
                    Long.toString(user.late()),
                    String.format(Locale.ROOT, "%.0f", middle),
                    String.format(Locale.ROOT, "%.0f", high),
                    String.format(Locale.ROOT, "%.0f", most));
            result.put(user.name() + "_p50_us", middle)
                    .put(user.name() + "_p999_us", high)
                    .put(user.name() + "_p100_us", most);
            failed += user.failed();
            late += user.late();
            why = why.isEmpty() ? user.firstFailure() : why;
        }
        setting.say("%n%s", table);
        setting.say("%s", result.put("failed", failed).put("late", late));
        if (failed > 0 || late > 0) {
            throw new BenchmarkFailed(
                    failed + " operations failed, " + late + " were late. The first: " + why);
        }
    }
}
