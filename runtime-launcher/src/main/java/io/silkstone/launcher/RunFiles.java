package io.silkstone.launcher;

import io.silkstone.launcher.ClusterState.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * What a node says of itself in the files of its {@code run}: where it serves, and how far it is in
 * its cluster. {@link RunningNode} reads them. Each is written when it changes, whole.
 */
final class RunFiles {
    private final Path run;
    private List<String> endpointsWritten = List.of();
    private Optional<ClusterState> clusterWritten = Optional.empty();

    RunFiles(Path run) {
        this.run = run;
    }

    /** Says where the node serves now. */
    void endpoints(List<String> endpoints) throws IOException {
        if (!endpoints.equals(endpointsWritten)) {
            write("endpoints", endpoints);
            endpointsWritten = endpoints;
        }
    }

    /**
     * Says how far the node is in its cluster; nothing for a node that is alone. One whose
     * membership has gone is not alone: it serves nothing until that is back.
     */
    void cluster(Optional<ClusterState> present) throws IOException {
        Optional<ClusterState> state =
                present.or(
                        () ->
                                clusterWritten.map(
                                        former ->
                                                new ClusterState(
                                                        Stage.JOINING, "without a membership")));
        if (state.isPresent() && !state.equals(clusterWritten)) {
            write("cluster", List.of(state.get().line()));
            clusterWritten = state;
        }
    }

    /** Whether the node belongs to a cluster that does not serve all of its keys yet. */
    boolean isJoining() {
        return clusterWritten.filter(state -> state.stage() != Stage.SERVING).isPresent();
    }

    private void write(String name, List<String> lines) throws IOException {
        Path fresh = run.resolve(name + ".new");
        Files.write(fresh, lines);
        Files.move(fresh, run.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }
}
