package io.silkstone.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.KvStore.Usage;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.SegletPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every kind of change by several threads while memory is full and the cleaner runs; afterwards all
 * figures of the store must be what a count of its objects and its log gives.
 */
@Timeout(120)
class StoreAccountingTest {
    private static final int THREADS = 3;
    private static final int ROUNDS = 25_000;
    private static final int KEYS = 20_000;
    private static final long SEGMENT_BYTES = 2 << 20;
    private static final long SPARE_BYTES = SegletPool.SEGLET_BYTES;
    private static final int EXPIRY_MILLIS_MAX = 1000;
    private static final int PASS_MILLIS_MAX = 1000;
    private static final int VALUE_BYTES_MAX = 100_000;
    private static final int FILLINGS_MAX = 1_000;
    private static final int ONCE_ONE_IN = 3;
    private static final int REQUESTS_UNANSWERED = 300;
    private static final String[] TABLES = {KvStore.DEFAULT_TABLE, "one", "four"};

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[VALUE_BYTES_MAX]);
    private StoreFixture fixture;
    private KvStore.Table[] tables;

    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "3, true"})
    void figures_afterAnyChangesByManyThreads_areThoseOfARecount(long seed, boolean tombstones)
            throws InterruptedException, StoreRefused {
        try (StoreFixture opened =
                new StoreFixture(
                        StoreFixture.SMALL.withMemoryBytes(48 << 20).withTombstones(tombstones))) {
            fixture = opened;
            fixture.store.createTable("one", 1);
            fixture.store.createTable("four", 4);
            tables = new KvStore.Table[TABLES.length];
            for (int number = 0; number < TABLES.length; number++) {
                tables[number] = fixture.store.table(TABLES[number]);
            }
            fixture.drain();
            assertThat(fixture.store.log().segmentBytes()).isEqualTo((int) SEGMENT_BYTES);
            Usage empty = fixture.store.usage();
            work(seed);
            assertThat(failure.get()).as("seed " + seed).isNull();
            assertThat(fixture.metric(CleanerMetrics.MOVED)).isPositive();
            fillAndEmpty();
            // All that can expire is over, and the expirer has been through every table once more.
            fixture.pass(EXPIRY_MILLIS_MAX + 3 * PASS_MILLIS_MAX);
            recount();
            removeAll();
            for (int lease = 0; lease < THREADS; lease++) {
                assertThat(fixture.store.leaseTable().open(lease).resultCount()).isPositive();
                fixture.store.forgetLease(lease);
            }
            fixture.pass(100);
            recount();
            assertThat(fixture.store.usage().objects()).isZero();
            for (KvStore.Table table : tables) {
                assertThat(fixture.session.clear(table)).isEqualTo(Status.OK);
            }
            fixture.pass(100);
            Usage end = fixture.store.usage();
            assertThat(end.hashTables()).isEqualTo(empty.hashTables());
            if (!tombstones) {
                assertThat(end.logLive()).isZero();
                long segments = (end.allocated() - end.hashTables() - SPARE_BYTES) / SEGMENT_BYTES;
                assertThat(segments)
                        .as("the head, an open survivor, and one made ready for the next head")
                        .isLessThanOrEqualTo(3);
            }
        }
    }

    private void work(long seed) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < THREADS; number++) {
            SplittableRandom random = new SplittableRandom(seed * THREADS + number);
            long lease = number;
            threads.add(new Thread(() -> guarded(() -> change(random, lease))));
        }
        Thread agents =
                new Thread(
                        () ->
                                guarded(
                                        () -> {
                                            while (threads.stream().anyMatch(Thread::isAlive)) {
                                                fixture.store.agents().forEach(Agent::doWork);
                                                fixture.nowMillis++;
                                                Thread.yield();
                                            }
                                        }));
        threads.forEach(Thread::start);
        agents.start();
        for (Thread thread : threads) {
            thread.join();
        }
        agents.join();
    }

    /** Whether memory was ever full before is the machine's choice; here it is. */
    private void fillAndEmpty() {
        KvSession session = fixture.session;
        WriteOptions options = new WriteOptions();
        Key key = new Key();
        int written = 0;
        Status status = Status.OK;
        while (status == Status.OK && written < FILLINGS_MAX) {
            key.wrap(("filling" + written).getBytes(ISO_8859_1));
            session.enter();
            status = session.write(tables[0], key, bytes, 0, VALUE_BYTES_MAX, options.reset());
            session.exit();
            written++;
        }
        assertThat(status).isEqualTo(Status.OUT_OF_MEMORY);
        for (int number = 0; number < written; number++) {
            key.wrap(("filling" + number).getBytes(ISO_8859_1));
            session.enter();
            session.remove(tables[0], key, options.reset());
            session.exit();
        }
    }

    private void guarded(Runnable body) {
        try {
            body.run();
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
    }

    private void change(SplittableRandom random, long lease) {
        Key key = new Key();
        WriteOptions options = new WriteOptions();
        WriteBatch batch = new WriteBatch();
        try (KvSession session = fixture.store.openSession()) {
            for (int round = 0; round < ROUNDS && failure.get() == null; round++) {
                KvStore.Table table = tables[random.nextInt(tables.length)];
                wrap(key, random);
                session.enter();
                if (round % ONCE_ONE_IN == 0) {
                    session.once(lease, round, Math.max(0, round - REQUESTS_UNANSWERED), 0);
                }
                Status status = step(session, table, key, options.reset(), batch.clear(), random);
                session.exit();
                if (status == Status.OUT_OF_MEMORY) {
                    for (int count = 0; count < 50; count++) {
                        session.enter();
                        session.remove(table, wrap(key, random), options.reset());
                        session.exit();
                    }
                }
            }
        }
    }

    private Status step(
            KvSession session,
            KvStore.Table table,
            Key key,
            WriteOptions options,
            WriteBatch batch,
            SplittableRandom random) {
        switch (random.nextInt(20)) {
            case 0, 1 -> {
                return session.remove(table, key, options);
            }
            case 2 -> {
                return session.expire(table, key, options.expireAt(soon(random)));
            }
            case 3 -> {
                return session.increment(table, key, 1, options);
            }
            case 4 -> {
                // Keys of one hash slot, and so of one tablet.
                for (int count = random.nextInt(8); count >= 0; count--) {
                    key.wrap(("{tag}" + random.nextInt(200)).getBytes(ISO_8859_1));
                    expireSome(options.reset(), random);
                    if (random.nextInt(4) == 0) {
                        batch.remove(key, options);
                    } else {
                        batch.write(key, bytes, 0, length(random), options);
                    }
                }
                return session.writeAll(table, batch);
            }
            default -> {
                expireSome(options, random);
                if (random.nextInt(10) == 0) {
                    options.returnPrevious();
                }
                return session.write(table, key, bytes, 0, length(random), options);
            }
        }
    }

    private void expireSome(WriteOptions options, SplittableRandom random) {
        if (random.nextInt(5) == 0) {
            options.expireAt(soon(random));
        }
    }

    private long soon(SplittableRandom random) {
        return fixture.nowMillis + random.nextInt(EXPIRY_MILLIS_MAX);
    }

    private static Key wrap(Key key, SplittableRandom random) {
        byte[] name = new byte[4 + random.nextInt(4)];
        int number = random.nextInt(KEYS);
        for (int index = 0; index < Integer.BYTES; index++) {
            name[index] = (byte) (number >>> 8 * index);
        }
        return key.wrap(name);
    }

    /** All orders of magnitude alike, and now and then a large one. */
    private static int length(SplittableRandom random) {
        int most = random.nextInt(500) == 0 ? VALUE_BYTES_MAX : 8000;
        return (int) Math.exp(random.nextDouble() * Math.log(most));
    }

    /** Compares each figure with what is found by going through tables and log. */
    private void recount() {
        long objects = 0;
        long liveBytes = 0;
        for (KvStore.Table table : tables) {
            Map<String, Long> found = enumerate(table);
            assertThat(table.objects()).as(table.name()).isEqualTo(found.size());
            objects += found.size();
            liveBytes += found.values().stream().mapToLong(Long::longValue).sum();
        }
        Log log = fixture.store.log();
        long segments = 0;
        long rest = 0;
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            if (segment != null) {
                segments++;
                rest += recount(segment);
            }
        }
        Usage usage = fixture.store.usage();
        assertThat(usage.objects()).isEqualTo(objects);
        assertThat(usage.logLive()).isEqualTo(liveBytes + rest);
        assertThat(usage.logUsed()).isEqualTo(segments * SEGMENT_BYTES);
        long spare = usage.allocated() - usage.logUsed() - usage.hashTables();
        assertThat(spare)
                .as("an empty hash table for the next clear, and perhaps a segment made ready")
                .isIn(SPARE_BYTES, SPARE_BYTES + SEGMENT_BYTES);
        assertThat(fixture.metric(StoreMetrics.OBJECTS)).isEqualTo(objects);
        assertThat(fixture.metric(StoreMetrics.LOG_LIVE)).isEqualTo(usage.logLive());
        assertThat(fixture.metric(StoreMetrics.MEMORY_ALLOCATED)).isEqualTo(usage.allocated());
    }

    /** Goes through a segment's entries; returns the bytes of tombstones and results. */
    private static long recount(Segment segment) {
        long live = 0;
        long tombstones = 0;
        long results = 0;
        long entry = segment.begin();
        while (entry < segment.end()) {
            int header = Entry.header(entry);
            assertThat(header).as("an entry in the making at rest").isNotZero();
            boolean counts = Entry.type(header) == Entry.OBJECT;
            boolean buries = Entry.type(header) == Entry.TOMBSTONE;
            boolean remembers = Entry.type(header) == Entry.RESULT;
            if ((counts || buries || remembers) && !Entry.isDead(header)) {
                live += Entry.strideOf(header);
                tombstones += buries ? Entry.strideOf(header) : 0;
                results += remembers ? Entry.strideOf(header) : 0;
            }
            entry += Entry.strideOf(header);
        }
        assertThat(segment.liveBytes()).isEqualTo(live);
        assertThat(segment.tombstoneBytes()).isEqualTo(tombstones);
        return tombstones + results;
    }

    /** The keys of a table, and the length of each object's entry. */
    private Map<String, Long> enumerate(KvStore.Table table) {
        Map<String, Long> found = new HashMap<>();
        long cursor = 0;
        do {
            fixture.session.enter();
            cursor =
                    fixture.session.scan(
                            table,
                            cursor,
                            100,
                            object -> found.put(nameOf(object), strideOf(object)));
            fixture.session.exit();
        } while (cursor != 0);
        return found;
    }

    /** The bytes of the key, one a character. */
    private static String nameOf(ObjectView object) {
        byte[] name = new byte[object.keyLength()];
        MemorySegment.copy(
                object.memory(), ValueLayout.JAVA_BYTE, object.keyOffset(), name, 0, name.length);
        return new String(name, ISO_8859_1);
    }

    private static long strideOf(ObjectView object) {
        boolean expires = object.expiryMillis() != 0;
        return Entry.stride(Entry.lengthOf(object.keyLength(), object.valueLength(), expires));
    }

    private void removeAll() {
        for (KvStore.Table table : tables) {
            for (String name : enumerate(table).keySet()) {
                Key key = new Key().wrap(name.getBytes(ISO_8859_1));
                fixture.session.enter();
                assertThat(fixture.session.remove(table, key, new WriteOptions()))
                        .isEqualTo(Status.OK);
                fixture.session.exit();
            }
        }
    }
}
