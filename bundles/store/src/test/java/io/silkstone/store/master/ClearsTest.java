package io.silkstone.store.master;

import static io.silkstone.store.master.Clears.Turn.CLEAR;
import static io.silkstone.store.master.Clears.Turn.DONE;
import static io.silkstone.store.master.Clears.Turn.UNDER_WAY;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClearsTest {
    private final Clears clears = new Clears();

    @Test
    void request_isDoneOnce() {
        assertThat(clears.begin(5)).isEqualTo(CLEAR);
        assertThat(clears.begin(5)).isEqualTo(UNDER_WAY);
        clears.end(5, true);
        assertThat(clears.begin(5)).isEqualTo(DONE);
        assertThat(clears.begin(6)).isEqualTo(CLEAR);
    }

    @Test
    void request_thatWasNotDone_isDoneWhenItComesAgain() {
        clears.begin(5);
        clears.end(5, false);
        assertThat(clears.begin(5)).isEqualTo(CLEAR);
    }

    @Test
    void request_withoutANumber_isDoneEachTime() {
        clears.begin(0);
        clears.end(0, true);
        assertThat(clears.begin(0)).isEqualTo(CLEAR);
    }

    @Test
    void requests_thatAreOld_areForgotten() {
        for (int number = 1; number <= Clears.REQUESTS_MAX + 1; number++) {
            clears.begin(number);
            clears.end(number, true);
        }
        assertThat(clears.begin(2)).isEqualTo(DONE);
        assertThat(clears.begin(1)).isEqualTo(CLEAR);
    }
}
