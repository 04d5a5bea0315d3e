package io.silkstone.store;

import static io.silkstone.api.store.Status.OK;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.TabletReader.Pass;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.log.Entry;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A frozen tablet that is shown in log order, while the cleaner moves what it holds. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogOrderTest {
    private static final long HALF = 1L << 63;
    private static final long EPOCH = 5;
    private static final int OBJECTS = 40_000;
    private static final int PIECE = 30_000;
    private static final int PASSES_MAX = 500;

    private final StoreFixture fixture = new StoreFixture(StoreFixture.SMALL.withTablets(0));
    private final Store store = fixture.store;
    private final int table = fixture.table.id();
    private final Place low = new Place(table, 0, HALF - 1, EPOCH);
    private final TabletReader reader = store.openReader();
    private final Shown shown = new Shown();
    private int written;
    private Runnable whenFull = this::clean;

    /** Versions by hash; a piece is full with so many bytes. */
    private static final class Shown implements TabletReader.Sink {
        final Map<Long, Long> versions = new HashMap<>();
        int bytes;

        @Override
        public boolean put(long entry, int length) {
            Long before = versions.put(Entry.keyHash(entry), Entry.version(entry));
            assertThat(before).isIn(null, Entry.version(entry));
            bytes += length;
            return true;
        }

        @Override
        public void leaveOut(long hash) {
            throw new AssertionError();
        }

        @Override
        public boolean isFull() {
            return bytes >= PIECE;
        }
    }

    @BeforeEach
    void open() throws StoreRefused {
        store.takeTablet(table, 0, HALF - 1, EPOCH);
        store.takeTablet(table, HALF, -1, EPOCH);
    }

    @AfterEach
    void close() {
        reader.close();
        fixture.close();
    }

    /** Objects of both halves, some of which are written again or removed. */
    private void writeObjects() {
        for (int number = 0; number < OBJECTS; number++) {
            assertThat(fixture.write("key" + number, "a value of " + number)).isEqualTo(OK);
        }
        for (int number = 0; number < OBJECTS; number += 3) {
            assertThat(fixture.write("key" + number, "another one")).isEqualTo(OK);
        }
        for (int number = 0; number < OBJECTS; number += 5) {
            assertThat(fixture.remove("key" + number)).isEqualTo(OK);
        }
    }

    private void freeze() throws StoreRefused {
        store.freezeTablet(table, 0, HALF - 1, EPOCH);
    }

    private Map<Long, Long> inHashOrder() {
        Shown all = new Shown();
        long cursor = 0;
        do {
            all.bytes = 0;
            cursor = reader.objects(low, cursor, 0, false, all);
        } while (cursor != 0);
        return all.versions;
    }

    /** What is written until the half that is served takes other segments than before. */
    private void writeOthers(int megabytes) {
        byte[] value = new byte[100_000];
        Key key = new Key();
        for (int number = 0; number < 10 * megabytes; written++) {
            String text = "other" + written % 60 + "-" + written % 2;
            if (key.wrap(text.getBytes(UTF_8)).hash() < 0) {
                assertThat(fixture.write(text, value, new WriteOptions())).isEqualTo(OK);
                number++;
            }
        }
    }

    /** Returns where the next pass begins; 0 when there was nothing to be found. */
    private long pass(long since, int stretches, Runnable meanwhile) {
        Pass pass = reader.beginPass(low, since, stretches, false, Thread::onSpinWait);
        while (pass.until() == 0) {
            // Writers have taken all memory, and the cleaner is about to give some back.
            whenFull.run();
            pass = reader.beginPass(low, since, stretches, false, Thread::onSpinWait);
        }
        long[] begins = pass.begins();
        // From the last to the first: stretches are pulled in no order.
        for (int index = begins.length - 1; index >= 0; index--) {
            long until = index + 1 < begins.length ? begins[index + 1] : pass.until();
            long cursor = begins[index];
            while (cursor != 0) {
                meanwhile.run();
                shown.bytes = 0;
                cursor = reader.objectsInLog(low, cursor, until, since != 0, false, shown);
                assertThat(cursor).isNotEqualTo(TabletReader.NOT_HERE);
            }
        }
        return pass.until() == since ? 0 : pass.until();
    }

    private int passes(Runnable meanwhile) {
        int passes = 0;
        long since = 0;
        do {
            since = pass(since, 4, passes < PASSES_MAX ? meanwhile : () -> {});
            passes++;
        } while (since != 0);
        return passes;
    }

    @Test
    void objectsInLog_nothingMoves_onePassShowsAll() throws StoreRefused {
        writeObjects();
        freeze();
        assertThat(passes(() -> {})).isEqualTo(2);
        assertThat(shown.versions).isEqualTo(inHashOrder()).hasSizeGreaterThan(OBJECTS / 3);
    }

    @Test
    void objectsInLog_theCleanerAtWork_furtherPassesShowAll() throws StoreRefused {
        writeObjects();
        freeze();
        Map<Long, Long> all = inHashOrder();
        store.hastenCleaner();
        int[] pieces = new int[1];
        int passes =
                passes(
                        () -> {
                            if (pieces[0]++ < 40) {
                                writeOthers(1);
                                clean();
                            }
                        });
        assertThat(passes).isGreaterThan(2);
        assertThat(fixture.metric(CleanerMetrics.MOVED)).isPositive();
        assertThat(shown.versions).isEqualTo(all);
    }

    /** That the test before would fail if the source left out what the cleaner has moved. */
    @Test
    void objectsInLog_theCleanerAtWork_onePassIsNotEnough() throws StoreRefused {
        writeObjects();
        freeze();
        Map<Long, Long> all = inHashOrder();
        store.hastenCleaner();
        long since = pass(0, 4, this::clean);
        assertThat(since).isPositive();
        assertThat(shown.versions.size()).isLessThan(all.size());
        while (since != 0) {
            since = pass(since, 1, () -> {});
        }
        assertThat(shown.versions).isEqualTo(all);
    }

    private void clean() {
        for (int slice = 0; slice < 20; slice++) {
            store.agents().forEach(Agent::doWork);
        }
    }

    @Test
    void objectsInLog_aCleanerThatAlwaysMoves_losesNothing() throws StoreRefused {
        writeObjects();
        freeze();
        Map<Long, Long> all = inHashOrder();
        store.hastenCleaner();
        passes(() -> store.agents().forEach(Agent::doWork));
        assertThat(fixture.metric(CleanerMetrics.MOVED)).isPositive();
        assertThat(shown.versions).isEqualTo(all);
    }

    @Test
    void objectsInLog_threadsThatWriteAndClean_losesNothing() throws Exception {
        writeObjects();
        freeze();
        Map<Long, Long> all = inHashOrder();
        store.hastenCleaner();
        AtomicBoolean over = new AtomicBoolean();
        AtomicBoolean rests = new AtomicBoolean();
        Thread cleaner = new Thread(() -> clean(over, rests));
        Thread writer = new Thread(() -> write(over));
        whenFull = Thread::yield;
        cleaner.start();
        writer.start();
        try {
            for (int round = 0; round < 20; round++) {
                shown.versions.clear();
                rests.set(false);
                long since = pass(0, 8, () -> {});
                for (int passes = 1; since != 0; passes++) {
                    // What always moves is never all found behind the same place.
                    rests.set(passes >= 8);
                    since = pass(since, 8, () -> {});
                }
                assertThat(shown.versions).as("round %d", round).isEqualTo(all);
            }
        } finally {
            over.set(true);
            cleaner.join();
            writer.join();
        }
    }

    private void clean(AtomicBoolean over, AtomicBoolean rests) {
        while (!over.get()) {
            if (rests.get()) {
                Thread.yield();
            } else {
                store.agents().forEach(Agent::doWork);
            }
        }
    }

    private void write(AtomicBoolean over) {
        while (!over.get()) {
            writeOthers(1);
        }
    }

    @Test
    void objectsInLog_ofATableThatWasCleared_showsOnlyWhatCameAfterwards() throws StoreRefused {
        writeObjects();
        assertThat(fixture.session.clear(fixture.table)).isEqualTo(OK);
        fixture.write("key1", "new");
        fixture.write("key2", "new");
        fixture.write("key3", "new");
        freeze();
        passes(() -> {});
        assertThat(shown.versions).isEqualTo(inHashOrder()).hasSizeLessThan(4);
        fixture.drain();
        passes(() -> {});
        assertThat(shown.versions).isEqualTo(inHashOrder());
    }

    @Test
    void beginPass_ofATabletThatIsNotFrozen_isNone() {
        assertThat(reader.beginPass(low, 0, 4, false, () -> {})).isNull();
        assertThat(reader.objectsInLog(low, 1, 9, false, false, shown))
                .isEqualTo(TabletReader.NOT_HERE);
    }

    @Test
    void beginPass_aReaderWithinAnEpoch_waitsForIt() throws StoreRefused {
        writeObjects();
        freeze();
        fixture.session.enter();
        int[] pauses = new int[1];
        Pass pass =
                reader.beginPass(
                        low,
                        0,
                        4,
                        false,
                        () -> {
                            if (++pauses[0] == 3) {
                                fixture.session.exit();
                            }
                        });
        assertThat(pauses[0]).isEqualTo(3);
        assertThat(pass.begins()).isNotEmpty();
    }
}
