package io.silkstone.node.config;

/** A configuration is wrong; the message is one sentence with key and what is allowed. */
public final class ConfigRefused extends Exception {
    private static final long serialVersionUID = 1;

    ConfigRefused(String message) {
        super(message);
    }
}
