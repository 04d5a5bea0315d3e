package io.silkstone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void toString_alignsTheFirstColumnLeftAndTheOthersRight() {
        Table table = new Table("what", "k/s").row("GET", "1234").row("a long SET", "5");
        assertThat(table.toString().lines())
                .containsExactly("what         k/s", "GET         1234", "a long SET     5");
    }
}
