package io.silkstone.store.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LogNoteTest {
    private static final LogNote NOTE =
            LogNote.of(7, 40, 35, new TreeMap<>(Map.of(12L, 101, 35L, 0, 40L, 0)), new byte[] {9});

    /** As the version before wrote it. */
    private static final String LAYOUT_1 =
            "01000000"
                    + "03000000"
                    + "0700000000000000"
                    + "2800000000000000"
                    + "2300000000000000"
                    + "0c00000000000000"
                    + "2300000000000000"
                    + "2800000000000000"
                    + "010000"
                    + "09";

    /** What a version wrote the next one reads. */
    @Test
    void encode_isAsItWas() {
        assertThat(HexFormat.of().formatHex(NOTE.encode()))
                .isEqualTo(
                        "02000000"
                                + "03000000"
                                + "0700000000000000"
                                + "2800000000000000"
                                + "2300000000000000"
                                + "0c00000000000000"
                                + "2300000000000000"
                                + "2800000000000000"
                                + "650000000000000000000000"
                                + "09");
    }

    @Test
    void decode_isWhatWasEncoded() {
        LogNote read = LogNote.decode(NOTE.encode());
        assertThat(read.encode()).isEqualTo(NOTE.encode());
        assertThat(read.least()).containsExactly(101, 0, 0);
        assertThat(read.store()).containsExactly(9);
    }

    @Test
    void decode_ofTheLayoutBefore_knowsWhichCopiesThereMustBe() {
        LogNote read = LogNote.decode(HexFormat.of().parseHex(LAYOUT_1));
        assertThat(read.least()).containsExactly(1, 0, 0);
        assertThat(read.store()).containsExactly(9);
        assertThat(read.allows(12, -1)).isFalse();
        assertThat(read.allows(12, 0)).isTrue();
    }

    @Test
    void allows_copiesThatAreNotTooShort() {
        assertThat(NOTE.allows(12, -1)).isFalse();
        assertThat(NOTE.allows(12, 99)).isFalse();
        assertThat(NOTE.allows(12, 100)).isTrue();
        assertThat(NOTE.allows(35, -1)).isTrue();
        assertThat(NOTE.allows(41, -1)).isTrue();
    }

    @Test
    void decode_somethingElse_isRefused() {
        byte[] later = NOTE.encode();
        later[0] = 3;
        assertThatThrownBy(() -> LogNote.decode(later))
                .hasMessage("is of layout 3, and this version reads layouts up to 2");
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
