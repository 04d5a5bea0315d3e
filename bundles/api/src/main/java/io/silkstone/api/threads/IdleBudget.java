package io.silkstone.api.threads;

/**
 * How a core without work waits: it spins, then yields its processor, then parks in the kernel.
 *
 * @param spinNanos how long it looks again and again, 0 for not at all
 * @param yields how many times it then gives its processor to other threads of the machine
 * @param parkNanosMax the longest single sleep after that; I/O and new threads end it at once
 */
public record IdleBudget(long spinNanos, int yields, long parkNanosMax) {
    /** Parks at once: for machines whose cores are wanted elsewhere. */
    public static final IdleBudget PARK = new IdleBudget(0, 0, 100_000_000);
}
