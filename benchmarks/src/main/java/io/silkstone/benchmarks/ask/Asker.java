package io.silkstone.benchmarks.ask;

import java.io.IOException;
import org.HdrHistogram.Histogram;

/** A client of one store, as a user would have it: one thread, a window of requests. */
public interface Asker extends AutoCloseable {
    /** What is asked for. */
    enum Request {
        /** A value of 100 bytes. */
        READ,
        /** The same, the other way. */
        WRITE
    }

    /**
     * Keeps {@code outstanding} requests for random keys under way for {@code nanos}, and checks
     * every reply. Only on one thread.
     *
     * @param latencies gets the time from sending to reply of each, in nanoseconds
     * @throws io.silkstone.benchmarks.BenchmarkFailed when a reply is wrong
     */
    void ask(Request request, int outstanding, long nanos, Histogram latencies) throws Exception;

    @Override
    void close() throws IOException;
}
