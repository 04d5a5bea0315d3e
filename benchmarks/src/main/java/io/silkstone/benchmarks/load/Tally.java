package io.silkstone.benchmarks.load;

import org.HdrHistogram.Histogram;

/**
 * What came of a load. Mutable; the client that fills it is done with it when it is read.
 *
 * <p><b>Failed</b> are requests that got an error, or no reply. <b>Lost</b> are those whose reply
 * was well-formed and wrong: a value that is absent, another's, or older than the last one written.
 */
public final class Tally {
    private static final long NANOS_MAX = 60_000_000_000L;

    private final Histogram latencyNanos = new Histogram(NANOS_MAX, 3);
    private long failed;
    private long lost;
    private long durationNanos;
    private String firstFailure = "";

    /** An empty tally. */
    public Tally() {}

    void replied(long count, long nanos) {
        latencyNanos.recordValueWithCount(Math.clamp(nanos, 1, NANOS_MAX), count);
    }

    void failed(long count, String reason) {
        failed += count;
        firstFailure = firstFailure.isEmpty() ? reason : firstFailure;
    }

    void lost(String reason) {
        lost++;
        firstFailure = firstFailure.isEmpty() ? reason : firstFailure;
    }

    void lasted(long nanos) {
        durationNanos += nanos;
    }

    /** Adds what {@code other} counted, as if it had come after. */
    public void add(Tally other) {
        latencyNanos.add(other.latencyNanos);
        failed += other.failed;
        lost += other.lost;
        durationNanos += other.durationNanos;
        firstFailure = firstFailure.isEmpty() ? other.firstFailure : firstFailure;
    }

    /** Requests that got a reply. */
    public long requests() {
        return latencyNanos.getTotalCount();
    }

    /** Requests that failed. */
    public long failed() {
        return failed;
    }

    /** Requests whose reply was wrong. */
    public long lost() {
        return lost;
    }

    /** What the first failed or lost request met; empty when there was none. */
    public String firstFailure() {
        return firstFailure;
    }

    /** Replies a second. */
    public double perSecond() {
        return durationNanos == 0 ? 0 : requests() * 1e9 / durationNanos;
    }

    /** The latency in milliseconds under which {@code percentile} per cent of the requests lie. */
    public double millis(double percentile) {
        return latencyNanos.getValueAtPercentile(percentile) / 1e6;
    }
}
