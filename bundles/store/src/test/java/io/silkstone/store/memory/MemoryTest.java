package io.silkstone.store.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryTest {
    @Test
    void equal_anyLengthAndOffset_equalsTheBytewiseAnswer() {
        Random random = new Random(3);
        try (Arena arena = Arena.ofConfined()) {
            for (int length = 0; length < 70; length++) {
                byte[] bytes = new byte[length + 5];
                random.nextBytes(bytes);
                MemorySegment foreign = arena.allocate(length + 1);
                MemorySegment heap = MemorySegment.ofArray(bytes);
                MemorySegment.copy(heap, 5, foreign, 0, length);
                long address = foreign.address();
                assertThat(Memory.equal(address, heap, 5, length)).isTrue();
                if (length > 0) {
                    bytes[5 + random.nextInt(length)] ^= 1;
                    assertThat(Memory.equal(address, heap, 5, length)).isFalse();
                }
            }
        }
    }

    @Test
    void getAndSetBits_returnsTheWordBefore() {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(8, 8).address();
            Memory.putIntRelease(address, 5);
            assertThat(Memory.getAndSetBits(address, 2)).isEqualTo(5);
            assertThat(Memory.getIntAcquire(address)).isEqualTo(7);
        }
    }
}
