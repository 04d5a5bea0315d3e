package io.silkstone.faults;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;

/**
 * A way to the keys of one node, for one thread. What comes of a call is a reply, NO_EFFECT where
 * it certainly was not made, or LOST where nobody knows.
 */
interface Door extends AutoCloseable {
    /** Asks, and waits; no longer than {@link #patienceNanos}. */
    Reply ask(String key, Call call);

    /** How long an answer may take: what takes longer hangs. */
    long patienceNanos();

    /** Whether it can ask for a version. */
    boolean knowsVersions();

    @Override
    void close();
}
