package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ChangedHashesTest {
    private static final long SERVER = 7;
    private static final int MANY = 100_000;
    private static final int THREADS = 4;

    private final ChangedHashes changes = new ChangedHashes(1, SERVER, 2);

    private long[] round(long number) {
        long[] round = changes.round(number).clone();
        Arrays.sort(round);
        return round;
    }

    @Test
    void isFor_thatCopyOnly() {
        assertThat(changes.isFor(SERVER, 2)).isTrue();
        assertThat(changes.isFor(SERVER, 1)).isFalse();
        assertThat(changes.isFor(8, 2)).isFalse();
        assertThat(changes.givesWayTo(SERVER, 3)).isTrue();
        assertThat(changes.givesWayTo(SERVER, 2)).isFalse();
        assertThat(changes.givesWayTo(8, 3)).isFalse();
    }

    @Test
    void mark_twice_isOneHash() {
        changes.mark(5);
        changes.mark(0);
        changes.mark(5);
        changes.mark(0);
        assertThat(round(1)).containsExactly(0, 5);
    }

    @Test
    void round_staysUntilTheNextBegins() {
        changes.mark(5);
        assertThat(round(1)).containsExactly(5);
        changes.mark(6);
        assertThat(round(1)).containsExactly(5);
        assertThat(round(2)).containsExactly(6);
        assertThat(round(3)).isEmpty();
    }

    @Test
    void round_thatIsOverOrNotNext_isNone() {
        assertThat(changes.round(2)).isNull();
        assertThat(changes.round(1)).isEmpty();
        assertThat(changes.round(2)).isEmpty();
        assertThat(changes.round(1)).isNull();
        assertThat(changes.round(4)).isNull();
    }

    @Test
    void mark_ofMany_keepsAll() {
        SplittableRandom random = new SplittableRandom(1);
        Set<Long> marked = new HashSet<>();
        for (int count = 0; count < MANY; count++) {
            // As of one tablet, whose hashes have their first bits in common.
            long hash = random.nextLong() >>> 12;
            marked.add(hash);
            changes.mark(hash);
        }
        long[] round = round(1);
        assertThat(round).hasSize(marked.size());
        assertThat(Arrays.stream(round).allMatch(marked::contains)).isTrue();
    }

    @Test
    void mark_ofMoreThanAreKept_isTheEnd() {
        ChangedHashes few = new ChangedHashes(1, SERVER, 1, 64);
        for (long hash = 1; hash < 1_000; hash++) {
            few.mark(hash);
        }
        assertThat(few.round(1)).isNull();
        assertThat(few.round(2)).isNull();
    }

    @Test
    void mark_byThreadsWhileRoundsAreTaken_losesNone() throws InterruptedException {
        AtomicInteger left = new AtomicInteger(THREADS);
        Thread[] threads = new Thread[THREADS];
        for (int number = 0; number < THREADS; number++) {
            long first = number * MANY + 1L;
            threads[number] =
                    new Thread(
                            () -> {
                                for (long hash = first; hash < first + MANY; hash++) {
                                    changes.mark(hash);
                                }
                                left.decrementAndGet();
                            });
            threads[number].start();
        }
        Set<Long> taken = new HashSet<>();
        long number = 0;
        boolean isLast = false;
        while (!isLast) {
            isLast = left.get() == 0;
            Arrays.stream(changes.round(++number)).forEach(taken::add);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(taken).hasSize(THREADS * MANY);
    }
}
