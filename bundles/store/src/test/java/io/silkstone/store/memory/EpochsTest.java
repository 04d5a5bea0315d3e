package io.silkstone.store.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class EpochsTest {
    private final Epochs epochs = new Epochs(4);

    @Test
    void register_whenAllAreTaken_isRefusedUntilOneIsGivenBack() {
        for (int slot = 0; slot < 4; slot++) {
            assertThat(epochs.register()).isEqualTo(slot);
        }
        assertThat(epochs.register()).isEqualTo(-1);
        epochs.unregister(2);
        assertThat(epochs.register()).isEqualTo(2);
    }

    @Test
    void isSafe_whileSomebodyWhoCouldSeeItIsInside_isFalse() {
        int reader = epochs.register();
        int other = epochs.register();
        epochs.enter(reader);
        long stamp = epochs.stamp();
        assertThat(epochs.isSafe(stamp)).isFalse();
        epochs.enter(other);
        epochs.exit(reader);
        assertThat(epochs.isSafe(stamp)).isTrue();
        epochs.enter(reader);
        assertThat(epochs.isSafe(stamp)).isTrue();
        assertThat(epochs.isSafe(epochs.stamp())).isFalse();
    }

    @Test
    void reclaim_runsWhatIsSafeOnce() {
        List<String> done = new ArrayList<>();
        int reader = epochs.register();
        epochs.retire(() -> done.add("first"));
        epochs.enter(reader);
        epochs.retire(() -> done.add("second"));
        assertThat(epochs.reclaim()).isEqualTo(1);
        assertThat(epochs.reclaim()).isZero();
        assertThat(epochs.isPending()).isTrue();
        epochs.exit(reader);
        assertThat(epochs.reclaim()).isEqualTo(1);
        assertThat(epochs.isPending()).isFalse();
        assertThat(done).containsExactly("first", "second");
    }

    @Test
    @Timeout(60)
    void reclaim_whileReadersComeAndGo_neverTakesWhatOneSees() throws InterruptedException {
        // Element 0 names the cell in use; a reclaimed cell is poisoned.
        AtomicLongArray cells = new AtomicLongArray(1 << 12);
        cells.set(0, 1);
        cells.set(1, 1);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicBoolean poisoned = new AtomicBoolean();
        AtomicLong rounds = new AtomicLong();
        int slot = epochs.register();
        Thread reader =
                new Thread(
                        () -> {
                            while (!stop.get()) {
                                epochs.enter(slot);
                                int cell = (int) cells.get(0);
                                for (int look = 0; look < 20; look++) {
                                    poisoned.compareAndSet(false, cells.get(cell) != 1);
                                }
                                epochs.exit(slot);
                                rounds.incrementAndGet();
                            }
                        });
        reader.start();
        for (int next = 2; next < cells.length(); next++) {
            // One round of the reader's at the least for some cells, or it would test nothing.
            for (long seen = rounds.get(); next % 64 == 2 && rounds.get() == seen; ) {
                Thread.yield();
            }
            int old = next - 1;
            cells.set(next, 1);
            cells.set(0, next);
            epochs.retire(() -> cells.set(old, -1));
            epochs.reclaim();
        }
        stop.set(true);
        reader.join();
        epochs.reclaim();
        assertThat(rounds).hasValueGreaterThanOrEqualTo(cells.length() / 64);
        assertThat(poisoned).isFalse();
        assertThat(cells.get(1)).isEqualTo(-1);
    }
}
