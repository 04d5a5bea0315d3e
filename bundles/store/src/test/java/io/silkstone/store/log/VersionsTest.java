package io.silkstone.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VersionsTest {
    private final Versions versions = new Versions();

    @Test
    void next_grows() {
        assertThat(versions.next()).isEqualTo(1);
        assertThat(versions.next()).isEqualTo(2);
    }

    @Test
    void raiseAbove_neverLowers() {
        versions.raiseAbove(10);
        versions.raiseAbove(3);
        assertThat(versions.safe()).isEqualTo(11);
        assertThat(versions.next()).isEqualTo(11);
    }
}
