package io.silkstone.gateway.resp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);

    @Test
    void take_beyondThreeQuarters_isForThoseWhoHoldLittle() {
        assertThat(budget.take(768 << 10, 0)).isTrue();
        assertThat(budget.take(100_000, 0)).as("much").isFalse();
        assertThat(budget.take(1, MemoryBudget.LITTLE_BYTES)).as("of one with much").isFalse();
        assertThat(budget.take(256 << 10, -(256 << 10))).isTrue();
        assertThat(budget.take(1, 0)).as("nothing is left").isFalse();
        budget.give(1 << 20);
        assertThat(budget.taken()).isZero();
    }

    @Test
    void buffer_growsAndGivesAllBack() {
        PaidBuffer buffer = new PaidBuffer(budget);
        assertThat(buffer.reserve(10)).isTrue();
        Memory.putByte(buffer.address(), 'x');
        buffer.length(1);
        assertThat(buffer.reserve(300_000)).isTrue();
        assertThat(Memory.getByte(buffer.address())).isEqualTo((byte) 'x');
        assertThat(budget.taken()).isEqualTo(buffer.capacity());
        assertThat(buffer.reserve(600_000)).as("beside the old one").isFalse();
        assertThat(buffer.length()).isOne();
        assertThat(Memory.getByte(buffer.address())).isEqualTo((byte) 'x');
        buffer.release();
        assertThat(budget.taken()).isZero();
    }
}
