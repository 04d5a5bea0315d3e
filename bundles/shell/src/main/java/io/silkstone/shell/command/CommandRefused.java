package io.silkstone.shell.command;

/** A command was not carried out; the message is the one sentence that the operator sees. */
public final class CommandRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence that the operator sees. */
    public CommandRefused(String message) {
        super(message);
    }
}
