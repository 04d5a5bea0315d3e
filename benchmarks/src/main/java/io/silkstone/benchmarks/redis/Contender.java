package io.silkstone.benchmarks.redis;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.LoadClient;
import io.silkstone.benchmarks.load.Tally;
import io.silkstone.benchmarks.load.Workload;
import io.silkstone.benchmarks.measure.Compilers;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.ServerProcess;
import java.io.IOException;
import java.util.random.RandomGenerator;

/** One of the rivals, with what it needs for its objects. */
final class Contender {
    private static final int FILL_PIPELINE = 64;
    private static final int FILL_CONNECTIONS = 4;
    private static final long FILL_NANOS_MAX = 120_000_000_000L;

    private final String key;
    private final ServerProcess server;
    private final double bytesPerObject;

    private Contender(String key, ServerProcess server, double bytesPerObject) {
        this.key = key;
        this.server = server;
        this.bytesPerObject = bytesPerObject;
    }

    /**
     * Fills {@code server} with {@code keys} objects.
     *
     * @param key prefix of its figures in the result line
     */
    static Contender fill(String key, ServerProcess server, int keys)
            throws IOException, BenchmarkFailed {
        long before = usedMemory(server.port());
        write(server, keys);
        long after = usedMemory(server.port());
        return new Contender(key, server, (double) (after - before) / keys);
    }

    String key() {
        return key;
    }

    ServerProcess server() {
        return server;
    }

    /** Memory that the server reports over what it reported empty, per object. */
    double bytesPerObject() {
        return bytesPerObject;
    }

    /** CPU time that the server's process has used so far, of all its threads. */
    double cpuSeconds() {
        return ProcessHandle.of(server.pid())
                .flatMap(process -> process.info().totalCpuDuration())
                .map(duration -> duration.toNanos() / 1e9)
                .orElse(0.0);
    }

    /** What the compilers of its JVM, if it is one, have done so far. */
    Compilers compilers() {
        return Compilers.of(server.pid());
    }

    /**
     * Asks with the lean client for {@code nanos}, on the calling thread; every reply is checked.
     * It keeps to the upper half of the keys: the values that redis-benchmark leaves in the lower
     * half do not tell whose they are.
     */
    Tally ask(Request request, int pipeline, int keys, RandomGenerator random, long nanos)
            throws IOException, BenchmarkFailed {
        Workload workload =
                request == Request.GET
                        ? Workload.reads(keys / 2, keys, random)
                        : Workload.writes(keys / 2, keys, random);
        try (LoadClient client =
                new LoadClient(server.port(), RedisBenchmark.CONNECTIONS, pipeline)) {
            return check(server, client.run(workload, nanos));
        }
    }

    private static void write(ServerProcess server, int keys) throws IOException, BenchmarkFailed {
        try (LoadClient client = new LoadClient(server.port(), FILL_CONNECTIONS, FILL_PIPELINE)) {
            Tally tally = check(server, client.run(Workload.fill(keys), FILL_NANOS_MAX));
            if (tally.requests() < keys) {
                throw new BenchmarkFailed(
                        server.name()
                                + " took only "
                                + tally.requests()
                                + " objects in two minutes");
            }
        }
    }

    private static Tally check(ServerProcess server, Tally tally) throws BenchmarkFailed {
        if (tally.failed() + tally.lost() > 0) {
            throw new BenchmarkFailed(
                    String.format(
                            "%s failed %d requests and lost %d; first: %s",
                            server.name(), tally.failed(), tally.lost(), tally.firstFailure()));
        }
        return tally;
    }

    private static long usedMemory(int port) throws IOException, BenchmarkFailed {
        try (RespConnection connection = new RespConnection(port)) {
            Object info = connection.call("INFO", "memory");
            for (String line : String.valueOf(info).split("\r\n")) {
                if (line.startsWith("used_memory:")) {
                    return Long.parseLong(line.substring("used_memory:".length()).strip());
                }
            }
        }
        throw new BenchmarkFailed("INFO memory does not say used_memory");
    }
}
