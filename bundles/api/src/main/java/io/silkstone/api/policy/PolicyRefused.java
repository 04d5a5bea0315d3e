package io.silkstone.api.policy;

/** A policy was not taken into use; the message says why in one sentence, and what to do. */
public final class PolicyRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence that the operator sees. */
    public PolicyRefused(String message) {
        super(message);
    }

    /** With the sentence that the operator sees and the failure behind it. */
    public PolicyRefused(String message, Throwable cause) {
        super(message, cause);
    }
}
