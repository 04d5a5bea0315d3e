package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterHomeTest {
    @TempDir Path root;

    private ClusterHome wanted(String... more) throws StartRefused {
        List<String> words = new ArrayList<>(List.of("up", "--home", root.toString()));
        words.addAll(List.of(more));
        return ClusterHome.wanted(Arguments.parse(words, Map.of("SILKSTONE_PORT_BASE", "9000")));
    }

    @Test
    void wanted_newHome_isAsTheCommandLineSays() throws StartRefused {
        assertThat(ClusterHome.find(root)).isEmpty();
        assertThat(wanted("--nodes", "3")).isEqualTo(new ClusterHome(root, 3, 9000));
        ClusterHome home = wanted("--nodes", "2", "--port-base", "7600");
        assertThat(home.numbers()).containsExactly(1, 2);
        assertThat(home.node(2)).isEqualTo(root.resolve("node-2"));
        assertThat(home.port(2)).isEqualTo(7601);
        assertThat(home.transportPort(2)).isEqualTo(7701);
    }

    @Test
    void wanted_homeOfACluster_isThatCluster() throws StartRefused {
        ClusterHome home = wanted("--nodes", "3", "--port-base", "7600");
        home.write();
        assertThat(ClusterHome.find(root)).contains(home);
        assertThat(wanted()).isEqualTo(home);
        assertThat(wanted("--nodes", "3", "--port-base", "7600")).isEqualTo(home);
    }

    @Test
    void wanted_severalCoordinators_areRememberedAndStay() throws StartRefused {
        ClusterHome home = wanted("--nodes", "4", "--coordinators", "3", "--port-base", "7600");
        home.write();
        assertThat(wanted()).isEqualTo(home);
        assertThat(home.coordinates(3)).isTrue();
        assertThat(home.coordinates(4)).isFalse();
        assertThat(home.logPort(3)).isEqualTo(7810);
        assertThatThrownBy(() -> wanted("--coordinators", "1"))
                .isInstanceOf(StartRefused.class)
                .hasMessageContaining("holds a cluster whose coordinators are 3");
    }

    @Test
    void wanted_moreCoordinatorsThanNodes_isRefused() {
        assertThatThrownBy(() -> wanted("--coordinators", "3"))
                .isInstanceOf(StartRefused.class)
                .hasMessage("3 coordinators need as many nodes: --nodes was 1.");
    }

    @Test
    void wanted_otherNodesOrPorts_isRefused() throws StartRefused {
        wanted("--nodes", "3", "--port-base", "7600").write();
        String sentence =
                "--home "
                        + root
                        + " holds a cluster of 3 nodes from port 7600, which stays as it is: start"
                        + " that one, or give a new cluster another home.";
        assertThatThrownBy(() -> wanted("--nodes", "4")).hasMessage(sentence);
        assertThatThrownBy(() -> wanted("--nodes", "1")).hasMessage(sentence);
        assertThatThrownBy(() -> wanted("--port-base", "7700")).hasMessage(sentence);
    }

    @Test
    void wanted_homeOfANode_isRefused() throws IOException {
        Files.createDirectory(root.resolve("etc"));
        assertThatThrownBy(() -> wanted("--nodes", "3"))
                .isInstanceOf(StartRefused.class)
                .hasMessage(
                        "--home "
                                + root
                                + " is the home of one node: give the cluster another one.");
    }

    @Test
    void wanted_portsBeyondTheLast_isRefused() throws StartRefused {
        assertThat(wanted("--nodes", "100", "--port-base", "65336").transportPort(100))
                .isEqualTo(65_535);
        assertThatThrownBy(() -> wanted("--nodes", "100", "--port-base", "65337"))
                .isInstanceOf(StartRefused.class)
                .hasMessage(
                        "100 nodes have ports up to 65535 with --port-base 65336 at most, was"
                                + " 65337.");
    }

    @ParameterizedTest
    @CsvSource({"many,7600", "0,7600", "101,7600", "3,0", "3,65401", "100,65337", "-3,7600"})
    void find_damagedFile_isRefused(String nodes, String portBase) throws IOException {
        Files.writeString(
                root.resolve("cluster.properties"),
                "nodes = " + nodes + "\nport.base = " + portBase + "\n");
        assertThatThrownBy(() -> ClusterHome.find(root))
                .isInstanceOf(StartRefused.class)
                .hasMessage(
                        root.resolve("cluster.properties")
                                + " must have the numbers nodes, from 1 to 100, coordinators, which"
                                + " is 1, 3 or 5 and no more than that, and port.base, from 1 to"
                                + " 65400: restore it, or take another home.");
    }
}
