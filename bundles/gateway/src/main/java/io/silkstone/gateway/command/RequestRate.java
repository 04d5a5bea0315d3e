package io.silkstone.gateway.command;

import java.util.concurrent.TimeUnit;

/** Requests a second, over the last second or little more. Threads: any. */
final class RequestRate {
    private static final long SAMPLE_NANOS = TimeUnit.SECONDS.toNanos(1) * 9 / 10;

    private long sampledNanos;
    private long sampledRequests;
    private boolean sampled;
    private volatile long rate;

    /** Takes note of a count; called about once a second by each core. */
    synchronized void sample(long nanos, long requests) {
        long passed = nanos - sampledNanos;
        if (sampled && passed < SAMPLE_NANOS) {
            return;
        }
        if (sampled) {
            double more = Math.max(requests - sampledRequests, 0);
            rate = Math.round(more * TimeUnit.SECONDS.toNanos(1) / passed);
        }
        sampled = true;
        sampledNanos = nanos;
        sampledRequests = requests;
    }

    long perSecond() {
        return rate;
    }
}
