package io.silkstone.shell.control;

/**
 * Limits of the control socket, checked.
 *
 * @param idleTimeoutSeconds after so long without a byte in either direction a session ends
 * @param sessionsMax connections served at once
 */
record ControlOptions(long idleTimeoutSeconds, int sessionsMax) {
    private static final long IDLE_SECONDS_MAX = 7 * 24 * 3600;
    private static final int SESSIONS_LIMIT = 1_000;

    ControlOptions {
        inRange("idle.timeout.s", idleTimeoutSeconds, 1, IDLE_SECONDS_MAX);
        inRange("sessions.max", sessionsMax, 1, SESSIONS_LIMIT);
    }

    private static void inRange(String key, long value, long lowest, long highest) {
        if (value < lowest || value > highest) {
            throw new IllegalArgumentException(
                    key + " must be between " + lowest + " and " + highest + ", was " + value);
        }
    }
}
