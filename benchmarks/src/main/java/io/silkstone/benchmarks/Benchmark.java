package io.silkstone.benchmarks;

/** One benchmark. It bounds its own time, and leaves neither processes nor files behind. */
public interface Benchmark {
    /** What {@code ./silkstone bench} calls it. */
    String name();

    /** What it shows, one line. */
    String description();

    /**
     * Measures, prints tables and at the end the result line.
     *
     * @throws BenchmarkFailed when what must never happen has happened, or nothing was measured
     */
    void run(Setting setting) throws BenchmarkFailed, Exception;
}
