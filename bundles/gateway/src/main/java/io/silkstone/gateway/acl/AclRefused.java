package io.silkstone.gateway.acl;

/** A rule, a user or a users file was refused; the message says why in one sentence. */
public final class AclRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence. */
    public AclRefused(String message) {
        super(message);
    }
}
