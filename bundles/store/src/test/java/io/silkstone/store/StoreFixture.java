package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.metrics.MetricDescriptor;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** A store with a clock of its own, one session, and keys and values that are strings. */
final class StoreFixture implements AutoCloseable {
    static final StoreOptions SMALL =
            StoreOptions.DEFAULTS.withMemoryBytes(32 << 20).withMemoryPrefaultBytes(0);

    private static final long NANOS_PER_MILLI = 1_000_000;

    volatile long nowMillis = 1_000_000;
    private long nanosSkipped;
    private long nanosPerRead;
    final Metrics metrics = new Metrics();
    final Store store;
    final KvStore.Table table;
    final KvSession session;
    final Key key = new Key();

    StoreFixture() {
        this(SMALL);
    }

    StoreFixture(StoreOptions options) {
        store =
                Store.open(
                        options, this::nanoTime, () -> nowMillis, new SplittableRandom(1), metrics);
        table = store.table(KvStore.DEFAULT_TABLE);
        session = store.openSession();
    }

    Key key(String text) {
        return key.wrap(text.getBytes(UTF_8));
    }

    Status write(String key, String value) {
        return write(key, value, new WriteOptions());
    }

    Status write(String key, String value, WriteOptions options) {
        return write(key, value.getBytes(UTF_8), options);
    }

    Status write(String key, byte[] value, WriteOptions options) {
        return batch(
                () ->
                        session.write(
                                table,
                                key(key),
                                MemorySegment.ofArray(value),
                                0,
                                value.length,
                                options));
    }

    Status remove(String key) {
        return batch(() -> session.remove(table, key(key), new WriteOptions()));
    }

    Status increment(String key, long delta) {
        return batch(() -> session.increment(table, key(key), delta, new WriteOptions()));
    }

    /** The value, or null. */
    String read(String key) {
        session.enter();
        try {
            return session.read(table, key(key)) == Status.OK ? value() : null;
        } finally {
            session.exit();
        }
    }

    /** The value of the session's object; in a batch only. */
    String value() {
        byte[] bytes = new byte[session.object().valueLength()];
        MemorySegment.copy(
                session.object().memory(),
                ValueLayout.JAVA_BYTE,
                session.object().valueOffset(),
                bytes,
                0,
                bytes.length);
        return new String(bytes, UTF_8);
    }

    Status batch(java.util.function.Supplier<Status> operation) {
        session.enter();
        try {
            return operation.get();
        } finally {
            session.exit();
        }
    }

    /** Runs the agents until none has anything to do. */
    void drain() {
        int work = 1;
        for (int cycle = 0; work > 0 && cycle < 1_000_000; cycle++) {
            work = 0;
            for (Agent agent : store.agents()) {
                work += agent.doWork();
            }
        }
    }

    /** Lets {@code millis} pass, the agents woken every ten. */
    void pass(int millis) {
        for (int passed = 0; passed < millis; passed += 10) {
            drain();
            nowMillis += 10;
            nanosSkipped += 10 * NANOS_PER_MILLI;
        }
    }

    private long nanoTime() {
        if (nanosPerRead > 0) {
            nanosSkipped += nanosPerRead;
        }
        return NanoClock.SYSTEM.nanoTime() + nanosSkipped;
    }

    /** From now on each look at the clock takes so long, so that nobody waits in earnest. */
    void skipPerRead(long nanos) {
        nanosPerRead = nanos;
    }

    long metric(MetricDescriptor descriptor) {
        return metrics.snapshot().stream()
                .filter(metric -> metric.label().equals(descriptor.label()))
                .findFirst()
                .orElseThrow()
                .value();
    }

    @Override
    public void close() {
        session.close();
        store.close();
    }
}
