package io.silkstone.node.policy;

import java.io.IOException;
import java.util.Map;

/** Where the node remembers which policies are wanted. Called on the directory's control thread. */
interface PolicyWishes {
    /**
     * What is wanted now, by kind: what was remembered last or an operator wrote since.
     *
     * @throws IOException when it cannot be read; what was wanted before goes on being wanted
     */
    Map<String, String> names() throws IOException;

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
