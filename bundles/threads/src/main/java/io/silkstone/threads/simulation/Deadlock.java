package io.silkstone.threads.simulation;

/**
 * No thread of a simulation can ever run again, and some have not ended; the message names them.
 */
public final class Deadlock extends IllegalStateException {
    private static final long serialVersionUID = 1;

    Deadlock(String message) {
        super(message);
    }
}
