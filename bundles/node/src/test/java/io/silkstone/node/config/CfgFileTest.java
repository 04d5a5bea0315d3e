package io.silkstone.node.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CfgFileTest {
    @Test
    void parse_commentsBlanksAndValues_asTheyStand() {
        CfgFile file =
                CfgFile.parse("\uFEFF# first\n\n  a = 1 \nb.path=C:\\x = y # not a comment\n");
        assertThat(file.problems()).isEmpty();
        assertThat(file.values().get("a")).isEqualTo(new CfgFile.Value("1", 3));
        assertThat(file.values().get("b.path").text()).isEqualTo("C:\\x = y # not a comment");
    }

    @Test
    void parse_nonsenseAndDuplicates_areNamedByLine() {
        CfgFile file = CfgFile.parse("a = 1\nnonsense\n= 2\na = 3\n");
        assertThat(file.problems())
                .containsExactly(
                        "line 2: a line is \"key = value\" or begins with #",
                        "line 3: a line is \"key = value\" or begins with #",
                        "line 4: a is set in line 1 already");
    }

    @Test
    void with_changesOneLineAndKeepsTheRest() {
        CfgFile file = CfgFile.parse("# why\ncores = fixed\nother = x\n");
        assertThat(file.with("cores", "loadfactor"))
                .isEqualTo("# why\ncores = loadfactor\nother = x\n");
        assertThat(file.with("fresh", "1"))
                .isEqualTo("# why\ncores = fixed\nother = x\nfresh = 1\n");
        assertThat(file.with("cores", null)).isEqualTo("# why\nother = x\n");
        assertThat(file.with("absent", null)).isEqualTo("# why\ncores = fixed\nother = x\n");
        assertThat(CfgFile.parse("").with("a", "1")).isEqualTo("a = 1\n");
    }
}
