package io.silkstone.node.policy;

import java.io.IOException;

/** Where the node remembers which policies are wanted. Called on the directory's control thread. */
interface PolicyWishes {
    /**
     * Remembers that {@code kind} shall have {@code name}.
     *
     * @param name null forgets the wish
     * @throws IOException when it could not be written; the wish still holds until the node stops
     */
    void remember(String kind, String name) throws IOException;

    /** The place, as an operator knows it. */
    String place();
}
