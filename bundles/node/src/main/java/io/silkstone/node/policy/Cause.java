package io.silkstone.node.policy;

/** Why a kind of policy changed, in the words of {@code policy:history}. */
enum Cause {
    START("start"),
    COMMAND("command"),
    CONFIGURATION("configuration"),
    NEWER_VERSION("newer version"),
    WITHDRAWN("withdrawn"),
    FAILED("failed");

    private final String text;

    Cause(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
