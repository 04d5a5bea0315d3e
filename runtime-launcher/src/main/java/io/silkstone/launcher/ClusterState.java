package io.silkstone.launcher;

import java.util.Locale;
import java.util.Optional;

/**
 * How far a node is in its cluster, as it writes it into {@code run/cluster} for those outside.
 *
 * @param stage how far
 * @param words the same for people, as the node's membership says it
 */
record ClusterState(Stage stage, String words) {
    /** In the order in which a node comes through them. */
    enum Stage {
        /** Not a server of the cluster, or not any more. */
        JOINING,
        /** A server, in a cluster that does not serve all of its keys. */
        MEMBER,
        /** A server, in a cluster that serves all of its keys. */
        SERVING
    }

    /** As it stands in the file. */
    String line() {
        return stage.name().toLowerCase(Locale.ROOT) + " " + words;
    }

    /** Out of the file; nothing when the line is none of ours. */
    static Optional<ClusterState> parse(String line) {
        String[] parts = line.strip().split(" ", 2);
        for (Stage stage : Stage.values()) {
            if (stage.name().toLowerCase(Locale.ROOT).equals(parts[0])) {
                return Optional.of(new ClusterState(stage, parts.length < 2 ? "" : parts[1]));
            }
        }
        return Optional.empty();
    }
}
