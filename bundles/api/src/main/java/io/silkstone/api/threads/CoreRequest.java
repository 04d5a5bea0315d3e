package io.silkstone.api.threads;

/**
 * How many cores a policy wants and when it wants to be asked again.
 *
 * @param perPriority cores wanted at each of eight priorities, 0 the highest (Arachne, section
 *     4.2); the arbiter between processes honours them, a runtime alone on its machine adds them up
 * @param intervalNanos time to the next {@link CorePolicy#decide}, from 1 ms to 500 ms; what is
 *     outside of these bounds counts as the nearer one
 * @param reason one short sentence for operators, such as "load factor 1.8 over 1.5"
 */
public record CoreRequest(int[] perPriority, long intervalNanos, String reason) {
    /** Number of priorities. */
    public static final int PRIORITIES = 8;

    /** Checks the shape and copies the array. */
    public CoreRequest {
        if (perPriority.length != PRIORITIES) {
            throw new IllegalArgumentException("perPriority must have 8 entries");
        }
        perPriority = perPriority.clone();
    }

    /** {@code cores} cores at the highest priority. */
    public static CoreRequest of(int cores, long intervalNanos, String reason) {
        int[] perPriority = new int[PRIORITIES];
        perPriority[0] = cores;
        return new CoreRequest(perPriority, intervalNanos, reason);
    }

    /** Cores wanted at all priorities together. */
    public int total() {
        int sum = 0;
        for (int cores : perPriority) {
            sum += cores;
        }
        return sum;
    }
}
