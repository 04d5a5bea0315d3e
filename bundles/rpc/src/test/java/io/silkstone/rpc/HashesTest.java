package io.silkstone.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HashesTest {
    @Test
    void isBefore_goesByReversedBits() {
        long half = Long.MIN_VALUE;
        assertThat(Hashes.isBefore(0, half)).isTrue();
        assertThat(Hashes.isBefore(half, 1)).isTrue();
        assertThat(Hashes.isBefore(1, half)).isFalse();
        assertThat(Hashes.isBefore(-1, 0)).isTrue();
        assertThat(Hashes.isBefore(5, 5)).isFalse();
    }

    @Test
    void number_isThatOfTheSet() {
        SplittableRandom random = new SplittableRandom(1);
        Set<Long> numbers = new HashSet<>(Set.of(Hashes.UNTOLD, Hashes.number(new long[0])));
        int count = 10_000;
        for (int set = 0; set < count; set++) {
            long[] ranges = random.longs(2L * random.nextInt(1, 5)).toArray();
            assertThat(numbers.add(Hashes.number(ranges))).isTrue();
            assertThat(Hashes.number(ranges.clone())).isEqualTo(Hashes.number(ranges));
        }
    }
}
