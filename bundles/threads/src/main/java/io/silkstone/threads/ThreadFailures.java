package io.silkstone.threads;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Logs what tasks and pollers throw, once for each pair of thrower and failure, so that a task that
 * fails a million times a second fills no disk. Remembers names only, never a class: the bundle
 * that failed can still be unloaded.
 */
final class ThreadFailures {
    private static final int KINDS_MAX = 1_000;

    private final String log;
    private final Set<String> reported = ConcurrentHashMap.newKeySet();

    /**
     * @param log name of the log
     */
    ThreadFailures(String log) {
        this.log = log;
    }

    void report(String role, Object thrower, Throwable failure) {
        String kind = thrower.getClass().getName() + '/' + failure.getClass().getName();
        if (reported.size() < KINDS_MAX && reported.add(kind)) {
            System.getLogger(log)
                    .log(
                            System.Logger.Level.ERROR,
                            "The "
                                    + role
                                    + " "
                                    + thrower.getClass().getName()
                                    + " failed (said once)",
                            failure);
        }
    }
}
