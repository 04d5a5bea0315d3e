package io.silkstone.api.store;

/** A request on tables or tablets was refused; the message says why in one sentence. */
public final class StoreRefused extends Exception {
    private static final long serialVersionUID = 1;

    /** With the sentence that the operator sees. */
    public StoreRefused(String message) {
        super(message);
    }
}
