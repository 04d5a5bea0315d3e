package io.silkstone.api.cluster;

/** What an operator wants of the cluster cannot be done; the message says why in one sentence. */
public final class ClusterRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence that the operator sees. */
    public ClusterRefused(String message) {
        super(message);
    }
}
