package io.silkstone.store.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class LogNoteTest {
    private static final LogNote NOTE =
            LogNote.of(
                    7, 40, 35, new TreeSet<>(List.of(12L, 35L, 40L)), Set.of(12L), new byte[] {9});

    /** What a version wrote the next one reads. */
    @Test
    void encode_isAsItWas() {
        assertThat(HexFormat.of().formatHex(NOTE.encode()))
                .isEqualTo(
                        "01000000"
                                + "03000000"
                                + "0700000000000000"
                                + "2800000000000000"
                                + "2300000000000000"
                                + "0c00000000000000"
                                + "2300000000000000"
                                + "2800000000000000"
                                + "010000"
                                + "09");
    }

    @Test
    void decode_isWhatWasEncoded() {
        LogNote read = LogNote.decode(NOTE.encode());
        assertThat(read.encode()).isEqualTo(NOTE.encode());
        assertThat(read.safe()).containsExactly(true, false, false);
        assertThat(read.store()).containsExactly(9);
    }

    @Test
    void decode_somethingElse_isRefused() {
        byte[] later = NOTE.encode();
        later[0] = 2;
        assertThatThrownBy(() -> LogNote.decode(later))
                .hasMessage("is of layout 2, and this version reads layout 1");
        byte[] cut = Arrays.copyOf(NOTE.encode(), 30);
        assertThatThrownBy(() -> LogNote.decode(cut)).hasMessage("ends too early");
    }

    @Test
    void counts_whatIsNamed_andWhatWasBegunLater() {
        assertThat(NOTE.counts(12)).isTrue();
        assertThat(NOTE.counts(13)).isFalse();
        assertThat(NOTE.counts(40)).isTrue();
        assertThat(NOTE.counts(41)).isTrue();
    }
}
