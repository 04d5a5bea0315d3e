package io.silkstone.launcher;

/** The command cannot be done; the message says in one sentence why, and what to change. */
class StartRefused extends Exception {
    private static final long serialVersionUID = 1;

    StartRefused(String message) {
        super(message);
    }

    StartRefused(String message, Throwable cause) {
        super(message, cause);
    }
}
