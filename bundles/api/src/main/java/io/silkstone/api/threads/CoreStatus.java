package io.silkstone.api.threads;

/**
 * One core as operators see it.
 *
 * @param core the runtime's number for it
 * @param processor the processor that it is pinned to, -1 when it is not pinned
 * @param state {@code held}, {@code draining} or {@code free}
 * @param owner thread class that has it for itself, or {@code shared}
 * @param utilisation busy share of the last interval, 0 to 1
 * @param loadFactor runnable threads per scan over the last interval
 * @param threads occupied contexts
 */
public record CoreStatus(
        int core,
        int processor,
        String state,
        String owner,
        double utilisation,
        double loadFactor,
        int threads) {}
