package io.silkstone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ObjectsTest {
    private final Objects objects = Objects.ofBytes(130_000, 100);

    @Test
    void ofBytes_countsKeysAndValues() {
        assertThat(objects.count()).isEqualTo(1_000);
        assertThat(objects.bytes()).isEqualTo(130_000);
    }

    @Test
    void number_ofAKey_isWhoseItIs() {
        assertThat(objects.number(objects.key(987))).isEqualTo(987);
    }

    @Test
    void version_ofItsValue_isHowNewItIs() {
        assertThat(objects.version(42, objects.value(42, 7))).isEqualTo(7);
    }

    @Test
    void version_ofAnythingElse_isNone() {
        assertThat(objects.version(42, objects.value(43, 7))).isNegative();
        assertThat(objects.version(42, null)).isNegative();
        assertThat(objects.version(42, new byte[100])).isNegative();
    }
}
