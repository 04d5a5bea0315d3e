package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
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
                                            TabletRange.noted(0, 99, true, false, 5, 77, 12),
                                            TabletRange.noted(100, 199, false, true, 6, 0, 13),
                                            TabletRange.vacant(200, -1)))));

    @Test
    void decode_isWhatWasEncoded() throws IOException {
        StoreNote read = StoreNote.decode(NOTE.encode());
        assertThat(read.lastTableId()).isEqualTo(9);
        StoreNote.Table table = read.tables().getFirst();
        assertThat(table.id()).isEqualTo(3);
        assertThat(table.name()).isEqualTo("orders");
        assertThat(table.ranges()).hasSize(3);
        assertThat(table.ranges().getFirst().owned).isTrue();
        assertThat(table.ranges().getFirst().lastHash).isEqualTo(99);
        assertThat(table.ranges().getFirst().epoch).isEqualTo(5);
        assertThat(table.ranges().getFirst().floor).isEqualTo(77);
        assertThat(table.ranges().getFirst().since).isEqualTo(12);
        assertThat(table.ranges().get(1).isFrozen()).isTrue();
        assertThat(table.ranges().get(1).since).isEqualTo(13);
        assertThat(table.ranges().getLast().owned).isFalse();
        assertThat(read.encode()).isEqualTo(NOTE.encode());
    }

    /** One table with one range, as the version before wrote it. */
    @Test
    void decode_theLayoutBefore_isRead() throws IOException {
        byte[] before =
                HexFormat.of()
                        .parseHex(
                                "0001"
                                        + "00000009"
                                        + "00000001"
                                        + "00000003"
                                        + "0001"
                                        + "6f"
                                        + "00000001"
                                        + "0000000000000000"
                                        + "ffffffffffffffff"
                                        + "01"
                                        + "0000000000000005"
                                        + "000000000000004d");
        TabletRange range = StoreNote.decode(before).tables().getFirst().ranges().getFirst();
        assertThat(range.owned).isTrue();
        assertThat(range.floor).isEqualTo(77);
        assertThat(range.since).isZero();
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
        later[1] = 3;
        assertThatThrownBy(() -> StoreNote.decode(later))
                .hasMessage(
                        "its tables are noted in layout 3, and this version reads layouts up to 2");
    }
}
