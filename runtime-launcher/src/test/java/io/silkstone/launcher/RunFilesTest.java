package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.launcher.ClusterState.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFilesTest {
    private static final ClusterState SERVING = new ClusterState(Stage.SERVING, "server 2.1");

    @TempDir Path home;
    private RunFiles files;

    @BeforeEach
    void live() throws IOException {
        files = new RunFiles(Files.createDirectory(home.resolve("run")));
        RunningNode.write(home, ProcessHandle.current());
    }

    private RunningNode seen() {
        return RunningNode.find(home).orElseThrow();
    }

    @Test
    void endpoints_areSeenFromOutside() throws IOException {
        files.endpoints(List.of("redis 127.0.0.1:7600"));
        assertThat(seen().endpoints()).contains(List.of("redis 127.0.0.1:7600"));
        files.endpoints(List.of());
        assertThat(seen().endpoints()).contains(List.of());
    }

    @Test
    void cluster_ofANodeAlone_isNotWritten() throws IOException {
        files.cluster(Optional.empty());
        assertThat(seen().cluster()).isEmpty();
        assertThat(files.isJoining()).isFalse();
    }

    @Test
    void cluster_thatGoesAndComesBack_isNeverStale() throws IOException {
        files.cluster(Optional.of(SERVING));
        assertThat(seen().cluster()).contains(SERVING);
        assertThat(files.isJoining()).isFalse();

        files.cluster(Optional.empty());
        assertThat(seen().cluster())
                .contains(new ClusterState(Stage.JOINING, "without a membership"));
        assertThat(files.isJoining()).isTrue();

        files.cluster(Optional.of(SERVING));
        assertThat(seen().cluster()).contains(SERVING);
    }
}
