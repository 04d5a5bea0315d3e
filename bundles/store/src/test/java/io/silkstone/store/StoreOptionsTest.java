package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class StoreOptionsTest {
    @Test
    void construction_withMemoryOutOfRange_namesTheKey() {
        assertThatThrownBy(() -> StoreOptions.DEFAULTS.withMemoryBytes(1 << 20))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("memory.bytes must be between 33554432");
    }

    @Test
    void construction_withOddTablets_namesTheKey() {
        assertThatThrownBy(() -> StoreOptions.DEFAULTS.withTablets(3))
                .hasMessageContaining("tablets must be 0 or a power of two, was 3");
    }

    @Test
    void construction_roundsMemoryToWholeBlocks() {
        assertThat(StoreOptions.DEFAULTS.withMemoryBytes((40 << 20) + 5).memoryBytes())
                .isEqualTo(40 << 20);
    }

    @Test
    void segmentBytes_followTheMemory() {
        assertThat(StoreOptions.DEFAULTS.withMemoryBytes(32 << 20).segmentBytes())
                .isEqualTo(2 << 20);
        assertThat(StoreOptions.DEFAULTS.withMemoryBytes(512 << 20).segmentBytes())
                .isEqualTo(2 << 20);
        assertThat(StoreOptions.DEFAULTS.segmentBytes()).isEqualTo(4 << 20);
        assertThat(StoreOptions.DEFAULTS.withMemoryBytes(2L << 30).segmentBytes())
                .isEqualTo(8 << 20);
        assertThat(StoreOptions.DEFAULTS.withMemoryBytes(1L << 36).segmentBytes())
                .isEqualTo(8 << 20);
    }

    @Test
    void segmentBytes_longerThanTheMemoryAllows_areRefused() {
        assertThatThrownBy(
                        () ->
                                StoreOptions.DEFAULTS
                                        .withMemoryBytes(32 << 20)
                                        .withSegmentBytes(8 << 20))
                .hasMessageContaining("log.segment.bytes must be between");
    }
}
