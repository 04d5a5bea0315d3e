package io.silkstone.benchmarks.ask;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import io.silkstone.javaclient.SilkstoneClient;
import io.silkstone.transport.aeron.AeronOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;

/** The Java client: calls that wait where one is outstanding, else futures. */
public final class ClusterAsker implements Asker {
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final int FILL_BATCH = 1_000;

    /** A machine that does other things meanwhile makes a run poor, but not invalid. */
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final int keys;
    private final SplittableRandom random = new SplittableRandom(4);
    private final Metrics metrics = new Metrics();
    private final SilkstoneClient client;
    private final TableClient table;
    private final WriteOptions options = new WriteOptions();
    private final byte[] key = new byte[ObjectFormat.KEY_BYTES];
    private final byte[] value = new byte[ObjectFormat.VALUE_BYTES];

    /**
     * Of the cluster that {@code seed} belongs to.
     *
     * @param keys how many there are once {@link #fill} has written them
     */
    public ClusterAsker(String seed, AeronOptions.Route path, int keys) throws BenchmarkFailed {
        this.keys = keys;
        client =
                SilkstoneClient.builder(seed)
                        .transport(AeronOptions.defaults().toBuilder().path(path).build())
                        .timeout(TIMEOUT)
                        .metrics(metrics)
                        .connect();
        table = awaitTable();
    }

    /** How often the client did so far what {@code label} says; see {@code ClientMetrics}. */
    public long counted(String label) throws BenchmarkFailed {
        for (MetricRegistry.Metric each : metrics.snapshot()) {
            if (each.label().equals(label)) {
                return each.value();
            }
        }
        throw new BenchmarkFailed("the client does not count " + label);
    }

    /** A new cluster has none until its first server is there. */
    private TableClient awaitTable() throws BenchmarkFailed {
        long began = System.nanoTime();
        while (client.store().table(KvStore.DEFAULT_TABLE) == null) {
            if (System.nanoTime() - began > PATIENCE_NANOS) {
                throw new BenchmarkFailed("the cluster has no table");
            }
        }
        return client.table(KvStore.DEFAULT_TABLE);
    }

    /** The number of the table that it asks. */
    public int table() {
        return table.table().id();
    }

    /** Writes every key once. */
    public void fill() throws BenchmarkFailed {
        for (int first = 0; first < keys; first += FILL_BATCH) {
            List<TableClient.Write> batch = new ArrayList<>();
            for (int number = first; number < Math.min(keys, first + FILL_BATCH); number++) {
                ObjectFormat.putKey(key, number);
                ObjectFormat.putValue(value, number, 1);
                batch.add(new TableClient.Write(key.clone(), value.clone()));
            }
            for (Answer answer : table.writeAll(batch)) {
                check(Request.WRITE, 0, answer);
            }
        }
    }

    @Override
    public void ask(Request request, int outstanding, long nanos, Histogram latencies)
            throws BenchmarkFailed {
        if (outstanding == 1) {
            askOneByOne(request, nanos, latencies);
        } else {
            askAhead(request, outstanding, nanos, latencies);
        }
    }

    private void askOneByOne(Request request, long nanos, Histogram latencies)
            throws BenchmarkFailed {
        long now = System.nanoTime();
        long deadline = now + nanos;
        while (now - deadline < 0) {
            int number = next(request);
            check(
                    request,
                    number,
                    request == Request.READ ? table.read(key) : table.write(key, value, options));
            long then = System.nanoTime();
            latencies.recordValue(then - now);
            now = then;
        }
    }

    private void askAhead(Request request, int outstanding, long nanos, Histogram latencies)
            throws BenchmarkFailed {
        List<CompletableFuture<Answer>> futures = new ArrayList<>();
        int[] numbers = new int[outstanding];
        long[] sentAt = new long[outstanding];
        for (int index = 0; index < outstanding; index++) {
            sentAt[index] = System.nanoTime();
            numbers[index] = next(request);
            futures.add(begin(request));
        }
        long deadline = sentAt[0] + nanos;
        int oldest = 0;
        int underWay = outstanding;
        while (underWay > 0) {
            Answer answer = client.await(futures.get(oldest));
            long now = System.nanoTime();
            latencies.recordValue(now - sentAt[oldest]);
            check(request, numbers[oldest], answer);
            if (now - deadline < 0) {
                sentAt[oldest] = now;
                numbers[oldest] = next(request);
                futures.set(oldest, begin(request));
            } else {
                underWay--;
            }
            oldest = (oldest + 1) % outstanding;
        }
    }

    /** Makes key and value those of a random number. */
    private int next(Request request) {
        int number = random.nextInt(keys);
        ObjectFormat.putKey(key, number);
        if (request == Request.WRITE) {
            ObjectFormat.putValue(value, number, 1);
        }
        return number;
    }

    private CompletableFuture<Answer> begin(Request request) {
        return request == Request.READ
                ? table.readAsync(key)
                : table.writeAsync(key, value, options);
    }

    private static void check(Request request, int number, Answer answer) throws BenchmarkFailed {
        boolean right =
                answer.isOk()
                        && (request == Request.WRITE
                                || ObjectFormat.isExpected(
                                        number,
                                        ByteBuffer.wrap(answer.value()),
                                        0,
                                        answer.value().length));
        if (!right) {
            throw new BenchmarkFailed(
                    "a " + request + " of key " + number + " was answered " + answer.status());
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
