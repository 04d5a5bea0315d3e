package io.silkstone.node.config;

import java.io.IOException;
import java.util.Collection;
import java.util.Map;

/** What the files are brought into: ConfigAdmin in a node, a map in tests. */
interface ConfigTarget {
    /** Makes {@code values} the configuration of {@code pid}, which may be {@code factory~name}. */
    void update(String pid, Map<String, Object> values) throws IOException;

    /** Takes the configuration of {@code pid} away, so that defaults hold. */
    void delete(String pid) throws IOException;

    /** The configuration of {@code pid}, empty when there is none. */
    Map<String, Object> current(String pid) throws IOException;

    /** PIDs that were configured from files in an earlier life of the node. */
    Collection<String> fromFiles();

    /**
     * Why a component of {@code pid} failed to start with the configuration that it has, or refused
     * the one that it got at {@code sinceMs} or later; null when neither happened.
     */
    String failure(String pid, long sinceMs);
}
