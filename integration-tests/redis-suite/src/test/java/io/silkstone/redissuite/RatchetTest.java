package io.silkstone.redissuite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RatchetTest {
    private final Ratchet.File file =
            Ratchet.read(
                            """
                            # A comment
                            unit/scan  4
                            - hashes: HSCAN: with PATTERN
                            - streams: XSCAN
                            unit/other 7
                            """)
                    .get(0);

    @Test
    void read_takesFilesAndWhatIsLackingForThem() {
        assertThat(file.name()).isEqualTo("unit/scan");
        assertThat(file.lacking())
                .containsEntry("HSCAN: with PATTERN", "hashes")
                .containsEntry("XSCAN", "streams");
        assertThat(file.passes()).isEqualTo(2);
    }

    @Test
    void judge_whatWasExpected_isWell() {
        assertThat(judge(List.of("a", "b"), List.of("XSCAN"), true)).isEmpty();
    }

    @Test
    void judge_anotherFailure_isNamed() {
        assertThat(judge(List.of("a"), List.of("XSCAN", "b"), true)).containsExactly("fails: b");
    }

    @Test
    void judge_aTestThatPassesNow_isToBeTakenOff() {
        assertThat(judge(List.of("a", "b", "XSCAN"), List.of(), true))
                .containsExactly("passes now, take it off ratchet.txt: XSCAN");
    }

    @Test
    void judge_aTestThatDidNotRun_isMissed() {
        assertThat(judge(List.of("a"), List.of(), true))
                .containsExactly("1 tests pass, where 2 are expected");
    }

    @Test
    void judge_aRunWithoutEnd_isAComplaint() {
        assertThat(judge(List.of("a", "b"), List.of(), false)).hasSize(1);
    }

    private List<String> judge(List<String> passed, List<String> failed, boolean finished) {
        return file.judge(new SuiteRun.Result(passed, failed, finished, ""));
    }
}
