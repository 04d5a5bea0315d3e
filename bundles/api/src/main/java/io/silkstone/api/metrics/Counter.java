package io.silkstone.api.metrics;

import org.osgi.annotation.versioning.ProviderType;

/** Counts upwards. Adding is wait-free and allocates nothing. */
@ProviderType
public interface Counter {
    /** Adds one. */
    void increment();

    /** Adds {@code amount}, not negative. */
    void add(long amount);

    /** The sum, which may miss additions under way. */
    long get();
}
