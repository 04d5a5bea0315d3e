package io.silkstone.gateway;

/** The gateway cannot start or change as it was told; the message is one sentence for operators. */
public final class GatewayRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence, and what led to it, or null. */
    public GatewayRefused(String message, Throwable reason) {
        super(message);
        // Who reports a failure shows the words of its innermost cause; here this sentence is it.
        if (reason != null) {
            addSuppressed(reason);
        }
    }
}
