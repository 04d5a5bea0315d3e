package io.silkstone.simulation.history;

/**
 * One operation on one key, from the call to the reply. Calls and replies of a history are numbered
 * in the order in which they happened.
 *
 * @param client who asked
 * @param key of what
 * @param call what was asked
 * @param reply what was answered; null when nobody knows: it may have happened at any time since
 *     the call, may happen yet, or never
 * @param calledAt number of the call
 * @param returnedAt number of the reply, {@link #NEVER} without one
 * @param calledMillis the store's clock at the call
 * @param returnedMillis the store's clock at the reply, {@link #NEVER} without one
 */
public record Operation(
        int client,
        String key,
        Call call,
        Reply reply,
        long calledAt,
        long returnedAt,
        long calledMillis,
        long returnedMillis) {
    /** After everything. */
    public static final long NEVER = Long.MAX_VALUE;

    /** Whether the client was told how it ended. */
    public boolean isKnown() {
        return reply != null;
    }
}
