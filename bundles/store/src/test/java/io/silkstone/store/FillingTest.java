package io.silkstone.store;

import static io.silkstone.api.store.Status.EXISTS;
import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NOT_OWNER;
import static io.silkstone.api.store.Status.OK;
import static io.silkstone.api.store.Status.OUT_OF_MEMORY;
import static io.silkstone.api.store.Status.RETRY_LATER;
import static io.silkstone.api.store.Status.WRONG_VERSION;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that serves a tablet while its objects come from another one, where it is frozen. */
class FillingTest {
    private static final long EPOCH = 5;
    private static final int OBJECTS = 500;
    private static final int VALUE_OFFSET = Entry.HEADER_BYTES + 1;

    private final StoreFixture source = new StoreFixture(StoreFixture.SMALL.withTablets(0));
    private final StoreFixture target = new StoreFixture(StoreFixture.SMALL.withTablets(0));
    private final int table = source.table.id();
    private final Place place = new Place(table, 0, -1, EPOCH);
    private final Piece piece = new Piece(8 << 20);
    private final TabletReader reader = source.store.openReader();
    private final List<Replay> replays = new ArrayList<>();
    private int wakes;
    private Reservation reservation;
    private Filling filling;
    private Replay replay;

    @BeforeEach
    void open() throws StoreRefused {
        source.store.takeTablet(table, 0, -1, EPOCH);
    }

    @AfterEach
    void close() {
        replays.forEach(Replay::close);
        reader.close();
        piece.close();
        source.close();
        target.close();
    }

    private void reserve() throws StoreRefused {
        source.store.freezeTablet(table, 0, -1, EPOCH);
        reservation = target.store.reserveTablet(table, 0, -1);
    }

    private void begin() throws StoreRefused {
        reserve();
        fill();
    }

    private void fill() throws StoreRefused {
        filling = reservation.fill(EPOCH + 1, () -> wakes++);
        replay = opened(filling.openReplay());
    }

    private Replay opened(Replay opened) {
        replays.add(opened);
        return opened;
    }

    /** All that the source has of {@code key} comes. */
    private void fetch(String key) {
        long hash = target.key(key).hash();
        piece.clear();
        assertThat(reader.objects(place, hash, false, piece)).isTrue();
        assertThat(replay.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
        filling.know(hash);
    }

    /** Everything comes, in the order of a scan; nothing is known by that. */
    private void fetchAll() {
        assertThat(readAll()).isZero();
        assertThat(replay.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
    }

    private long readAll() {
        piece.clear();
        return reader.objects(place, 0, 0, false, piece);
    }

    private long[] wanted() {
        long[] hashes = new long[64];
        return Arrays.copyOf(hashes, filling.wanted(hashes));
    }

    private Status write(String key, WriteOptions options) {
        return target.write(key, "new", options);
    }

    private Status expire(String key, WriteOptions options) {
        return target.batch(() -> target.session.expire(target.table, target.key(key), options));
    }

    private Status read(String key) {
        return target.batch(() -> target.session.read(target.table, target.key(key)));
    }

    private long version(StoreFixture fixture, String key) {
        fixture.batch(() -> fixture.session.read(fixture.table, fixture.key(key)));
        return fixture.session.version();
    }

    private Set<Long> scanned() {
        Set<Long> hashes = new HashSet<>();
        target.session.enter();
        long cursor = 0;
        do {
            cursor =
                    target.session.scan(
                            target.table, cursor, 100, object -> hashes.add(object.keyHash()));
        } while (cursor != 0);
        target.session.exit();
        return hashes;
    }

    private void waits(Supplier<Status> operation) {
        int before = wakes;
        long hash = target.key("k").hash();
        assertThat(operation.get()).isEqualTo(RETRY_LATER);
        assertThat(wanted()).containsExactly(hash);
        assertThat(wakes - before).isLessThanOrEqualTo(1);
    }

    @Test
    void operations_onWhatHasNotCome_waitForIt() throws StoreRefused {
        source.write("k", "7");
        begin();
        waits(() -> read("k"));
        assertThat(wakes).isOne();
        waits(() -> write("k", new WriteOptions().rejectIfExists()));
        waits(() -> write("k", new WriteOptions().rejectIfMissing()));
        waits(() -> write("k", new WriteOptions().requireVersion(9)));
        waits(() -> write("k", new WriteOptions().rejectUpToVersion(9)));
        waits(() -> write("k", new WriteOptions().returnPrevious()));
        waits(() -> write("k", new WriteOptions().keepExpiry()));
        waits(() -> write("k", new WriteOptions().expireAt(target.nowMillis + 1)));
        waits(() -> target.remove("k"));
        waits(() -> target.increment("k", 1));
        waits(() -> expire("k", new WriteOptions().expireAt(target.nowMillis + 1)));
        assertThat(wakes).isOne();
        fetch("k");
        assertThat(wanted()).isEmpty();
        assertThat(target.read("k")).isEqualTo("7");
        assertThat(write("k", new WriteOptions().rejectIfExists())).isEqualTo(EXISTS);
        assertThat(write("k", new WriteOptions().requireVersion(9))).isEqualTo(WRONG_VERSION);
        assertThat(target.increment("k", 1)).isEqualTo(OK);
        assertThat(target.read("k")).isEqualTo("8");
        assertThat(target.remove("k")).isEqualTo(OK);
        assertThat(target.read("k")).isNull();
    }

    @Test
    void measure_aTablet_saysAboutWhatItHas() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("k" + number, "value");
        }
        TabletReader.Size all = reader.measure(table, 0, -1);
        assertThat(all.objects()).isBetween(OBJECTS * 9L / 10, OBJECTS * 11L / 10);
        assertThat(all.bytes()).isBetween(all.objects() * 40, all.objects() * 48);
        TabletReader.Size half = reader.measure(table, 0, Long.MAX_VALUE);
        assertThat(half.objects()).isBetween(all.objects() / 3, all.objects() * 2 / 3);
        assertThat(reader.measure(table + 1, 0, -1)).isEqualTo(new TabletReader.Size(0, 0));
    }

    @Test
    void bytesLeft_objectsComing_getLessByWhatTheyTake() throws StoreRefused {
        begin();
        long before = replay.bytesLeft();
        assertThat(before).isBetween(StoreFixture.SMALL.memoryBytes() / 2, 31L << 20);
        target.write("large", new byte[1 << 20], new WriteOptions());
        assertThat(before - replay.bytesLeft()).isBetween(1L << 20, (1L << 20) + 64);
        assertThat(Replay.bytesFor(10, 1_000)).isGreaterThan(1_000);
    }

    @Test
    void expect_whatComes_makesRoomForIt() throws StoreRefused {
        begin();
        long before = target.store.usage().hashTables();
        while (replay.expect(200_000)) {
            assertThat(replay.objects()).isZero();
        }
        assertThat(target.store.usage().hashTables()).isGreaterThan(before + 200_000L * 8);
    }

    @Test
    void readAll_ofSome_answersForEach() throws StoreRefused {
        source.write("a", "1");
        source.write("b", "2");
        begin();
        fetch("a");
        Key[] keys = {new Key().wrap("a".getBytes(UTF_8)), new Key().wrap("b".getBytes(UTF_8))};
        List<Status> statuses = new ArrayList<>();
        target.session.enter();
        target.session.readAll(
                target.table, keys, 2, (index, status, object) -> statuses.add(status));
        target.session.exit();
        assertThat(statuses).containsExactly(OK, RETRY_LATER);
        assertThat(wanted()).containsExactly(keys[1].hash());
    }

    @Test
    void know_ofWhatTheSourceDoesNotHave_isKnownToBeMissing() throws StoreRefused {
        begin();
        waits(() -> read("k"));
        fetch("k");
        assertThat(read("k")).isEqualTo(NOT_FOUND);
        assertThat(target.remove("k")).isEqualTo(NOT_FOUND);
        assertThat(write("k", new WriteOptions().rejectIfMissing())).isEqualTo(NOT_FOUND);
        assertThat(target.increment("k", 3)).isEqualTo(OK);
        assertThat(target.read("k")).isEqualTo("3");
    }

    @Test
    void write_withoutRules_isMadeAtOnceAndAboveWhatWasThere() throws StoreRefused {
        source.write("k", "old");
        long before = version(source, "k");
        begin();
        assertThat(target.write("k", "new")).isEqualTo(OK);
        assertThat(wanted()).isEmpty();
        assertThat(target.read("k")).isEqualTo("new");
        assertThat(version(target, "k")).isGreaterThan(before);
        fetchAll();
        assertThat(target.read("k")).isEqualTo("new");
    }

    @Test
    void changes_ofWhatWasWrittenHere_needNotWaitUnlessItIsToGo() throws StoreRefused {
        source.write("k", "1");
        begin();
        target.write("k", "5");
        assertThat(target.increment("k", 2)).isEqualTo(OK);
        long version = version(target, "k");
        assertThat(write("k", new WriteOptions().rejectIfExists())).isEqualTo(EXISTS);
        assertThat(write("k", new WriteOptions().requireVersion(version))).isEqualTo(OK);
        assertThat(wanted()).isEmpty();
        waits(() -> write("k", new WriteOptions().expireAt(target.nowMillis + 1)));
        waits(() -> target.remove("k"));
        fetch("k");
        assertThat(target.read("k")).isEqualTo("new");
        assertThat(target.remove("k")).isEqualTo(OK);
        fetchAll();
        assertThat(target.read("k")).isNull();
    }

    @Test
    void writeAll_waitsForAllOfItsKeys() throws StoreRefused {
        source.write("a", "1");
        begin();
        byte[] value = {'2'};
        WriteBatch batch = new WriteBatch();
        Key a = new Key().wrap("a".getBytes(UTF_8));
        Key b = new Key().wrap("b".getBytes(UTF_8));
        batch.write(a, MemorySegment.ofArray(value), 0, 1, new WriteOptions());
        batch.remove(b, new WriteOptions());
        Supplier<Status> change =
                () -> target.batch(() -> target.session.writeAll(target.table, batch));
        assertThat(change.get()).isEqualTo(RETRY_LATER);
        assertThat(wanted()).containsExactlyInAnyOrder(a.hash(), b.hash());
        fetch("a");
        assertThat(change.get()).isEqualTo(RETRY_LATER);
        assertThat(target.read("a")).isEqualTo("1");
        fetch("b");
        assertThat(change.get()).isEqualTo(OK);
        assertThat(target.read("a")).isEqualTo("2");
    }

    @Test
    void lockTabletAndClear_waitForTheEnd() throws StoreRefused {
        begin();
        Supplier<Status> lock =
                () -> {
                    Status status = target.session.lockTablet(target.table, 5);
                    if (status == OK) {
                        target.session.unlockTablet();
                    }
                    return status;
                };
        assertThat(target.batch(lock)).isEqualTo(RETRY_LATER);
        assertThat(target.session.clear(target.table)).isEqualTo(RETRY_LATER);
        filling.end();
        assertThat(target.batch(lock)).isEqualTo(OK);
        assertThat(target.session.clear(target.table)).isEqualTo(OK);
    }

    @Test
    void scan_whatHasCome_isAllOnlyAtTheEnd() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("key" + number, "value");
        }
        begin();
        assertThat(target.store.isMoving(table)).isTrue();
        assertThat(scanned()).isEmpty();
        fetch("key3");
        assertThat(scanned()).containsExactly(target.key("key3").hash());
        fetchAll();
        assertThat(scanned()).hasSize(OBJECTS);
        assertThat(target.store.tablets().getFirst().state()).isEqualTo(Store.FILLING);
        filling.end();
        assertThat(target.store.isMoving(table)).isFalse();
        assertThat(target.store.tablets().getFirst().state()).isEqualTo("normal");
    }

    @Test
    void take_theBulk_bringsVersionsAndValuesAndNothingThatIsKnownToBeGone() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("key" + number, "value" + number);
        }
        long version = version(source, "key9");
        begin();
        fetch("key1");
        target.remove("key1");
        target.write("key2", "new");
        fetch("key3");
        fetchAll();
        assertThat(replay.objects()).isEqualTo(OBJECTS - 1);
        assertThat(target.read("key1")).isNull();
        assertThat(target.read("key2")).isEqualTo("new");
        assertThat(target.read("key3")).isEqualTo("value3");
        assertThat(version(target, "key9")).isEqualTo(version);
        filling.end();
        assertThat(target.read("key1")).isNull();
        assertThat(target.table.objects()).isEqualTo(OBJECTS - 1);
    }

    @Test
    void take_againAndAfterTheEnd_changesNothing() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("key" + number, "value");
        }
        begin();
        fetchAll();
        target.write("key1", "new");
        Replay other = opened(filling.openReplay());
        assertThat(other.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
        assertThat(other.objects()).isZero();
        filling.end();
        target.remove("key2");
        assertThat(other.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
        assertThat(other.objects()).isZero();
        assertThat(target.read("key1")).isEqualTo("new");
        assertThat(target.read("key2")).isNull();
        assertThat(target.table.objects()).isEqualTo(OBJECTS - 1);
    }

    @Test
    void take_inAnyOrder_bringsTheSame() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("key" + number, "value");
        }
        begin();
        readAll();
        List<Long> entries = piece.entries();
        for (int index = entries.size() - 1; index >= 0; index--) {
            long entry = entries.get(index);
            replay.take(entry, Entry.strideOf(Entry.header(entry)));
        }
        assertThat(target.table.objects()).isEqualTo(OBJECTS);
    }

    @Test
    void take_entriesOfAnotherTable_areNotWanted() throws StoreRefused {
        source.store.createTable("other", 1);
        target.store.createTable("other", 1);
        int other = target.store.table("other").id();
        source.write("k", "v");
        begin();
        readAll();
        Memory.putInt(piece.address() + 24, other);
        assertThat(replay.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
        assertThat(replay.objects()).isZero();
        assertThat(target.store.table("other").objects()).isZero();
    }

    @Test
    void take_anExpiredObject_isLeftOut() throws StoreRefused {
        source.write("k", "v", new WriteOptions().expireAt(source.nowMillis + 10));
        source.write("later", "v", new WriteOptions().expireAt(source.nowMillis + 100));
        begin();
        readAll();
        target.nowMillis += 10;
        assertThat(replay.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
        assertThat(replay.objects()).isOne();
        assertThat(target.read("later")).isEqualTo("v");
        target.pass(2_000);
        assertThat(target.table.objects()).isZero();
        fetchAll();
        filling.end();
        assertThat(read("later")).isEqualTo(NOT_FOUND);
    }

    @Test
    void objects_expiredWhileFrozen_areNotShown() throws StoreRefused {
        source.write("k", "v", new WriteOptions().expireAt(source.nowMillis + 10));
        begin();
        source.pass(20);
        readAll();
        assertThat(piece.bytes()).isZero();
        assertThat(reader.objects(place, source.key("k").hash(), false, piece)).isTrue();
        assertThat(piece.bytes()).isZero();
    }

    @Test
    void results_comeAheadAndAnswerWhatIsRepeated() throws StoreRefused {
        source.write("k", "1");
        incrementOnce(source, 1);
        assertThat(source.session.number()).isEqualTo(2);
        reserve();
        bringResults();
        fill();
        assertThat(incrementOnce(target, 1)).isEqualTo(OK);
        assertThat(target.session.number()).isEqualTo(2);
        assertThat(incrementOnce(target, 2)).isEqualTo(NOT_OWNER);
        assertThat(wanted()).isEmpty();
        fetch("k");
        assertThat(target.read("k")).isEqualTo("2");
    }

    private Status incrementOnce(StoreFixture fixture, long request) {
        fixture.session.enter();
        fixture.session.once(1, request, 0, EPOCH);
        Status status =
                fixture.session.increment(fixture.table, fixture.key("k"), 1, new WriteOptions());
        fixture.session.exit();
        return status;
    }

    private void bringResults() {
        Replay ahead = opened(reservation.openReplay());
        piece.clear();
        assertThat(reader.results(place, 0, piece)).isZero();
        assertThat(ahead.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
    }

    @Test
    void results_inSmallPieces_allCome() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.session.enter();
            source.session.once(number % 7 + 1, number, 0, EPOCH);
            source.session.increment(
                    source.table, source.key("key" + number % 50), 1, new WriteOptions());
            source.session.exit();
        }
        reserve();
        Replay ahead = opened(reservation.openReplay());
        piece.limit = 500;
        long cursor = 0;
        int pieces = 0;
        do {
            piece.clear();
            cursor = reader.results(place, cursor, piece);
            ahead.take(piece.address(), piece.bytes());
            pieces++;
        } while (cursor != 0);
        assertThat(pieces).isGreaterThan(50);
        fill();
        for (int number = 0; number < OBJECTS; number++) {
            target.session.enter();
            target.session.once(number % 7 + 1, number, 0, EPOCH);
            Status status =
                    target.session.increment(
                            target.table, target.key("key" + number % 50), 1, new WriteOptions());
            target.session.exit();
            assertThat(status).isEqualTo(OK);
            assertThat(target.session.number()).isEqualTo(number / 50 + 1);
        }
    }

    @Test
    void dropReserved_removesWhatCameAhead() throws StoreRefused {
        source.write("k", "1");
        incrementOnce(source, 1);
        long before = target.store.usage().logLive();
        reserve();
        bringResults();
        assertThat(target.store.usage().logLive()).isGreaterThan(before);
        target.drain();
        assertThat(target.store.usage().logLive()).isGreaterThan(before);
        reservation.drop();
        reservation.drop();
        target.drain();
        assertThat(target.store.usage().logLive()).isEqualTo(before);
        assertThat(target.store.isVacant(table, 0, -1)).isTrue();
    }

    @Test
    void ahead_allComesBeforeItIsServed_andIsAllThereIs() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("key" + number, "value" + number);
        }
        incrementOnce(source, 1);
        reserve();
        Replay ahead = opened(reservation.openReplay());
        assertThat(reader.objects(place, 0, 0, true, piece)).isZero();
        ahead.take(piece.address(), piece.bytes());
        assertThat(ahead.take(piece.address(), piece.bytes())).isEqualTo(piece.bytes());
        bringResults();
        target.drain();
        assertThat(read("key1")).isEqualTo(NOT_OWNER);
        fill();
        filling.end();
        assertThat(read("nothing")).isEqualTo(NOT_FOUND);
        for (int number = 0; number < OBJECTS; number++) {
            assertThat(target.read("key" + number)).isEqualTo("value" + number);
        }
        assertThat(incrementOnce(target, 1)).isEqualTo(OK);
        assertThat(target.read("k")).isEqualTo("1");
    }

    @Test
    void ahead_ofARangeThatIsDropped_comesNoMore() throws StoreRefused {
        source.write("k", "1");
        reserve();
        Replay ahead = opened(reservation.openReplay());
        piece.clear();
        reader.objects(place, source.key("k").hash(), true, piece);
        reservation.drop();
        ahead.take(piece.address(), piece.bytes());
        assertThat(ahead.objects()).isZero();
        target.drain();
        assertThat(target.store.isVacant(table, 0, -1)).isTrue();
    }

    @Test
    void reader_ahead_theTabletIsTheSourcesStill() throws StoreRefused {
        source.write("k", "1");
        reserve();
        reader.objects(place, 0, 0, true, piece);
        reader.objects(place, source.key("k").hash(), true, piece);
        assertThat(reader.piecesAhead(place)).isEqualTo(2);
        assertThat(source.store.frozenTablets().getFirst().state()).isEqualTo("frozen");
        reader.objects(place, source.key("k").hash(), false, piece);
        assertThat(source.store.frozenTablets().getFirst().state()).isEqualTo(Store.TAKEN);
    }

    @Test
    void take_aDamagedValue_isCountedAndNotShownAndComesAgain() throws StoreRefused {
        source.write("k", "value");
        begin();
        readAll();
        piece.flip(VALUE_OFFSET);
        assertThat(replay.take(piece.address(), piece.bytes())).isZero();
        assertThat(replay.damaged()).isOne();
        assertThat(replay.objects()).isZero();
        assertThat(scanned()).isEmpty();
        fetchAll();
        assertThat(replay.damaged()).isOne();
        assertThat(target.read("k")).isEqualTo("value");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Entry.OBJECT << 24, Entry.OBJECT << 24 | 8, 1 << 24 | 1 << 20})
    void take_aDamagedLength_isCountedAndNothingAfterIt(int header) throws StoreRefused {
        source.write("a", "value");
        source.write("b", "value");
        begin();
        readAll();
        long second = piece.entries().get(1);
        Memory.putInt(second, header);
        long whole = second - piece.address();
        assertThat(replay.take(piece.address(), piece.bytes())).isEqualTo(whole);
        assertThat(replay.damaged()).isOne();
        assertThat(replay.objects()).isOne();
    }

    @Test
    void take_aCutEnd_isCounted() throws StoreRefused {
        source.write("k", "a long value, longer than a header");
        begin();
        readAll();
        assertThat(replay.take(piece.address(), piece.bytes() - 8)).isZero();
        assertThat(replay.take(piece.address(), 8)).isZero();
        assertThat(replay.damaged()).isEqualTo(2);
        assertThat(scanned()).isEmpty();
    }

    @Test
    void take_whenMemoryIsFull_goesOnWhenThereIsSome() throws StoreRefused {
        int length = 100_000;
        for (int number = 0; number < 50; number++) {
            source.write("key" + number, new byte[length], new WriteOptions());
        }
        begin();
        int filled = 0;
        while (target.write("mine" + filled, new byte[length], new WriteOptions()) == OK) {
            filled++;
        }
        assertThat(target.write("mine", new byte[length], new WriteOptions()))
                .isEqualTo(OUT_OF_MEMORY);
        readAll();
        long taken = replay.take(piece.address(), piece.bytes());
        assertThat(taken).isLessThan(piece.bytes());
        assertThat(replay.damaged()).isZero();
        for (int number = 0; number < 80; number++) {
            fetchNothing("mine" + number);
            assertThat(target.remove("mine" + number)).isEqualTo(OK);
        }
        taken += replay.take(piece.address() + taken, piece.bytes() - taken);
        assertThat(taken).isEqualTo(piece.bytes());
        assertThat(replay.objects()).isEqualTo(50);
    }

    private void fetchNothing(String key) {
        filling.know(target.key(key).hash());
    }

    @Test
    void objects_longerThanThePiece_areLeftOutAndComeByTheirHash() throws StoreRefused {
        source.write("long", new byte[5_000], new WriteOptions());
        source.write("short", "v");
        begin();
        piece.limit = 1_000;
        readAll();
        assertThat(piece.leftOut).containsExactly(source.key("long").hash());
        replay.take(piece.address(), piece.bytes());
        assertThat(target.read("short")).isEqualTo("v");
        waits("long");
        piece.limit = 10_000;
        fetch("long");
        assertThat(read("long")).isEqualTo(OK);
    }

    private void waits(String key) {
        assertThat(read(key)).isEqualTo(RETRY_LATER);
    }

    @Test
    void objects_inSmallPieces_areAllShownOnce() throws StoreRefused {
        for (int number = 0; number < OBJECTS; number++) {
            source.write("key" + number, "value");
        }
        begin();
        piece.wanted = 100;
        int pieces = 0;
        for (int part = 0; part < 4; part++) {
            long cursor = Long.reverse((long) part << 62);
            long until = part == 3 ? 0 : Long.reverse((long) part + 1 << 62);
            do {
                piece.clear();
                cursor = reader.objects(place, cursor, until, false, piece);
                replay.take(piece.address(), piece.bytes());
                pieces++;
            } while (cursor != 0);
        }
        assertThat(pieces).isGreaterThan(50);
        assertThat(replay.objects()).isEqualTo(OBJECTS);
    }

    @Test
    void reader_ofWhatIsNotFrozen_saysSo() throws StoreRefused {
        source.write("k", "v");
        long hash = source.key("k").hash();
        isNotHere(place, hash);
        source.store.freezeTablet(table, 0, -1, EPOCH);
        assertThat(reader.holds(place)).isTrue();
        isNotHere(new Place(table, 0, -1, EPOCH + 1), hash);
        isNotHere(new Place(table, 0, Long.MAX_VALUE, EPOCH), hash);
        isNotHere(new Place(table + 1, 0, -1, EPOCH), hash);
        source.store.dropTablet(table, 0, -1);
        isNotHere(place, hash);
        source.drain();
        isNotHere(place, hash);
    }

    private void isNotHere(Place other, long hash) {
        assertThat(reader.holds(other)).isFalse();
        assertThat(reader.objects(other, 0, 0, false, piece)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(reader.objects(other, hash, false, piece)).isFalse();
        assertThat(reader.results(other, 0, piece)).isEqualTo(TabletReader.NOT_HERE);
        assertThat(piece.bytes()).isZero();
    }

    @Test
    void end_makesWhatHasNotComeMissing() throws StoreRefused {
        source.write("k", "v");
        begin();
        waits(() -> read("k"));
        assertThat(filling.hasEnded()).isFalse();
        filling.end();
        filling.end();
        assertThat(filling.hasEnded()).isTrue();
        assertThat(read("k")).isEqualTo(NOT_FOUND);
        assertThat(wanted()).isEmpty();
    }

    @Test
    void dropTablet_ofOneThatIsFilling_endsIt() throws StoreRefused {
        source.write("k", "v");
        begin();
        readAll();
        target.store.dropTablet(table, 0, -1);
        assertThat(filling.hasEnded()).isTrue();
        replay.take(piece.address(), piece.bytes());
        assertThat(replay.objects()).isZero();
        filling.end();
        target.drain();
        assertThat(target.store.isVacant(table, 0, -1)).isTrue();
    }

    @Test
    void takeTablet_ofOneThatIsFilling_raisesTheEpochAndFillsOn() throws StoreRefused {
        source.write("k", "v");
        begin();
        target.store.takeTablet(table, 0, -1, EPOCH + 3);
        assertThat(filling.hasEnded()).isFalse();
        waits(() -> read("k"));
        fetch("k");
        assertThat(target.read("k")).isEqualTo("v");
    }

    /** Its memory is one piece of a message. */
    private static final class Piece implements TabletReader.Sink, AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment memory;
        private final List<Long> leftOut = new ArrayList<>();
        private final List<Long> entries = new ArrayList<>();
        private long bytes;
        private long limit;
        private long wanted = Long.MAX_VALUE;

        private Piece(long capacity) {
            memory = arena.allocate(capacity, Entry.ALIGNMENT);
            limit = capacity;
        }

        private void clear() {
            bytes = 0;
            leftOut.clear();
            entries.clear();
        }

        private long address() {
            return memory.address();
        }

        private long bytes() {
            return bytes;
        }

        private List<Long> entries() {
            return entries;
        }

        private void flip(long offset) {
            Memory.putInt(address() + offset, ~Memory.getInt(address() + offset));
        }

        @Override
        public boolean put(long entry, int length) {
            if (bytes + length > limit) {
                return false;
            }
            entries.add(address() + bytes);
            Memory.copy(entry, address() + bytes, length);
            bytes += length;
            return true;
        }

        @Override
        public void leaveOut(long hash) {
            leftOut.add(hash);
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
}
