package io.silkstone.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.cleaner.CleanerMetrics;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a writer pays for memory, where cleaning is dear; it alone cleans, no agent runs. */
@Timeout(120)
class CleaningPaceTest {
    private static final long MEMORY_BYTES = 512L << 20;

    /** So full a node may be that has its default settings. */
    private static final int USE_PERCENT = 95;

    private static final int KEY_BYTES = 30;
    private static final int VALUE_BYTES = 100;
    private static final int ENTRY_BYTES = 160;
    private static final int BATCH = 16;

    /** Some milliseconds of copying. */
    private static final long MOVED_AT_ONCE_MAX = 4 << 20;

    private final StoreFixture fixture =
            new StoreFixture(
                    StoreOptions.DEFAULTS.withMemoryBytes(MEMORY_BYTES).withMemoryPrefaultBytes(0));
    private final MemorySegment keyBytes = MemorySegment.ofArray(new byte[KEY_BYTES]);
    private final MemorySegment value = MemorySegment.ofArray(new byte[VALUE_BYTES]);
    private final WriteOptions options = new WriteOptions();

    @Test
    void overwrite_ofNearlyFullMemory_paysAsItGoesAndNeverForASegmentAtOnce() {
        try (fixture) {
            int keys = fill();
            SplittableRandom random = new SplittableRandom(7);
            long dearest = 0;
            for (long written = 0; written < MEMORY_BYTES / 16; written += BATCH * ENTRY_BYTES) {
                long before = moved();
                batch(() -> write(random.nextInt(keys)));
                dearest = Math.max(dearest, moved() - before);
            }
            assertThat(moved()).isGreaterThan(MEMORY_BYTES / 2);
            assertThat(fixture.metrics.counter(StoreMetrics.ASSISTS).get()).isZero();
            assertThat(dearest).isLessThan(MOVED_AT_ONCE_MAX);
        }
    }

    private int fill() {
        int[] keys = new int[1];
        KvStore.Usage usage = fixture.store.usage();
        while (usage.logLive() + usage.hashTables() < MEMORY_BYTES * USE_PERCENT / 100) {
            batch(() -> write(keys[0]++));
            usage = fixture.store.usage();
        }
        return keys[0];
    }

    private void batch(Runnable write) {
        fixture.session.enter();
        for (int count = 0; count < BATCH; count++) {
            write.run();
        }
        fixture.session.exit();
    }

    private void write(int number) {
        keyBytes.set(ValueLayout.JAVA_INT_UNALIGNED, 0, number);
        Status status =
                fixture.session.write(
                        fixture.table,
                        fixture.key.wrap(keyBytes, 0, KEY_BYTES),
                        value,
                        0,
                        VALUE_BYTES,
                        options.reset());
        assertThat(status).isEqualTo(Status.OK);
    }

    private long moved() {
        return fixture.metrics.counter(CleanerMetrics.MOVED).get();
    }
}
