package io.silkstone.benchmarks.recovery;

import io.silkstone.benchmarks.Benchmark;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.Setting;
import io.silkstone.benchmarks.load.Objects;
import io.silkstone.benchmarks.measure.ResultLine;
import io.silkstone.benchmarks.measure.Rounds;
import io.silkstone.benchmarks.measure.Series;
import io.silkstone.benchmarks.measure.Table;
import io.silkstone.benchmarks.operator.ControlSession;
import io.silkstone.harness.OperatedCluster;
import io.silkstone.harness.Tool;
import io.silkstone.javaclient.SilkstoneClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Kills a node process that has a table of records of 1 KB, each on two other nodes as well, and
 * waits until the others serve all of it: RAMCloud's crash recovery (TOCS 2015, section 7) on one
 * machine, where servers and disks are shared by everybody. It is always the same node, so that the
 * others are processes that have lived for a while; the first time, when they have just started and
 * never recovered anything, is told apart.
 */
public final class RecoveryBenchmark implements Benchmark {
    private static final int NODES = 3;
    private static final int REPLICAS = 2;

    /** Not the coordinator's node. */
    private static final int VICTIM = 2;

    private static final String FIRST = "first_";

    /** One for each of those that recover. */
    private static final int TABLETS = NODES - 1;

    private static final int VALUE_BYTES = 1_000;
    private static final int LEASE_MS = 3_000;
    private static final long MIB = 1 << 20;
    private static final double MEGA = 1e6;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    private final Series series = new Series();
    private Setting setting;
    private OperatedCluster cluster;
    private Objects objects;
    private int round;

    /** Of a cluster that it starts itself. */
    public RecoveryBenchmark() {}

    @Override
    public String name() {
        return "recovery";
    }

    @Override
    public String description() {
        return "a node with a table is killed, and the others read it out of its replicas";
    }

    @Override
    public void run(Setting given) throws Exception {
        setting = given;
        objects = Objects.ofBytes(setting.choose(1_000, 100) * 1_000_000L, VALUE_BYTES);
        Rounds rounds = new Rounds(setting);
        try (OperatedCluster nodes = new OperatedCluster(NODES)) {
            cluster = nodes;
            configure();
            up();
            rounds.interleaveAll(setting.choose(6, 3), List.of(this::killAndRecover));
        }
        print(rounds);
    }

    private void configure() throws IOException {
        cluster.configure(
                1,
                "io.silkstone.coordinator.service",
                "enabled = true\nservers.first = %d\nserver.lease.ms = %d\n"
                        .formatted(NODES, LEASE_MS));
        for (int node = 1; node <= NODES; node++) {
            cluster.configure(
                    node,
                    "io.silkstone.store.master",
                    "memory.bytes = %d\nmemory.prefault.bytes = %d\n"
                            .formatted(
                                    setting.choose(4_096, 1_024) * MIB,
                                    setting.choose(1_024, 256) * MIB));
        }
    }

    /** Starts what does not run. */
    private void up() throws IOException, InterruptedException, BenchmarkFailed {
        Tool.Outcome outcome = cluster.up();
        if (!outcome.succeeded()) {
            throw new BenchmarkFailed(outcome.output());
        }
    }

    private void killAndRecover() throws Exception {
        round++;
        String prefix = round == 1 ? FIRST : "";
        String name = "recovered-" + round;
        try (ControlSession operator = new ControlSession(cluster.home(1));
                SilkstoneClient client =
                        SilkstoneClient.builder(cluster.address(1)).timeout(TIMEOUT).connect()) {
            operator.run(
                    "table:create %s --tablets %d --replicas %d"
                            .formatted(name, TABLETS, REPLICAS));
            RecoveredTable table = new RecoveredTable(client, name, TABLETS, objects);
            table.bringTo(cluster.address(VICTIM));
            double filled = objects.bytes() / MEGA / table.fill();
            ProcessHandle victim = process(VICTIM);
            RecoveredTable.Times times = table.recover(victim::destroyForcibly);
            // Not before: it may be long until its parent takes note of its end.
            victim.onExit().join();
            table.check();
            operator.run("table:drop " + name + " --force");
            double mbps = objects.bytes() / MEGA / times.recoverySeconds();
            series.add(prefix + "fill_mbps", filled);
            series.add(prefix + "noticed_s", times.noticedSeconds());
            series.add(prefix + "recovery_s", times.recoverySeconds());
            series.add(prefix + "served_s", times.noticedSeconds() + times.recoverySeconds());
            series.add(prefix + "recovery_mbps", mbps);
            setting.say(
                    "%.0f MB, written with %.0f MB/s: noticed after %.2f s, served %.2f s later,"
                            + " %.0f MB/s",
                    objects.bytes() / MEGA,
                    filled,
                    times.noticedSeconds(),
                    times.recoverySeconds(),
                    mbps);
        }
        up();
    }

    private ProcessHandle process(int node) throws IOException, BenchmarkFailed {
        return cluster.process(node).orElseThrow(() -> new BenchmarkFailed("a node has ended"));
    }

    private void print(Rounds rounds) {
        Table table = new Table("figure", "median [lowest-highest]");
        ResultLine result = new ResultLine(name());
        for (String figure :
                List.of(
                        "recovery_s",
                        "recovery_mbps",
                        "noticed_s",
                        "served_s",
                        "fill_mbps",
                        FIRST + "recovery_mbps",
                        FIRST + "served_s")) {
            Series.Spread spread = series.spread(figure);
            table.row(
                    figure,
                    String.format(
                            Locale.ROOT,
                            "%.2f [%.2f-%.2f]",
                            spread.median(),
                            spread.lowest(),
                            spread.highest()));
            result.put(figure, spread.median());
        }
        rounds.addTo(result);
        setting.say("%n%s", table);
        setting.say("%s", result);
    }
}
