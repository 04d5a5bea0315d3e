package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoreNoteTest {
    private static final StoreNote NOTE =
            new StoreNote(
                    9,
                    List.of(
                            new StoreNote.Table(
                                    3,
                                    "orders",
                                    List.of(
                                            TabletRange.owned(0, 99, 5, 77),
                                            TabletRange.vacant(100, -1)))));

    @Test
    void decode_isWhatWasEncoded() throws IOException {
        StoreNote read = StoreNote.decode(NOTE.encode());
        assertThat(read.lastTableId()).isEqualTo(9);
        StoreNote.Table table = read.tables().getFirst();
        assertThat(table.id()).isEqualTo(3);
        assertThat(table.name()).isEqualTo("orders");
        assertThat(table.ranges()).hasSize(2);
        assertThat(table.ranges().getFirst().owned).isTrue();
        assertThat(table.ranges().getFirst().lastHash).isEqualTo(99);
        assertThat(table.ranges().getFirst().epoch).isEqualTo(5);
        assertThat(table.ranges().getFirst().floor).isEqualTo(77);
        assertThat(table.ranges().getLast().owned).isFalse();
        assertThat(read.encode()).isEqualTo(NOTE.encode());
    }

    @Test
    void decode_halfOfIt_isRefused() {
        byte[] half = Arrays.copyOf(NOTE.encode(), NOTE.encode().length / 2);
        assertThatThrownBy(() -> StoreNote.decode(half))
                .hasMessage("what is noted of its tables ends too early");
    }

    @Test
    void decode_aLaterLayout_isRefused() {
        byte[] later = NOTE.encode();
        later[1] = 2;
        assertThatThrownBy(() -> StoreNote.decode(later))
                .hasMessage("its tables are noted in layout 2, and this version reads layout 1");
    }
}
