package io.silkstone.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.transport.Session;
import org.junit.jupiter.api.Test;

class CopiesTest {
    private static final long GENERATION = Call.PLACES;

    private final Wire wire = new Wire();
    private final Session one = wire.open("wire:one").connect("wire:nobody");
    private final Session other = wire.open("wire:other").connect("wire:nobody");
    private final Copies copies = new Copies();

    @Test
    void isNew_onceForEachAttempt() {
        assertThat(copies.isNew(one, 7, 0)).isTrue();
        assertThat(copies.isNew(one, 7, 0)).isFalse();
        assertThat(copies.isNew(one, 7, 2)).isTrue();
        assertThat(copies.isNew(one, 7, 1)).isFalse();
        assertThat(copies.isNew(one, 7, 2)).isFalse();
    }

    @Test
    void isNew_ofEachSession() {
        assertThat(copies.isNew(one, 7, 0)).isTrue();
        assertThat(copies.isNew(other, 7, 0)).isTrue();
        assertThat(copies.isNew(one, 7, 0)).isFalse();
    }

    @Test
    void isNew_forEachCallUnderWay_howeverMany() {
        int count = 3_000;
        for (long place = 0; place < count; place++) {
            assertThat(copies.isNew(one, place * 7 % Call.PLACES, 3)).isTrue();
        }
        for (long place = 0; place < count; place++) {
            assertThat(copies.isNew(one, place * 7 % Call.PLACES, 3)).isFalse();
        }
    }

    @Test
    void isNew_forTheNextCallOfAPlace() {
        for (long call = 5; call < 100 * GENERATION; call += GENERATION) {
            assertThat(copies.isNew(one, call, 0)).isTrue();
            assertThat(copies.isNew(one, call, 0)).isFalse();
        }
        assertThat(copies.isNew(one, -1, 0)).isTrue();
        assertThat(copies.isNew(one, -1, 0)).isFalse();
    }

    @Test
    void isNew_notForACopyOfTheNextCall_whenOneOfTheLastComesLate() {
        assertThat(copies.isNew(one, 7, 0)).isTrue();
        assertThat(copies.isNew(one, 7 + GENERATION, 1)).isTrue();
        assertThat(copies.isNew(one, 7, 0)).isTrue();
        assertThat(copies.isNew(one, 7, 3)).isTrue();
        assertThat(copies.isNew(one, 7 + GENERATION, 1)).isFalse();
        assertThat(copies.isNew(one, 7 + GENERATION, 0)).isFalse();
        assertThat(copies.isNew(one, 7 + 2 * GENERATION, 0)).isTrue();
    }

    @Test
    void isNew_onceForEachAttempt_whenNumbersBeginAnew() {
        long high = Long.MAX_VALUE / GENERATION * GENERATION + 7;
        assertThat(copies.isNew(one, high, 0)).isTrue();
        assertThat(copies.isNew(one, 7, 0)).isTrue();
        assertThat(copies.isNew(one, 7, 0)).isFalse();
    }

    @Test
    void isNew_whenAttemptsAreCountedNoFurther() {
        assertThat(copies.isNew(one, 7, Copies.ATTEMPTS_MAX - 1)).isTrue();
        assertThat(copies.isNew(one, 7, Copies.ATTEMPTS_MAX - 1)).isFalse();
        assertThat(copies.isNew(one, 7, Copies.ATTEMPTS_MAX)).isTrue();
        assertThat(copies.isNew(one, 7, Copies.ATTEMPTS_MAX)).isTrue();
    }

    @Test
    void forget_keepsNothingOfASession() {
        copies.isNew(one, 7, 0);
        copies.isNew(other, 7, 0);
        copies.forget(one);
        assertThat(copies.sessions()).isEqualTo(1);
        assertThat(copies.isNew(one, 7, 0)).isTrue();
        copies.forgetAll();
        assertThat(copies.sessions()).isZero();
        assertThat(copies.isNew(other, 7, 0)).isTrue();
    }
}
