package io.silkstone.store.backup;

import java.io.IOException;

/** Nobody is there who could keep copies: no fault, and over when somebody comes. */
public final class NoBackup extends IOException {
    private static final long serialVersionUID = 1;

    /** Who is missing, for people. */
    public NoBackup(String message) {
        super(message);
    }
}
