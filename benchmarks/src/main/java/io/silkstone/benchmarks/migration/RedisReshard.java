package io.silkstone.benchmarks.migration;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.ask.RedisSockets;
import io.silkstone.benchmarks.scale.RedisCluster;
import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A Redis Cluster of two processes with as many objects as our table has, and so as many in each
 * slot; {@code redis-cli --cluster reshard} moves some hundred slots at a time from the first to
 * the second, which takes seconds as it is. One thread.
 */
final class RedisReshard implements AutoCloseable {
    private static final Duration RESHARD_MAX = Duration.ofMinutes(5);

    /** Keys that it moves in one MIGRATE; its default is 10. */
    private static final int PIPELINE = 100;

    private final Workplace workplace;
    private final Tool tool;
    private final RedisCluster cluster;

    private RedisReshard(Workplace workplace, Tool tool, RedisCluster cluster) {
        this.workplace = workplace;
        this.tool = tool;
        this.cluster = cluster;
    }

    /** Starts and fills one, where Redis is installed. */
    static Optional<RedisReshard> start(Workplace workplace, int objects)
            throws IOException, InterruptedException, BenchmarkFailed {
        Optional<Tool> tool = Tool.find("redis-cli");
        if (tool.isEmpty() || RedisProcess.tool().isEmpty()) {
            return Optional.empty();
        }
        RedisCluster cluster = RedisCluster.start(workplace, List.of(), 2);
        new RedisSockets("Redis Cluster", cluster.ports(), objects).close();
        return Optional.of(new RedisReshard(workplace, tool.get(), cluster));
    }

    /**
     * Moves some slots.
     *
     * @return bytes of key and value a second
     */
    double move(int slots, int objectBytes)
            throws IOException, InterruptedException, BenchmarkFailed {
        try (RespConnection source = new RespConnection(cluster.ports().get(0));
                RespConnection target = new RespConnection(cluster.ports().get(1))) {
            long before = (Long) target.call("DBSIZE");
            List<String> line =
                    tool.with(
                            "--cluster",
                            "reshard",
                            "127.0.0.1:" + cluster.ports().get(0),
                            "--cluster-from",
                            source.call("CLUSTER", "MYID").toString(),
                            "--cluster-to",
                            target.call("CLUSTER", "MYID").toString(),
                            "--cluster-slots",
                            Integer.toString(slots),
                            "--cluster-pipeline",
                            Integer.toString(PIPELINE),
                            "--cluster-yes");
            long began = System.nanoTime();
            Tool.Outcome outcome = Tool.run(workplace, workplace.folder(), RESHARD_MAX, line);
            double seconds = (System.nanoTime() - began) / 1e9;
            long moved = (Long) target.call("DBSIZE") - before;
            if (!outcome.succeeded() || moved == 0) {
                throw new BenchmarkFailed("redis-cli moved nothing: " + outcome.output());
            }
            return moved * objectBytes / seconds;
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}
