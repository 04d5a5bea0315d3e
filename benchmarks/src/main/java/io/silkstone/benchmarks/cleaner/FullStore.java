package io.silkstone.benchmarks.cleaner;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.EpochClock;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.store.Agent;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/**
 * A store in this JVM that is filled to a share of its memory and then overwritten, with one thread
 * for its agents. It knows the version of every value, so that it can tell what was lost.
 */
final class FullStore implements AutoCloseable {
    private static final int KEY_BYTES = 30;
    private static final int VALUE_BYTES = 100;
    private static final int DIGITS = 12;
    private static final int BATCH = 16;
    private static final long LATENCY_NANOS_MAX = 60_000_000_000L;
    private static final long AGENT_REST_NANOS = 1_000_000;

    /** A key and its share of the hash table take at most so much; bounds the number of keys. */
    private static final int OBJECT_BYTES_MIN = 160;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment keyBytes = arena.allocate(KEY_BYTES + Long.BYTES, Long.BYTES);
    private final MemorySegment valueBytes = arena.allocate(VALUE_BYTES + Long.BYTES, Long.BYTES);
    private final Key key = new Key();
    private final WriteOptions options = new WriteOptions();
    private final Histogram latencyNanos = new Histogram(LATENCY_NANOS_MAX, 3);
    private final RandomGenerator random;
    private final int usePercent;
    private final Store store;
    private final KvStore.Table table;
    private final KvSession session;
    private final Thread agents;
    private final int[] versions;
    private volatile boolean closing;
    private int keys;
    private long outOfMemory;

    /** Fills a store of {@code memoryBytes} to {@code usePercent} of its memory. */
    FullStore(long memoryBytes, int usePercent, RandomGenerator random) throws BenchmarkFailed {
        this.usePercent = usePercent;
        this.random = random;
        versions = new int[(int) (memoryBytes / OBJECT_BYTES_MIN)];
        store =
                Store.open(
                        StoreOptions.DEFAULTS.withMemoryBytes(memoryBytes),
                        NanoClock.SYSTEM,
                        EpochClock.SYSTEM,
                        random,
                        new Metrics());
        table = store.table(KvStore.DEFAULT_TABLE);
        session = store.openSession();
        keyBytes.fill((byte) 'k');
        valueBytes.fill((byte) 'v');
        agents = new Thread(this::drive, "bench-store-agents-" + usePercent);
        agents.setDaemon(true);
        store.onDemand(() -> LockSupport.unpark(agents));
        agents.start();
        fill();
    }

    /** Share of the memory that live objects and hash tables were to take. */
    int usePercent() {
        return usePercent;
    }

    /** The share that they take now. */
    double use() {
        KvStore.Usage usage = store.usage();
        return (double) (usage.logLive() + usage.hashTables()) / usage.capacity();
    }

    /** Objects in it. */
    int keys() {
        return keys;
    }

    /** Memory that is taken per object, by log and hash table together. */
    double bytesPerObject() {
        KvStore.Usage usage = store.usage();
        return (double) usage.allocated() / usage.objects();
    }

    /** Times that a write was answered with OUT_OF_MEMORY. */
    long outOfMemory() {
        return outOfMemory;
    }

    /** Latency of single writes. */
    Histogram latencyNanos() {
        return latencyNanos;
    }

    /** Overwrites random objects for {@code nanos}; returns how many a second. */
    double overwrite(long nanos) throws BenchmarkFailed {
        long written = 0;
        long start = System.nanoTime();
        long now = start;
        while (now - start < nanos) {
            session.enter();
            for (int count = 0; count < BATCH; count++) {
                int number = random.nextInt(keys);
                Status status = write(number, versions[number] + 1);
                long end = System.nanoTime();
                latencyNanos.recordValue(Math.min(end - now, LATENCY_NANOS_MAX));
                now = end;
                if (status == Status.OK) {
                    versions[number]++;
                    written++;
                } else if (status == Status.OUT_OF_MEMORY) {
                    outOfMemory++;
                } else {
                    throw new BenchmarkFailed(
                            "a write at " + usePercent + " % was answered " + status);
                }
            }
            session.exit();
        }
        return written * 1e9 / (now - start);
    }

    /** Reads every object; returns how many are absent or not of the version written last. */
    long lost() {
        long lost = 0;
        for (int number = 0; number < keys; number++) {
            session.enter();
            digits(keyBytes, number);
            boolean found =
                    session.read(table, key.wrap(keyBytes, 0, KEY_BYTES)) == Status.OK
                            && session.object().valueLength() == VALUE_BYTES
                            && number(session.object().valueOffset()) == versions[number];
            lost += found ? 0 : 1;
            session.exit();
        }
        return lost;
    }

    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(agents);
        try {
            // The store must not go while an agent works in it.
            agents.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        session.close();
        store.close();
        arena.close();
    }

    private void fill() throws BenchmarkFailed {
        long end = store.usage().capacity() * usePercent / 100;
        for (long taken = 0; taken < end && keys < versions.length; ) {
            session.enter();
            for (int count = 0; count < BATCH && keys < versions.length; count++) {
                versions[keys] = 1;
                Status status = write(keys, 1);
                if (status != Status.OK) {
                    throw new BenchmarkFailed(
                            "filling to " + usePercent + " % was answered " + status);
                }
                keys++;
            }
            session.exit();
            KvStore.Usage usage = store.usage();
            taken = usage.logLive() + usage.hashTables();
        }
    }

    private Status write(int number, int version) {
        digits(keyBytes, number);
        digits(valueBytes, version);
        key.wrap(keyBytes, 0, KEY_BYTES);
        return session.write(table, key, valueBytes, 0, VALUE_BYTES, options.reset());
    }

    private void drive() {
        while (!closing) {
            int work = 0;
            for (Agent agent : store.agents()) {
                work += agent.doWork();
            }
            if (work == 0) {
                LockSupport.parkNanos(AGENT_REST_NANOS);
            }
        }
    }

    private static void digits(MemorySegment bytes, int number) {
        int rest = number;
        for (int digit = DIGITS - 1; digit >= 0; digit--) {
            bytes.set(ValueLayout.JAVA_BYTE, digit, (byte) ('0' + rest % 10));
            rest /= 10;
        }
    }

    private long number(long offset) {
        byte[] digits = new byte[DIGITS];
        MemorySegment.copy(
                session.object().memory(), ValueLayout.JAVA_BYTE, offset, digits, 0, DIGITS);
        return Long.parseLong(new String(digits, US_ASCII));
    }
}
