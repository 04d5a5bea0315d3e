package io.silkstone.threads;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PolicyHostTest {
    private static final long LIMIT_NANOS = 100_000_000;

    private static boolean isStarved(Thread.State state, long usedNanos) {
        return PolicyHost.isStarved(state, usedNanos, LIMIT_NANOS);
    }

    @Test
    void isStarved_wantsToRunAndGetsTooLittle_isTheMachine() {
        assertThat(isStarved(Thread.State.RUNNABLE, 0)).isTrue();
        assertThat(isStarved(Thread.State.RUNNABLE, LIMIT_NANOS - 1)).isTrue();
    }

    @Test
    void isStarved_hadItsTime_isThePolicy() {
        assertThat(isStarved(Thread.State.RUNNABLE, LIMIT_NANOS)).isFalse();
        assertThat(isStarved(Thread.State.BLOCKED, LIMIT_NANOS)).isFalse();
    }

    @Test
    void isStarved_monitorOfAnother_isTheMachine() {
        assertThat(isStarved(Thread.State.BLOCKED, 0)).isTrue();
    }

    @Test
    void isStarved_waitsOrHasEnded_isThePolicy() {
        assertThat(isStarved(Thread.State.WAITING, 0)).isFalse();
        assertThat(isStarved(Thread.State.TIMED_WAITING, 0)).isFalse();
        assertThat(isStarved(Thread.State.TERMINATED, 0)).isFalse();
    }
}
