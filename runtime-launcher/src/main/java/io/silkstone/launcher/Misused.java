package io.silkstone.launcher;

/** The command line itself is wrong, whatever is done about the machine. */
final class Misused extends StartRefused {
    private static final long serialVersionUID = 1;

    Misused(String message) {
        super(message);
    }

    Misused(String message, Throwable cause) {
        super(message, cause);
    }
}
