package io.silkstone.store;

import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NOT_OWNER;
import static io.silkstone.api.store.Status.OK;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Segment;
import io.silkstone.store.memory.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tablet that is copied while its store goes on serving it. */
class CopiedTabletTest {
    private static final long EPOCH = 5;
    private static final long SERVER = 7;
    private static final long COPY = 3;
    private static final int KEYS = 400;
    private static final int WRITERS = 3;
    private static final int CHANGES = 20_000;
    private static final StoreOptions OPTIONS = StoreFixture.SMALL.withTablets(0);

    private final StoreFixture source = new StoreFixture(OPTIONS.withTombstones(true));
    private final StoreFixture target = new StoreFixture(OPTIONS.withTombstones(true));
    private final int table = source.table.id();
    private final Place place = new Place(table, 0, -1, EPOCH);
    private final Piece piece = new Piece();
    private final TabletReader reader = source.store.openReader();
    private Reservation reservation;
    private Replay replay;
    private long record;
    private long round;

    /** What was shown, one entry after the other. */
    private static final class Piece
            implements TabletReader.Sink, TabletReader.Changes, AutoCloseable {
        private static final int CAPACITY = 8 << 20;
        private final Arena arena = Arena.ofShared();
        private final MemorySegment memory = arena.allocate(CAPACITY, Entry.ALIGNMENT);
        private final List<Long> hashes = new ArrayList<>();
        private long bytes;
        private long wanted = CAPACITY;

        private void clear() {
            bytes = 0;
            hashes.clear();
        }

        private long[] hashes() {
            return hashes.stream().mapToLong(Long::longValue).toArray();
        }

        @Override
        public boolean put(long entry, int length) {
            Memory.copy(entry, memory.address() + bytes, length);
            bytes += length;
            return true;
        }

        @Override
        public boolean put(long hash, long[] entries, int count) {
            for (int index = 0; index < count; index++) {
                put(entries[index], Entry.strideOf(Entry.header(entries[index])));
            }
            hashes.add(hash);
            return true;
        }

        @Override
        public void leaveOut(long hash) {
            throw new AssertionError("there is room");
        }

        @Override
        public boolean isFull() {
            return bytes >= wanted;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    @BeforeEach
    void open() throws StoreRefused {
        source.store.takeTablet(table, 0, -1, EPOCH);
        reservation = target.store.reserveTablet(table, 0, -1);
        replay = reservation.openReplay();
    }

    @AfterEach
    void close() {
        replay.close();
        reader.close();
        piece.close();
        source.close();
        target.close();
    }

    private void begin() throws StoreRefused {
        record = source.store.recordChanges(place, SERVER, COPY);
    }

    private void copyAll() {
        long cursor = 0;
        do {
            piece.clear();
            cursor = reader.objects(place, cursor, 0, true, piece);
            assertThat(cursor).isNotEqualTo(TabletReader.NOT_HERE);
            assertThat(replay.take(piece.memory.address(), piece.bytes)).isEqualTo(piece.bytes);
        } while (cursor != 0);
    }

    private void copyChanges() {
        round++;
        long cursor = 0;
        do {
            cursor = readChanges(round, cursor);
            assertThat(cursor).isNotNegative();
            assertThat(replay.renew(piece.memory.address(), piece.bytes, piece.hashes())).isTrue();
        } while (cursor != 0);
    }

    private long readChanges(long number, long cursor) {
        piece.clear();
        return reader.changes(place, record, number, cursor, piece);
    }

    private void freezeAndOwn() throws StoreRefused {
        source.store.freezeTablet(table, 0, -1, EPOCH);
        copyChanges();
        reservation.serve(EPOCH + 1);
    }

    private void writeSome() {
        for (int number = 0; number < KEYS; number++) {
            assertThat(source.write("key" + number, "first")).isEqualTo(OK);
        }
    }

    private Status expire(String key, long millis) {
        WriteOptions options = new WriteOptions().expireAt(millis);
        return source.batch(() -> source.session.expire(source.table, source.key(key), options));
    }

    @Test
    void changesOfEveryKind_afterTheCopy_come() throws StoreRefused {
        writeSome();
        begin();
        copyAll();
        source.write("key0", "second");
        source.remove("key1");
        source.write("key2", "12");
        source.increment("key2", 30);
        expire("key3", source.nowMillis + 1_000_000);
        expire("key4", source.nowMillis - 1);
        source.write("fresh", "new");
        source.remove("key5");
        source.write("key5", "again");
        WriteBatch batch = new WriteBatch();
        MemorySegment value = MemorySegment.ofArray("batch".getBytes(UTF_8));
        batch.write(new Key().wrap("key6".getBytes(UTF_8)), value, 0, 5, new WriteOptions());
        batch.remove(new Key().wrap("key7".getBytes(UTF_8)), new WriteOptions());
        assertThat(source.batch(() -> source.session.writeAll(source.table, batch))).isEqualTo(OK);
        copyChanges();
        freezeAndOwn();
        assertThat(target.read("key0")).isEqualTo("second");
        assertThat(target.read("key1")).isNull();
        assertThat(target.read("key2")).isEqualTo("42");
        assertThat(target.read("key3")).isEqualTo("first");
        assertThat(target.read("key4")).isNull();
        assertThat(target.read("key5")).isEqualTo("again");
        assertThat(target.read("key6")).isEqualTo("batch");
        assertThat(target.read("key7")).isNull();
        assertThat(target.read("key8")).isEqualTo("first");
        assertThat(target.read("fresh")).isEqualTo("new");
        assertThat(target.table.objects()).isEqualTo(KEYS - 2);
        assertLogHasWhatIsThere();
        target.nowMillis += 2_000_000;
        assertThat(target.read("key3")).isNull();
    }

    @Test
    void changes_whatRefusesOrFindsNothing_isNone() throws StoreRefused {
        writeSome();
        begin();
        assertThat(source.remove("nothing")).isEqualTo(NOT_FOUND);
        source.write("key0", "second", new WriteOptions().rejectIfExists());
        assertThat(readChanges(1, 0)).isZero();
        assertThat(piece.hashes).isEmpty();
    }

    @Test
    void changes_inPieces_areAllOfARound() throws StoreRefused {
        begin();
        writeSome();
        piece.wanted = 500;
        assertThat(readChanges(1, 0)).isPositive();
        source.write("late", "1");
        assertThat(piece.hashes).hasSizeLessThan(KEYS).doesNotContain(source.key("late").hash());
        copyChanges();
        freezeAndOwn();
        assertThat(target.table.objects()).isEqualTo(KEYS + 1);
    }

    @Test
    void changes_askedForAgain_areShownAsTheyAre() throws StoreRefused {
        begin();
        source.write("k", "1");
        assertThat(readChanges(1, 0)).isZero();
        source.remove("k");
        assertThat(readChanges(1, 0)).isZero();
        assertThat(piece.hashes).hasSize(1);
        assertThat(piece.bytes).isZero();
    }

    @Test
    void changes_ofAnotherCopyOrRound_areNotHere() throws StoreRefused {
        begin();
        assertThat(reader.changes(place, record + 1, 1, 0, piece)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(readChanges(2, 0)).isEqualTo(TabletReader.TOO_MANY);
        assertThat(readChanges(1, 0)).isZero();
        assertThat(readChanges(1, 1)).isEqualTo(TabletReader.TOO_MANY);
    }

    @Test
    void recordChanges_again_goesOn_andOthersAreRefused() throws StoreRefused {
        begin();
        source.write("k", "1");
        assertThat(source.store.recordChanges(place, SERVER, COPY)).isEqualTo(record);
        assertThatThrownBy(() -> source.store.recordChanges(place, SERVER, COPY - 1))
                .hasMessageContaining("copied already");
        assertThatThrownBy(() -> source.store.recordChanges(place, SERVER + 1, COPY + 1))
                .hasMessageContaining("copied already");
        assertThat(readChanges(1, 0)).isZero();
        assertThat(piece.hashes).hasSize(1);
        assertThat(source.store.recordChanges(place, SERVER, COPY + 1)).isNotEqualTo(record);
        assertThat(readChanges(1, 0)).isEqualTo(TabletReader.NOT_HERE);
    }

    @Test
    void recordChanges_ofNoSuchTablet_isRefused() throws StoreRefused {
        Place half = new Place(table, 0, 1L << 50, EPOCH);
        Place before = new Place(table, 0, -1, EPOCH - 1);
        assertThatThrownBy(() -> source.store.recordChanges(half, SERVER, COPY))
                .isInstanceOf(StoreRefused.class);
        assertThatThrownBy(() -> source.store.recordChanges(before, SERVER, COPY))
                .isInstanceOf(StoreRefused.class);
        source.store.freezeTablet(table, 0, -1, EPOCH);
        assertThatThrownBy(() -> source.store.recordChanges(place, SERVER, COPY))
                .isInstanceOf(StoreRefused.class);
    }

    @Test
    void forgetChanges_endsThatRecordOnly() throws StoreRefused {
        begin();
        source.store.forgetChanges(place, record + 1);
        assertThat(reader.isRecorded(place, record)).isTrue();
        source.store.forgetChanges(place, record);
        assertThat(reader.isRecorded(place, record)).isFalse();
        assertThat(reader.objects(place, 0, 0, true, piece)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(source.write("k", "1")).isEqualTo(OK);
    }

    @Test
    void recordChanges_byALateRequest_isAnotherRecord() throws StoreRefused {
        begin();
        source.store.forgetChanges(place, record);
        source.write("k", "1");
        assertThat(source.store.recordChanges(place, SERVER, COPY)).isNotEqualTo(record);
        assertThat(readChanges(1, 0)).isEqualTo(TabletReader.NOT_HERE);
    }

    @Test
    void clear_endsTheCopy() throws StoreRefused {
        writeSome();
        begin();
        copyAll();
        assertThat(source.session.clear(source.table)).isEqualTo(OK);
        assertThat(readChanges(1, 0)).isEqualTo(TabletReader.NOT_HERE);
        source.store.freezeTablet(table, 0, -1, EPOCH);
        assertThat(readChanges(1, 0)).isEqualTo(TabletReader.NOT_HERE);
    }

    @Test
    void split_endsTheCopy() throws StoreRefused {
        begin();
        source.store.splitTablet(source.table.name(), 1L << 62);
        assertThat(readChanges(1, 0)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(source.write("k", "1")).isEqualTo(OK);
    }

    @Test
    void freeze_thawedAgain_endsTheCopy() throws StoreRefused {
        begin();
        source.store.freezeTablet(table, 0, -1, EPOCH);
        assertThat(readChanges(1, 0)).isZero();
        source.store.takeTablet(table, 0, -1, EPOCH + 1);
        assertThat(readChanges(2, 0)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(source.write("k", "1")).isEqualTo(OK);
    }

    @Test
    void objects_ofWhoHasTheTablet_areNotShownWhileItIsServed() throws StoreRefused {
        begin();
        assertThat(reader.objects(place, 0, 0, false, piece)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(reader.results(place, 0, piece)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(reader.piecesAhead(place)).isZero();
        assertThat(reader.objects(place, 0, 0, true, piece)).isNotNegative();
        assertThat(reader.piecesAhead(place)).isOne();
        assertThat(reader.holds(place)).isFalse();
    }

    @Test
    void renew_damaged_changesNothingThatWasThere() throws StoreRefused {
        source.write("k", "value");
        begin();
        copyAll();
        source.write("k", "other");
        readChanges(1, 0);
        long value = piece.memory.address() + Entry.HEADER_BYTES + 1;
        Memory.putInt(value, ~Memory.getInt(value));
        assertThat(replay.renew(piece.memory.address(), piece.bytes, piece.hashes())).isFalse();
        assertThat(replay.damaged()).isOne();
        assertThat(replay.renew(piece.memory.address(), piece.bytes, new long[] {1})).isFalse();
        assertThat(replay.damaged()).isEqualTo(2);
        copyChanges();
        freezeAndOwn();
        assertThat(target.read("k")).isEqualTo("other");
        assertLogHasWhatIsThere();
    }

    @Test
    void renew_ofARangeThatIsDropped_doesNothing() throws StoreRefused {
        begin();
        source.write("k", "1");
        readChanges(1, 0);
        reservation.drop();
        assertThat(replay.renew(piece.memory.address(), piece.bytes, piece.hashes())).isTrue();
        assertThat(replay.objects()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void changesByThreads_whileItIsCopied_allCome(long seed) throws Exception {
        writeSome();
        begin();
        List<Thread> writers = new ArrayList<>();
        for (int number = 0; number < WRITERS; number++) {
            SplittableRandom random = new SplittableRandom(seed * WRITERS + number);
            writers.add(new Thread(() -> change(random)));
        }
        writers.forEach(Thread::start);
        copyAll();
        while (writers.stream().anyMatch(Thread::isAlive) && round < 50) {
            copyChanges();
        }
        freezeAndOwn();
        for (Thread writer : writers) {
            writer.join();
        }
        source.store.takeTablet(table, 0, -1, EPOCH + 2);
        long found = 0;
        for (int number = 0; number < KEYS; number++) {
            String value = source.read("key" + number);
            assertThat(target.read("key" + number)).isEqualTo(value);
            found += value == null ? 0 : 1;
        }
        assertThat(target.table.objects()).isEqualTo(found);
        assertLogHasWhatIsThere();
    }

    /** Until the tablet is frozen. */
    private void change(SplittableRandom random) {
        WriteOptions options = new WriteOptions();
        Key key = new Key();
        try (KvSession session = source.store.openSession()) {
            Status status = OK;
            for (int turn = 0; turn < CHANGES && status != NOT_OWNER; turn++) {
                key.wrap(("key" + random.nextInt(KEYS)).getBytes(UTF_8));
                byte[] value = Integer.toString(turn).getBytes(UTF_8);
                MemorySegment memory = MemorySegment.ofArray(value);
                session.enter();
                status =
                        random.nextInt(3) == 0
                                ? session.remove(source.table, key, options)
                                : session.write(
                                        source.table, key, memory, 0, value.length, options);
                session.exit();
            }
        }
    }

    /**
     * A third store that reads the target's log finds the same in it, whatever was in it before.
     */
    private void assertLogHasWhatIsThere() throws StoreRefused {
        byte[] note = StoreNote.of(table, List.of(target.store.tableData(table))).encode();
        try (StoreFixture third = new StoreFixture(OPTIONS);
                TabletRecovery recovery = third.store.openRecovery()) {
            third.nowMillis = target.nowMillis;
            Reservation range = third.store.reserveTablet(table, 0, -1);
            try (LogReplay reading = recovery.openReplay(note, List.of(range))) {
                Log log = target.store.log();
                for (int slot = log.slots() - 1; slot >= 0; slot--) {
                    Segment segment = log.segment(slot);
                    if (segment != null) {
                        long begin = segment.begin();
                        long bytes = segment.wholeEnd(begin) - begin;
                        assertThat(reading.take(begin, bytes, segment.id())).isEqualTo(bytes);
                    }
                }
            }
            range.serve(EPOCH + 5);
            for (int number = 0; number < KEYS; number++) {
                assertThat(third.read("key" + number)).isEqualTo(target.read("key" + number));
            }
            assertThat(third.table.objects()).isEqualTo(target.table.objects());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
