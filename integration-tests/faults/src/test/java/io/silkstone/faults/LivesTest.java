package io.silkstone.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LivesTest {
    private static final Lives BEFORE = new Lives(Map.of(1, 1, 2, 4, 3, 1));

    @Test
    void contradictions_bothSayThatTheSameNodeEnded_none() {
        Lives now = new Lives(Map.of(1, 1, 2, 5, 3, 1));
        assertThat(now.contradictions(BEFORE, Set.of(2))).isEmpty();
        assertThat(now.isAnother(2, BEFORE)).isTrue();
        assertThat(now.isAnother(1, BEFORE)).isFalse();
    }

    @Test
    void contradictions_givenUpThoughNobodyKilledIt_one() {
        Lives now = new Lives(Map.of(1, 1, 2, 5, 3, 1));
        assertThat(now.contradictions(BEFORE, Set.of())).hasSize(1);
    }

    @Test
    void contradictions_killedThoughTheCoordinatorDoesNotSaySo_one() {
        assertThat(BEFORE.contradictions(BEFORE, Set.of(3))).hasSize(1);
    }

    @Test
    void contradictions_lostTwiceForOneKill_one() {
        Lives now = new Lives(Map.of(1, 1, 2, 6, 3, 1));
        assertThat(now.contradictions(BEFORE, Set.of(2))).hasSize(1);
    }
}
