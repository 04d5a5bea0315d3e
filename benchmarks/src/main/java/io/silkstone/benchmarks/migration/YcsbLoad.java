package io.silkstone.benchmarks.migration;

import io.silkstone.api.store.WriteOptions;
import io.silkstone.benchmarks.load.Objects;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import io.silkstone.javaclient.SilkstoneClient;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * YCSB's workload B on one table: 95 reads in 100 operations, the other 5 write, keys after {@link
 * Zipf}. Each answer is checked: a read shows its key's value, at least as new as the write that
 * was acknowledged last when the read began. A key that is being written is read.
 *
 * <p>Paced, it asks in bursts, each when it is due, whether the ones before have been answered or
 * not; and a latency counts from when the burst was due. So an operation that waits shows with all
 * those behind it (no coordinated omission). Threads: one that asks, and whoever takes the answers.
 */
final class YcsbLoad {
    private static final long NANOS_MAX = 30_000_000_000L;
    private static final int PERCENT = 100;
    private static final int READ_PERCENT = 95;
    private static final int WINDOW = 16;
    static final int OUTSTANDING_MAX = 256;
    private static final int BURST = 8;

    private final SilkstoneClient client;
    private final TableClient table;
    private final Objects objects;
    private final WriteOptions options = new WriteOptions();
    private final SplittableRandom random = new SplittableRandom(7);
    private Zipf zipf;

    /** The last write of each that was begun, and acknowledged. */
    private final int[] begun;

    private final int[] acknowledged;

    /** Completed by the next answer that lets the thread that asks go on. */
    private volatile CompletableFuture<Void> news = new CompletableFuture<>();

    private volatile long due;
    private final AtomicInteger outstanding = new AtomicInteger();
    private final AtomicLong operations = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private volatile Histogram reads = new ConcurrentHistogram(NANOS_MAX, 3);
    private volatile boolean ended;
    private Thread asking;
    private volatile String firstFailure = "";

    /** Asks {@code moving} by way of {@code client}, which is its own. */
    YcsbLoad(SilkstoneClient client, MovingTable moving) {
        this.client = client;
        table = client.table(moving.name());
        objects = moving.objects();
        zipf = new Zipf(objects.count(), new SplittableRandom(11));
        begun = new int[objects.count()];
        acknowledged = new int[objects.count()];
    }

    /** Chooses keys with another skew from now on. While nobody asks. */
    void skew(double theta) {
        zipf = new Zipf(objects.count(), theta, new SplittableRandom(11));
    }

    /** Operations a second with {@value #WINDOW} of them under way at any time. */
    double peak(long nanos) {
        long before = operations.get();
        long began = System.nanoTime();
        CompletableFuture<?>[] window = new CompletableFuture<?>[WINDOW];
        for (int index = 0; index < WINDOW; index++) {
            window[index] = begin(began);
        }
        int oldest = 0;
        for (long now = began; now - began < nanos; now = System.nanoTime()) {
            client.await(window[oldest]);
            window[oldest] = begin(now);
            oldest = (oldest + 1) % WINDOW;
        }
        for (CompletableFuture<?> each : window) {
            client.await(each);
        }
        return (operations.get() - before) * 1e9 / (System.nanoTime() - began);
    }

    /** Begins to ask so often, on a thread of its own, until {@link #stop}. */
    void start(double perSecond) {
        ended = false;
        long interval = (long) (BURST / perSecond * 1e9);
        asking = new Thread(() -> askAtPace(interval), "bench-ycsb");
        asking.setDaemon(true);
        asking.start();
    }

    /** Asks no more, and waits for the last answer. */
    void stop() throws InterruptedException {
        ended = true;
        asking.join();
    }

    private void askAtPace(long interval) {
        due = System.nanoTime();
        while (!ended) {
            long now = System.nanoTime();
            if (now - due < 0) {
                awaitDue(now);
            } else if (outstanding.get() > OUTSTANDING_MAX - BURST) {
                awaitNews();
            } else {
                for (int index = 0; index < BURST; index++) {
                    begin(due);
                }
                due += interval;
            }
        }
        due = System.nanoTime();
        while (outstanding.get() > 0) {
            awaitNews();
        }
    }

    private void awaitDue(long now) {
        if (outstanding.get() == 0) {
            LockSupport.parkNanos(due - now);
        } else {
            awaitNews();
        }
    }

    /** Until an answer comes after the next burst is due, or there is none to come. */
    private void awaitNews() {
        CompletableFuture<Void> next = new CompletableFuture<>();
        news = next;
        // The last answer may have come before that.
        if (outstanding.get() > 0) {
            client.await(next);
        }
    }

    /** Latencies of reads from here on, in nanoseconds. */
    Histogram record() {
        Histogram fresh = new ConcurrentHistogram(NANOS_MAX, 3);
        reads = fresh;
        return fresh;
    }

    /** How many operations had no answer in time, or a wrong one. */
    long failed() {
        return failed.get();
    }

    /** What was wrong with the first of them. */
    String firstFailure() {
        return firstFailure;
    }

    private CompletableFuture<?> begin(long since) {
        outstanding.incrementAndGet();
        int number = zipf.next();
        Histogram latencies = reads;
        int lowest = acknowledged[number];
        // Two writes of one key under way may be made in either order, and which is not told.
        boolean isBeingWritten = begun[number] > lowest;
        if (random.nextInt(PERCENT) < READ_PERCENT || isBeingWritten) {
            return table.readAsync(objects.key(number))
                    .thenAccept(
                            answer -> {
                                int found = objects.version(number, answer.value());
                                count(answer, found >= lowest && found <= begun[number], number);
                                record(latencies, System.nanoTime() - since);
                            });
        }
        int version = ++begun[number];
        return table.writeAsync(objects.key(number), objects.value(number, version), options)
                .thenAccept(
                        answer -> {
                            count(answer, true, number);
                            acknowledged[number] = version;
                        });
    }

    private static void record(Histogram latencies, long nanos) {
        latencies.recordValue(Math.clamp(nanos, 1, NANOS_MAX));
    }

    private void count(Answer answer, boolean isRight, int number) {
        operations.incrementAndGet();
        if (outstanding.decrementAndGet() == 0 || System.nanoTime() - due >= 0) {
            news.complete(null);
        }
        if (!answer.isOk() || !isRight) {
            if (failed.getAndIncrement() == 0) {
                firstFailure = "an operation on key " + number + " was answered " + answer.status();
            }
        }
    }
}
