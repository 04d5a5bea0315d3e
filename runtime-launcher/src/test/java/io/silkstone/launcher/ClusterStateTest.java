package io.silkstone.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.launcher.ClusterState.Stage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClusterStateTest {
    @ParameterizedTest
    @EnumSource
    void parse_itsOwnLine_isTheSame(Stage stage) {
        ClusterState state = new ClusterState(stage, "server 2.1");
        assertThat(ClusterState.parse(state.line() + "\n")).contains(state);
    }

    @Test
    void parse_anotherLine_isNothing() {
        assertThat(ClusterState.parse("")).isEmpty();
        assertThat(ClusterState.parse("dancing all night")).isEmpty();
        assertThat(ClusterState.parse("member")).contains(new ClusterState(Stage.MEMBER, ""));
    }
}
