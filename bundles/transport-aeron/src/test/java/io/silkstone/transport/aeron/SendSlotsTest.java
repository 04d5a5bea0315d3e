package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SendSlotsTest {
    private final SendSlots slots = new SendSlots();

    @Test
    void acquire_all_thenNone() {
        List<SendSlots.Slot> taken = new ArrayList<>();
        for (SendSlots.Slot slot = slots.acquire(); slot != null; slot = slots.acquire()) {
            taken.add(slot);
        }
        assertThat(taken).hasSize(16).doesNotHaveDuplicates();

        slots.release(taken.getFirst());
        assertThat(slots.acquire()).isSameAs(taken.getFirst());
    }

    @Test
    void drain_withOneInside_waitsForIt() {
        SendSlots.Slot inside = slots.acquire();

        assertThat(slots.drain()).isFalse();
        assertThat(slots.acquire()).isNull();
        slots.release(inside);
        assertThat(slots.drain()).isTrue();
        assertThat(slots.acquire()).isNull();
    }
}
