package io.silkstone.store.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void over_spinsFirst_thenYields_thenSleeps() {
        AtomicInteger yields = new AtomicInteger();
        List<Long> sleeps = new ArrayList<>();
        Backoff backoff = Backoff.over(yields::incrementAndGet, sleeps::add);
        for (int attempt = 0; attempt < Backoff.SPINS; attempt++) {
            backoff.idle(attempt);
        }
        assertThat(yields).hasValue(0);
        for (int attempt = Backoff.SPINS; attempt < Backoff.SPINS + Backoff.YIELDS; attempt++) {
            backoff.idle(attempt);
        }
        assertThat(yields).hasValue(Backoff.YIELDS);
        assertThat(sleeps).isEmpty();
        backoff.idle(Backoff.SPINS + Backoff.YIELDS);
        backoff.idle(Integer.MAX_VALUE);
        assertThat(sleeps).containsExactly(Backoff.SLEEP_NANOS, Backoff.SLEEP_NANOS);
        assertThat(yields).hasValue(Backoff.YIELDS);
    }
}
