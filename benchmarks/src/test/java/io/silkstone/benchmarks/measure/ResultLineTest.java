package io.silkstone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class ResultLineTest {
    @Test
    void put_inAnyLocale_writesADot() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertThat(new ResultLine("swap").put("p999_ratio", 1.25).put("failed", 0).toString())
                    .isEqualTo("RESULT swap p999_ratio=1.250 failed=0");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void put_keepsFourSignificantDigits() {
        assertThat(
                        new ResultLine("x")
                                .put("a", 431_234.5)
                                .put("b", 164.27)
                                .put("c", 12.345)
                                .toString())
                .isEqualTo("RESULT x a=431235 b=164.3 c=12.35");
    }

    @Test
    void put_aKeyThatProgramsCannotRead_isRefused() {
        ResultLine line = new ResultLine("x");
        assertThatThrownBy(() -> line.put("Get P16", 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
