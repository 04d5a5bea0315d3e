package io.silkstone.benchmarks.threads;

import org.HdrHistogram.Histogram;

/**
 * A kind of threads, with one loop for each thing that is measured. The loops of two rivals are
 * written out twice, because a common one would measure its own indirections. Each takes the
 * latencies of a trial, in nanoseconds, and ends when the deadline (of {@link System#nanoTime}) is
 * over.
 */
interface Rival extends AutoCloseable {
    /** Prefix of its figures in the result line. */
    String key();

    /** What to call it in tables. */
    String name();

    /** From before a thread is created until it runs on another processor than its creator. */
    void create(Histogram latencies, long deadline) throws InterruptedException;

    /** A thread that does nothing is created and joined. */
    void createAndJoin(Histogram latencies, long deadline) throws InterruptedException;

    /** Two threads a processor yield to each other; the time from one's yield to the other's. */
    void yieldToOthers(Histogram latencies, long deadline) throws InterruptedException;

    /** Two threads wake each other in turn; the time from a wake-up to the other's run. */
    void wake(Histogram latencies, long deadline) throws InterruptedException;

    @Override
    void close();
}
