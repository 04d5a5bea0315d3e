package io.silkstone.store.backup;

import java.io.IOException;

/** Some copies are gone, as happens, and have to be begun again elsewhere; nothing is broken. */
public final class CopiesLost extends IOException {
    private static final long serialVersionUID = 1;

    /** Which ones, for people. */
    public CopiesLost(String message) {
        super(message);
    }
}
