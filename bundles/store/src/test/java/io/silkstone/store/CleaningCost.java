package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.cleaner.CleanerMetrics;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What the cleaner moves for each byte that is written, at a given use of memory. One thread and no
 * agents, so the figure is the same in each run and on each machine. The processor's time for a
 * write, which stands beside it, is not.
 */
final class CleaningCost {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int VALUE_BYTES = 100;
    private static final int BATCH = 16;

    /** So often all of memory is written over, before measuring and then again. */
    private static final int TURNS = 2;

    private static final int ENTRY_BYTES = 160;

    private final StoreFixture fixture;
    private final MemorySegment value = MemorySegment.ofArray(new byte[VALUE_BYTES]);
    private final byte[] keyBytes = "key:----------------00000000--".getBytes(UTF_8);
    private final WriteOptions options = new WriteOptions();
    private final SplittableRandom random = new SplittableRandom(3);
    private final boolean skewed;
    private int keys;

    private CleaningCost(long memoryBytes, int segmentBytes, boolean skewed) {
        this.skewed = skewed;
        fixture =
                new StoreFixture(
                        StoreOptions.DEFAULTS
                                .withMemoryBytes(memoryBytes)
                                .withSegmentBytes(segmentBytes)
                                .withMemoryPrefaultBytes(0));
    }

    /**
     * For experiments by hand: {@code CleaningCost <memory MiB> <segment MiB, 0 for the default>
     * <use in percent> <uniform or skewed>}; skewed is nine writes of ten to a tenth of the keys.
     */
    public static void main(String[] arguments) {
        long memoryBytes = Long.parseLong(arguments[0]) << 20;
        int segmentBytes = Integer.parseInt(arguments[1]) << 20;
        int percent = Integer.parseInt(arguments[2]);
        CleaningCost cost =
                new CleaningCost(memoryBytes, segmentBytes, arguments[3].equals("skewed"));
        cost.fill(memoryBytes * percent / 100);
        int writes = (int) (TURNS * memoryBytes / ENTRY_BYTES);
        cost.overwrite(writes);
        long moved = cost.moved();
        long begin = THREADS.getCurrentThreadCpuTime();
        cost.overwrite(writes);
        double seconds = (THREADS.getCurrentThreadCpuTime() - begin) / 1e9;
        double perByte = (double) (cost.moved() - moved) / ((long) writes * ENTRY_BYTES);
        System.out.printf(
                Locale.ROOT,
                "%s: moved %.2f bytes for each written, %.2f us each%n",
                Arrays.toString(arguments),
                perByte,
                seconds * 1e6 / writes);
        cost.fixture.close();
    }

    private long moved() {
        return fixture.metrics.counter(CleanerMetrics.MOVED).get();
    }

    private void fill(long bytes) {
        KvStore.Usage usage = fixture.store.usage();
        while (usage.logLive() + usage.hashTables() < bytes) {
            fixture.session.enter();
            for (int count = 0; count < BATCH; count++) {
                write(keys);
                keys++;
            }
            fixture.session.exit();
            usage = fixture.store.usage();
        }
    }

    private void overwrite(int writes) {
        for (int count = 0; count < writes; count += BATCH) {
            fixture.session.enter();
            for (int each = 0; each < BATCH; each++) {
                boolean hot = skewed && random.nextInt(10) > 0;
                // Every tenth key is a hot one, so that hot and cold lie mixed to begin with.
                write(hot ? 10 * random.nextInt(keys / 10) : random.nextInt(keys));
            }
            fixture.session.exit();
        }
    }

    private void write(int number) {
        int rest = number;
        for (int index = keyBytes.length - 3; index > 19; index--) {
            keyBytes[index] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        Status status =
                fixture.session.write(
                        fixture.table,
                        fixture.key.wrap(keyBytes),
                        value,
                        0,
                        VALUE_BYTES,
                        options.reset());
        if (status != Status.OK) {
            throw new IllegalStateException("a write was answered " + status);
        }
    }
}
