package io.silkstone.store.master;

/**
 * What the bulk of a migration leaves to clients. A server whose processors are all in use serves
 * its clients late, and clients on the same machine get on slowly themselves; both shows in how
 * late a thread runs that could. While that is more than is allowed, and clients ask for something,
 * the bulk comes ever more slowly; while it is not, ever faster (additive increase and
 * multiplicative decrease, which is fair among several that share a processor: Chiu and Jain 1989).
 * It begins with little, and doubles that until threads are late for the first time, as TCP's slow
 * start does: what waits because of the first moments would wait for the rest of the migration.
 *
 * <p>Threads: one, but {@link #bytesPerSecond} any.
 */
final class Courtesy {
    /** So many operations in a second are clients at work, fewer are an operator who looks. */
    private static final long OPERATIONS_PER_SECOND_MIN = 200;

    /** However little the clients leave, the migration is to end. */
    static final long BYTES_PER_SECOND_MIN = 16 << 20;

    /** With so much it begins, whether clients are there or not: the first look tells. */
    static final long BYTES_PER_SECOND_FIRST = 64 << 20;

    private static final double SLOWER = 0.8;
    private static final long FASTER_BYTES = 4 << 20;
    private static final double SECOND_NANOS = 1e9;

    private volatile long bytesPerSecond = BYTES_PER_SECOND_FIRST;
    private boolean hasBeenLate;

    /** How much may come in a second; 0 for as much as it can. */
    long bytesPerSecond() {
        return bytesPerSecond;
    }

    /**
     * Looks at an interval.
     *
     * @param nanos how long it was
     * @param isLate whether threads that could run mostly ran later than is allowed
     * @param operations how many clients have asked for that are to be served in time
     * @param bytes how much has come
     */
    void observe(long nanos, boolean isLate, long operations, long bytes) {
        double seconds = nanos / SECOND_NANOS;
        double came = bytes / seconds;
        long allowed = bytesPerSecond;
        if (operations < OPERATIONS_PER_SECOND_MIN * seconds) {
            bytesPerSecond = 0;
            hasBeenLate = false;
        } else if (isLate) {
            hasBeenLate = true;
            double before = allowed == 0 ? came : Math.min(allowed, 2 * came);
            bytesPerSecond = Math.max(BYTES_PER_SECOND_MIN, (long) (before * SLOWER));
        } else if (allowed == 0) {
            // Clients have come.
            bytesPerSecond = Math.max(BYTES_PER_SECOND_FIRST, (long) (came / 2));
        } else if (came > allowed / 2.0) {
            // What is allowed and does not come would take long to be taken back.
            bytesPerSecond = hasBeenLate ? allowed + FASTER_BYTES : 2 * allowed;
        }
    }
}
