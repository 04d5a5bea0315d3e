package io.silkstone.store.backup;

import java.io.IOException;

/**
 * A copy of a segment is not as it was when the disk said that it was safe. The message is for
 * operators.
 */
public final class DamagedReplica extends IOException {
    private static final long serialVersionUID = 1;

    private final String what;

    /**
     * Of the file {@code name} in the directory {@code path}.
     *
     * @param position the byte from which on it is not to be trusted
     * @param trouble how that is known, as a continuation of "is damaged"
     */
    DamagedReplica(String path, String name, long position, String trouble) {
        this(path + "/" + name + " is damaged from byte " + position + " on: " + trouble);
    }

    private DamagedReplica(String what) {
        super(what + "; restore the directory from a copy");
        this.what = what;
    }

    /** What is damaged, and how that is known, without advice. */
    String what() {
        return what;
    }
}
