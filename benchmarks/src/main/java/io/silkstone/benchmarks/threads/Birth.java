package io.silkstone.benchmarks.threads;

/** What a new thread leaves for its creator. */
final class Birth {
    private static final long SPINS_MAX = 1_000_000;

    private volatile long nanos;
    private int processor;

    /** Before the thread is created. */
    void expect() {
        nanos = 0;
    }

    /** First thing that the thread does. */
    void now() {
        long begun = System.nanoTime();
        processor = Processor.current();
        nanos = begun;
    }

    /**
     * Spins until the thread has begun, or for about a millisecond: a thread on the creator's own
     * core begins only when that one waits.
     *
     * @return when it began, 0 when it has not yet
     */
    long await() {
        for (long spins = 0; nanos == 0 && spins < SPINS_MAX; spins++) {
            Thread.onSpinWait();
        }
        return nanos;
    }

    /** Where it began; valid after {@link #await} gave a time. */
    int processor() {
        return processor;
    }
}
