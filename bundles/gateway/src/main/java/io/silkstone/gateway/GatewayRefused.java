package io.silkstone.gateway;

/** The gateway cannot start or change as it was told; the message is one sentence for operators. */
public final class GatewayRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence, and the cause where there is one. */
    public GatewayRefused(String message, Throwable cause) {
        super(message, cause);
    }
}
