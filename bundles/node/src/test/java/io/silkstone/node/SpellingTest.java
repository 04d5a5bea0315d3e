package io.silkstone.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
    private static final List<String> WORDS = List.of("port", "bind.address", "pipeline.max");

    @Test
    void nearest_oneLetterOff_isFound() {
        assertThat(Spelling.nearest("pord", WORDS)).contains("port");
        assertThat(Spelling.nearest("prot", WORDS)).contains("port");
        assertThat(Spelling.nearest("tops", WORDS)).isEmpty();
        assertThat(Spelling.nearest("bind.adress", WORDS)).contains("bind.address");
    }

    @Test
    void nearest_somethingElse_isNothing() {
        assertThat(Spelling.nearest("colour", WORDS)).isEmpty();
        assertThat(Spelling.hint("colour", WORDS)).isEmpty();
    }

    @Test
    void distance_isSymmetricAndZeroForEqual() {
        assertThat(Spelling.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Spelling.distance("sitting", "kitten")).isEqualTo(3);
        assertThat(Spelling.distance("same", "same")).isZero();
        assertThat(Spelling.distance("", "abc")).isEqualTo(3);
    }
}
