package io.silkstone.benchmarks.ask;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import org.junit.jupiter.api.Test;

class RedisSocketsTest {
    @Test
    void firstSlot_dividesAllSlotsEvenly() {
        for (int count = 1; count <= 7; count++) {
            assertThat(RedisSockets.firstSlot(0, count)).isZero();
            assertThat(RedisSockets.firstSlot(count, count)).isEqualTo(Key.SLOTS);
            for (int index = 0; index < count; index++) {
                int slots =
                        RedisSockets.firstSlot(index + 1, count)
                                - RedisSockets.firstSlot(index, count);
                assertThat(slots).isBetween(Key.SLOTS / count, Key.SLOTS / count + 1);
            }
        }
    }
}
