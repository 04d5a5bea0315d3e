package io.silkstone.benchmarks;

/** A benchmark could not measure, or met what must never happen; the message says it. */
public final class BenchmarkFailed extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence that the user sees. */
    public BenchmarkFailed(String message) {
        super(message);
    }
}
