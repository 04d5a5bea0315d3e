package io.silkstone.benchmarks.migration;

import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;

/**
 * Who writes and reads keys of its own while tablets move, one operation after the other, and
 * checks that each read shows what it wrote last. Threads: its own, but {@link #stop} and what is
 * told of it after {@link #join} are any's.
 */
final class SoakUser {
    /** An operation that takes longer is late: clients of Redis give up after two seconds. */
    static final long DEADLINE_NANOS = 2_000_000_000;

    private static final long NANOS_MAX = 60_000_000_000L;
    private static final int KEYS = 2_000;
    private static final int PERCENT = 100;
    private static final int WRITE_PERCENT = 20;

    private final String name;
    private final Door door;
    private final SplittableRandom random = new SplittableRandom();
    private final int[] written = new int[KEYS];
    private final Histogram latencies = new Histogram(NANOS_MAX, 3);
    private final Thread thread;
    private volatile boolean ended;
    private long failed;
    private long late;
    private String firstFailure = "";

    /** A client, for one thread. */
    interface Door extends AutoCloseable {
        /** Fails with any exception. */
        void write(String key, String value) throws Exception;

        /** The value of {@code key}; null when there is none. Fails with any exception. */
        String read(String key) throws Exception;

        @Override
        void close();
    }

    /** Begins to ask by way of {@code door}, which stays the caller's. */
    SoakUser(String name, Door door) {
        this.name = name;
        this.door = door;
        thread = new Thread(this::ask, "bench-soak-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void ask() {
        while (!ended) {
            int number = random.nextInt(KEYS);
            long began = System.nanoTime();
            try {
                if (random.nextInt(PERCENT) < WRITE_PERCENT) {
                    write(number);
                } else {
                    read(number);
                }
            } catch (Exception e) {
                fails(e.toString());
            }
            long nanos = System.nanoTime() - began;
            late += nanos > DEADLINE_NANOS ? 1 : 0;
            latencies.recordValue(Math.clamp(nanos, 1, NANOS_MAX));
        }
    }

    private String key(int number) {
        return name + "-" + number;
    }

    private void write(int number) throws Exception {
        // A write that fails may have been made: what is read then can be either.
        int version = written[number] + 1;
        written[number] = -version;
        door.write(key(number), Integer.toString(version));
        written[number] = version;
    }

    private void read(int number) throws Exception {
        String found = door.read(key(number));
        int wanted = written[number];
        if (wanted < 0) {
            written[number] = found == null ? 0 : Integer.parseInt(found);
        } else if (!Integer.toString(wanted).equals(found == null ? "0" : found)) {
            fails("%s was %s after %d was written".formatted(key(number), found, wanted));
        }
    }

    private void fails(String why) {
        failed++;
        firstFailure = firstFailure.isEmpty() ? why : firstFailure;
    }

    /** Asks no more, soon. */
    void stop() {
        ended = true;
    }

    /** Waits for the last answer. */
    void join() throws InterruptedException {
        thread.join();
    }

    String name() {
        return name;
    }

    /** In nanoseconds. */
    Histogram latencies() {
        return latencies;
    }

    /** Operations without an answer, or with a wrong one. */
    long failed() {
        return failed;
    }

    /** Operations that took longer than {@link #DEADLINE_NANOS}. */
    long late() {
        return late;
    }

    /** What was wrong with the first that failed; empty for nothing. */
    String firstFailure() {
        return firstFailure;
    }
}
