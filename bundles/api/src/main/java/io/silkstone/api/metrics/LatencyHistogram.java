package io.silkstone.api.metrics;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Latencies from 1 ns to 100 s with two significant digits. Recording is wait-free and allocates
 * nothing.
 */
@ProviderType
public interface LatencyHistogram {
    /** Records one latency; values out of range count as the nearest bound. */
    void record(long nanos);

    /**
     * The latency below which {@code percentile} (0 to 100) per cent of the records lie; 0 for
     * none.
     */
    long percentile(double percentile);

    /** How many were recorded. */
    long count();

    /** Forgets all records. */
    void reset();
}
