package io.silkstone.gateway.resp;

/**
 * The {@link MemoryBudget} has not enough left for what a request needs. Costs the client its
 * request, at worst its connection.
 */
public final class MemoryRefused extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** For {@code bytes} that were wanted. */
    public MemoryRefused(long bytes) {
        super("clients hold too much memory to give " + bytes + " bytes more", null, false, false);
    }
}
