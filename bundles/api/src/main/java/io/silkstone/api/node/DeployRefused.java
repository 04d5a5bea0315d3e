package io.silkstone.api.node;

/** A bundle was refused or rolled back; the message says why in one sentence, and what to do. */
public final class DeployRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence that the operator sees. */
    public DeployRefused(String message) {
        super(message);
    }
}
