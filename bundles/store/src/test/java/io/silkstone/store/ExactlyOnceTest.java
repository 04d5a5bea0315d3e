package io.silkstone.store;

import static io.silkstone.api.store.Status.ABANDONED;
import static io.silkstone.api.store.Status.EXISTS;
import static io.silkstone.api.store.Status.NOT_A_NUMBER;
import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NO_SUCH_TABLE;
import static io.silkstone.api.store.Status.OK;
import static io.silkstone.api.store.Status.OLD_VERSION;
import static io.silkstone.api.store.Status.OUT_OF_MEMORY;
import static io.silkstone.api.store.Status.OVERFLOW;
import static io.silkstone.api.store.Status.RETRY_LATER;
import static io.silkstone.api.store.Status.SEVERAL_TABLETS;
import static io.silkstone.api.store.Status.STALE_REQUEST;
import static io.silkstone.api.store.Status.TOO_LARGE;
import static io.silkstone.api.store.Status.WRONG_VERSION;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Result;
import io.silkstone.store.log.Segment;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExactlyOnceTest {
    private static final long LEASE = 7;

    private StoreFixture fixture = new StoreFixture();
    private final WriteOptions options = new WriteOptions();
    private final WriteBatch batch = new WriteBatch();

    @AfterEach
    void close() {
        fixture.close();
    }

    private void reopen(StoreOptions storeOptions) {
        fixture.close();
        fixture = new StoreFixture(storeOptions);
    }

    private Status write(long request, String key, String value) {
        fixture.session.once(LEASE, request, 0, 0);
        return fixture.write(key, value, options);
    }

    private Status remove(long request, String key) {
        fixture.session.once(LEASE, request, 0, 0);
        return fixture.batch(
                () -> fixture.session.remove(fixture.table, fixture.key(key), options));
    }

    private Status increment(long request, String key, long delta) {
        fixture.session.once(LEASE, request, 0, 0);
        return fixture.increment(key, delta);
    }

    private Status expire(long request, String key) {
        fixture.session.once(LEASE, request, 0, 0);
        return fixture.batch(
                () -> fixture.session.expire(fixture.table, fixture.key(key), options));
    }

    private Status writeAll(long request) {
        fixture.session.once(LEASE, request, 0, 0);
        return fixture.batch(() -> fixture.session.writeAll(fixture.table, batch));
    }

    private void add(String key, String value) {
        byte[] bytes = value.getBytes(UTF_8);
        Key copy = new Key().wrap(key.getBytes(UTF_8));
        batch.write(copy, MemorySegment.ofArray(bytes), 0, bytes.length, options);
    }

    /** Results in the log that somebody may still ask for. */
    private int results() {
        return count(Entry.RESULT);
    }

    private int count(int type) {
        Log log = fixture.store.log();
        int count = 0;
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            long entry = segment == null ? 0 : segment.begin();
            while (segment != null && entry < segment.end()) {
                int header = Entry.header(entry);
                count += Entry.type(header) == type && !Entry.isDead(header) ? 1 : 0;
                entry += Entry.strideOf(header);
            }
        }
        return count;
    }

    @Test
    void write_again_changesNothingAndHasTheSameAnswer() {
        assertThat(write(1, "k", "one")).isEqualTo(OK);
        long version = fixture.session.version();
        fixture.write("k", "two");
        assertThat(write(1, "k", "one")).isEqualTo(OK);
        assertThat(fixture.session.version()).isEqualTo(version);
        assertThat(fixture.session.hadPrevious()).isFalse();
        assertThat(fixture.read("k")).isEqualTo("two");
        assertThat(results()).isOne();
    }

    @Test
    void write_withoutOnceAfterOneWithIt_isAnOrdinaryOne() {
        write(1, "k", "one");
        assertThat(fixture.write("k", "two")).isEqualTo(OK);
        assertThat(fixture.write("k", "three")).isEqualTo(OK);
        assertThat(fixture.read("k")).isEqualTo("three");
        assertThat(results()).isOne();
    }

    @Test
    void write_ofTheSameNumberByAnotherLease_isAnotherRequest() {
        write(1, "k", "one");
        fixture.session.once(LEASE + 1, 1, 0, 0);
        assertThat(fixture.write("k", "two")).isEqualTo(OK);
        assertThat(fixture.read("k")).isEqualTo("two");
    }

    @Test
    void write_againByAnotherSession_changesNothing() {
        write(1, "k", "one");
        fixture.write("k", "two");
        try (KvSession other = fixture.store.openSession()) {
            other.enter();
            other.once(LEASE, 1, 0, 0);
            assertThat(other.remove(fixture.table, fixture.key("k"), options)).isEqualTo(OK);
            other.exit();
        }
        assertThat(fixture.read("k")).isEqualTo("two");
    }

    @Test
    void write_againAskingForThePreviousObject_showsTheOneOfThen() {
        fixture.write("k", "zero", options.type(3).expireAt(fixture.nowMillis + 50));
        options.reset().returnPrevious();
        assertThat(write(1, "k", "one")).isEqualTo(OK);
        fixture.write("k", "two", new WriteOptions());
        fixture.session.enter();
        fixture.session.once(LEASE, 1, 0, 0);
        MemorySegment value = MemorySegment.ofArray(new byte[3]);
        assertThat(fixture.session.write(fixture.table, fixture.key("k"), value, 0, 3, options))
                .isEqualTo(OK);
        assertThat(fixture.session.hadPrevious()).isTrue();
        assertThat(fixture.value()).isEqualTo("zero");
        assertThat(fixture.session.object().type()).isEqualTo(3);
        assertThat(fixture.session.object().expiryMillis()).isEqualTo(fixture.nowMillis + 50);
        assertThat(fixture.session.object().version()).isEqualTo(fixture.session.version() - 1);
        assertThat(fixture.session.object().keyHash()).isEqualTo(fixture.key("k").hash());
        fixture.session.exit();
    }

    @Test
    void remove_againAfterTheKeyCameBack_removesNothing() {
        fixture.write("k", "zero");
        long version = fixture.session.version();
        options.returnPrevious();
        assertThat(remove(1, "k")).isEqualTo(OK);
        fixture.write("k", "one", new WriteOptions());
        fixture.session.enter();
        fixture.session.once(LEASE, 1, 0, 0);
        assertThat(fixture.session.remove(fixture.table, fixture.key("k"), options)).isEqualTo(OK);
        assertThat(fixture.session.version()).isEqualTo(version);
        assertThat(fixture.value()).isEqualTo("zero");
        fixture.session.exit();
        assertThat(fixture.read("k")).isEqualTo("one");
    }

    @Test
    void remove_ofNothing_isRecorded() {
        assertThat(remove(1, "k")).isEqualTo(NOT_FOUND);
        fixture.write("k", "one");
        assertThat(remove(1, "k")).isEqualTo(NOT_FOUND);
        assertThat(fixture.read("k")).isEqualTo("one");
    }

    @Test
    void write_thatExpiresAtOnce_isRecordedWithOrWithoutAnObject() {
        options.expireAt(fixture.nowMillis);
        assertThat(write(1, "k", "gone")).isEqualTo(OK);
        fixture.write("k", "one");
        assertThat(write(2, "k", "gone")).isEqualTo(OK);
        assertThat(fixture.read("k")).isNull();
        fixture.write("k", "two");
        assertThat(write(1, "k", "gone")).isEqualTo(OK);
        assertThat(fixture.session.version()).isZero();
        assertThat(write(2, "k", "gone")).isEqualTo(OK);
        assertThat(fixture.session.version()).isPositive();
        assertThat(fixture.read("k")).isEqualTo("two");
    }

    @Test
    void increment_again_hasTheSumOfThen() {
        assertThat(increment(1, "n", 5)).isEqualTo(OK);
        assertThat(increment(2, "n", 5)).isEqualTo(OK);
        assertThat(increment(1, "n", 5)).isEqualTo(OK);
        assertThat(fixture.session.number()).isEqualTo(5);
        assertThat(fixture.read("n")).isEqualTo("10");
    }

    @Test
    void increment_ofNoNumberOrPastTheEnd_isRecorded() {
        fixture.write("n", "x");
        assertThat(increment(1, "n", 1)).isEqualTo(NOT_A_NUMBER);
        fixture.write("n", Long.toString(Long.MAX_VALUE));
        assertThat(increment(2, "n", 1)).isEqualTo(OVERFLOW);
        fixture.write("n", "1");
        assertThat(increment(1, "n", 1)).isEqualTo(NOT_A_NUMBER);
        assertThat(increment(2, "n", 1)).isEqualTo(OVERFLOW);
        assertThat(fixture.read("n")).isEqualTo("1");
    }

    @Test
    void expire_again_leavesTheTimeAsItIs() {
        fixture.write("k", "one");
        options.expireAt(fixture.nowMillis + 10);
        assertThat(expire(1, "k")).isEqualTo(OK);
        long version = fixture.session.version();
        fixture.write("k", "one", new WriteOptions());
        assertThat(expire(1, "k")).isEqualTo(OK);
        assertThat(fixture.session.version()).isEqualTo(version);
        fixture.nowMillis += 20;
        assertThat(fixture.read("k")).isEqualTo("one");
    }

    @Test
    void refusals_areRecordedWithTheVersionAndObjectThatTheyMet() {
        fixture.write("k", "one");
        long version = fixture.session.version();
        assertThat(refused(1, new WriteOptions().rejectIfExists())).isEqualTo(EXISTS);
        assertThat(refused(2, new WriteOptions().requireVersion(99))).isEqualTo(WRONG_VERSION);
        assertThat(refused(3, new WriteOptions().rejectUpToVersion(99))).isEqualTo(OLD_VERSION);
        fixture.remove("k");
        assertThat(refused(4, new WriteOptions().rejectIfMissing())).isEqualTo(NOT_FOUND);
        // None of the rules holds any more.
        assertThat(refused(1, new WriteOptions())).isEqualTo(EXISTS);
        assertThat(fixture.session.version()).isEqualTo(version);
        assertThat(refused(2, new WriteOptions())).isEqualTo(WRONG_VERSION);
        assertThat(refused(3, new WriteOptions())).isEqualTo(OLD_VERSION);
        assertThat(refused(4, new WriteOptions())).isEqualTo(NOT_FOUND);
        assertThat(fixture.session.version()).isZero();
        assertThat(fixture.read("k")).isNull();
    }

    private Status refused(long request, WriteOptions rules) {
        fixture.session.once(LEASE, request, 0, 0);
        return fixture.write("k", "two", rules);
    }

    @Test
    void refusal_thatShowsTheObject_showsItAgain() {
        fixture.write("k", "one");
        options.rejectIfExists().returnPrevious();
        assertThat(write(1, "k", "two")).isEqualTo(EXISTS);
        fixture.remove("k");
        fixture.session.enter();
        fixture.session.once(LEASE, 1, 0, 0);
        assertThat(fixture.session.remove(fixture.table, fixture.key("k"), options))
                .isEqualTo(EXISTS);
        assertThat(fixture.value()).isEqualTo("one");
        fixture.session.exit();
    }

    @Test
    void tooLarge_isRecordedForTheKeyAndTheValue() {
        byte[] value = new byte[fixture.store.valueBytesMax() + 1];
        fixture.session.once(LEASE, 1, 0, 0);
        assertThat(fixture.write("k", value, options)).isEqualTo(TOO_LARGE);
        assertThat(write(1, "k", "small")).isEqualTo(TOO_LARGE);
        String longKey = "x".repeat(KvStore.KEY_BYTES_MAX + 1);
        assertThat(increment(2, longKey, 1)).isEqualTo(TOO_LARGE);
        assertThat(increment(2, "n", 1)).isEqualTo(TOO_LARGE);
        assertThat(fixture.read("k")).isNull();
        assertThat(fixture.read("n")).isNull();
    }

    @Test
    void write_ofTheLongestValueAndKey_hasRoomForItsResult() {
        byte[] value = new byte[fixture.store.valueBytesMax()];
        String key = "x".repeat(KvStore.KEY_BYTES_MAX);
        fixture.session.once(LEASE, 1, 0, 0);
        options.expireAt(Long.MAX_VALUE);
        assertThat(fixture.write(key, value, options)).isEqualTo(OK);
        assertThat(results()).isOne();
    }

    @Test
    void write_whosePreviousObjectDoesNotFitBesideIt_isTooLarge() {
        byte[] value = new byte[fixture.store.valueBytesMax() * 2 / 3];
        fixture.write("k", value, new WriteOptions());
        options.returnPrevious();
        fixture.session.once(LEASE, 1, 0, 0);
        assertThat(fixture.write("k", value, options)).isEqualTo(TOO_LARGE);
        assertThat(fixture.session.hadPrevious()).isFalse();
        assertThat(write(2, "k", "small")).isEqualTo(OK);
        assertThat(write(1, "k", "smaller")).isEqualTo(TOO_LARGE);
        assertThat(fixture.read("k")).isEqualTo("small");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writeAll_again_hasTheAnswersOfEachChange(boolean tombstones) {
        reopen(StoreFixture.SMALL.withTombstones(tombstones));
        fixture.write("a", "0");
        fixture.write("c", "0");
        add("a", "1");
        add("b", "1");
        batch.remove(new Key().wrap("c".getBytes(UTF_8)), options);
        batch.remove(new Key().wrap("d".getBytes(UTF_8)), options);
        assertThat(writeAll(1)).isEqualTo(OK);
        long[] versions = versions();
        assertThat(versions[3]).isZero();
        fixture.write("a", "2");
        fixture.write("c", "2");
        batch.forgetResults();
        assertThat(writeAll(1)).isEqualTo(OK);
        assertThat(versions()).isEqualTo(versions);
        for (int index = 0; index < batch.size(); index++) {
            assertThat(batch.status(index)).isEqualTo(OK);
        }
        assertThat(fixture.read("a")).isEqualTo("2");
        assertThat(fixture.read("b")).isEqualTo("1");
        assertThat(fixture.read("c")).isEqualTo("2");
        assertThat(results()).isOne();
    }

    private long[] versions() {
        long[] versions = new long[batch.size()];
        for (int index = 0; index < versions.length; index++) {
            versions[index] = batch.version(index);
        }
        return versions;
    }

    @Test
    void writeAll_thatWasRefused_isRefusedAgain() {
        fixture.write("b", "0");
        long version = fixture.session.version();
        add("a", "1");
        options.rejectIfExists();
        add("b", "1");
        assertThat(writeAll(1)).isEqualTo(EXISTS);
        fixture.remove("b");
        batch.forgetResults();
        assertThat(writeAll(1)).isEqualTo(EXISTS);
        assertThat(batch.refused()).isOne();
        assertThat(batch.status(0)).isEqualTo(ABANDONED);
        assertThat(batch.version(1)).isEqualTo(version);
        assertThat(fixture.read("a")).isNull();
        assertThat(fixture.read("b")).isNull();
    }

    @Test
    void writeAll_ofRemovalsOnly_isRecorded() {
        fixture.write("a", "0");
        batch.remove(new Key().wrap("a".getBytes(UTF_8)), options);
        assertThat(writeAll(1)).isEqualTo(OK);
        fixture.write("a", "1");
        assertThat(writeAll(1)).isEqualTo(OK);
        assertThat(fixture.read("a")).isEqualTo("1");
    }

    @Test
    void writeAll_whoseTabletWasSplitMeanwhile_hasItsAnswer() throws StoreRefused {
        add("a", "1");
        add("b", "1");
        assertThat(writeAll(1)).isEqualTo(OK);
        int slot = Math.max(batch.key(0).slot(), batch.key(1).slot());
        fixture.store.splitTablet("default", (long) slot << Key.SLOT_SHIFT);
        assertThat(writeAll(2)).isEqualTo(SEVERAL_TABLETS);
        assertThat(results()).as("several tablets are no result").isOne();
        assertThat(writeAll(1)).isEqualTo(OK);
    }

    @Test
    void once_belowWhatTheClientHasTheAnswersOf_isStale() {
        write(1, "k", "one");
        write(2, "k", "two");
        fixture.session.once(LEASE, 3, 2, 0);
        assertThat(fixture.write("k", "three")).isEqualTo(OK);
        assertThat(results()).as("the first result is dead").isEqualTo(2);
        assertThat(write(1, "k", "one")).isEqualTo(STALE_REQUEST);
        assertThat(write(2, "k", "two")).isEqualTo(OK);
        assertThat(fixture.read("k")).isEqualTo("three");
    }

    @Test
    void once_beyondTheWindow_comesLater() {
        long last = KvSession.REQUESTS_MAX - 1;
        assertThat(increment(0, "n", 1)).isEqualTo(OK);
        assertThat(increment(last, "n", 1)).isEqualTo(OK);
        assertThat(increment(last + 1, "n", 1)).isEqualTo(RETRY_LATER);
        fixture.session.once(LEASE, last + 1, 1, 0);
        assertThat(fixture.increment("n", 1)).isEqualTo(OK);
        assertThat(increment(last, "n", 1)).isEqualTo(OK);
        assertThat(fixture.read("n")).isEqualTo("3");
    }

    @Test
    void once_whileAnotherSessionIsAtTheRequest_comesLater() {
        // The other session has begun, and waits for the tablet.
        fixture.store.leaseTable().open(LEASE).begin(1, 0);
        assertThat(write(1, "k", "one")).isEqualTo(RETRY_LATER);
        assertThat(fixture.read("k")).isNull();
        fixture.store.leaseTable().open(LEASE).end(1);
        assertThat(write(1, "k", "one")).isEqualTo(OK);
    }

    @Test
    void once_ofAChangeThatFails_runsAnew() {
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(10);
        }
        fixture.session.enter();
        fixture.session.once(LEASE, 1, 0, 0);
        Key key = fixture.key("k");
        assertThatThrownBy(() -> fixture.session.write(fixture.table, key, closed, 0, 10, options))
                .isInstanceOf(IllegalStateException.class);
        fixture.session.exit();
        assertThat(results()).isZero();
        assertThat(write(1, "k", "one")).isEqualTo(OK);
        assertThat(fixture.read("k")).isEqualTo("one");
    }

    @Test
    void once_inATableThatWasDropped_isNotRecorded() throws StoreRefused {
        KvStore.Table table = fixture.store.createTable("t", 1);
        fixture.store.dropTable("t");
        fixture.session.enter();
        fixture.session.once(LEASE, 1, 0, 0);
        assertThat(fixture.session.remove(table, fixture.key("k"), options))
                .isEqualTo(NO_SUCH_TABLE);
        fixture.session.exit();
        assertThat(results()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void once_whenMemoryIsFull_isNotRecordedAndRunsAnew(boolean tombstones) {
        reopen(StoreFixture.SMALL.withTombstones(tombstones));
        byte[] value = new byte[50_000];
        int written = 0;
        Status status = OK;
        while (status == OK) {
            fixture.session.once(LEASE, written, written, 0);
            status = fixture.write("filling" + written, value, options);
            written++;
        }
        assertThat(status).isEqualTo(OUT_OF_MEMORY);
        int results = results();
        long refused = written - 1;
        fixture.session.once(LEASE, refused, refused, 0);
        assertThat(fixture.write("filling" + refused, value, options)).isEqualTo(OUT_OF_MEMORY);
        assertThat(results()).isLessThanOrEqualTo(results);
        for (int number = 0; number < 100; number++) {
            fixture.session.once(LEASE + 1, number, 0, 0);
            Key key = fixture.key("filling" + number);
            assertThat(fixture.batch(() -> fixture.session.remove(fixture.table, key, options)))
                    .isEqualTo(OK);
        }
        fixture.session.once(LEASE, refused, refused, 0);
        assertThat(fixture.write("filling" + refused, value, options)).isEqualTo(OK);
        assertThat(fixture.read("filling" + refused)).hasSize(50_000);
    }

    @Test
    void clear_keepsTheResults() {
        write(1, "k", "one");
        fixture.session.clear(fixture.table);
        assertThat(write(1, "k", "one")).isEqualTo(OK);
        assertThat(fixture.read("k")).isNull();
    }

    @Test
    void forgetLease_forgetsItsResultsAndNoOthers() {
        write(1, "k", "one");
        write(2, "k", "two");
        fixture.session.once(LEASE + 1, 1, 0, 0);
        fixture.write("k", "three");
        assertThat(fixture.store.leases()).containsExactlyInAnyOrder(LEASE, LEASE + 1);
        fixture.store.forgetLease(LEASE);
        fixture.store.forgetLease(LEASE + 2);
        assertThat(fixture.store.leases()).containsExactly(LEASE + 1);
        assertThat(fixture.metric(StoreMetrics.LEASES)).isOne();
        assertThat(results()).isOne();
        assertThat(write(1, "k", "four")).isEqualTo(OK);
        assertThat(fixture.read("k")).isEqualTo("four");
    }

    @Test
    void results_moveWithTheCleanerAndStayAsTheyAre() {
        options.returnPrevious();
        fixture.write("k", "before", new WriteOptions());
        write(0, "k", "after");
        for (int request = 1; request < 400; request++) {
            increment(request, "n", 1);
        }
        byte[] value = new byte[20_000];
        for (int round = 0; round < 20_000; round++) {
            fixture.write("churn" + round % 300, value, new WriteOptions());
        }
        assertThat(fixture.metric(CleanerMetrics.MOVED)).isPositive();
        for (int request = 1; request < 400; request++) {
            assertThat(increment(request, "n", 1)).isEqualTo(OK);
            assertThat(fixture.session.number()).isEqualTo(request);
        }
        fixture.session.enter();
        fixture.session.once(LEASE, 0, 0, 0);
        assertThat(fixture.session.remove(fixture.table, fixture.key("k"), options)).isEqualTo(OK);
        assertThat(fixture.value()).isEqualTo("before");
        fixture.session.exit();
        assertThat(results()).isEqualTo(400);
    }

    @Test
    void results_thatAreForgotten_giveTheirMemoryBack() {
        long before = fixture.store.usage().logLive();
        // Four times as much as there is memory.
        byte[] value = new byte[100_000];
        options.returnPrevious();
        fixture.write("k", value, new WriteOptions());
        for (int request = 0; request < 640; request++) {
            fixture.session.once(LEASE, request, Math.max(0, request - 10), 0);
            assertThat(fixture.write("k", value, options)).isEqualTo(OK);
        }
        fixture.remove("k");
        fixture.drain();
        assertThat(results()).isEqualTo(11);
        fixture.store.forgetLease(LEASE);
        assertThat(fixture.store.usage().logLive()).isEqualTo(before);
        assertThat(results()).isZero();
    }

    @Test
    void result_isOneAppendWithItsChange() {
        reopen(StoreFixture.SMALL.withTombstones(true));
        fixture.write("k", "one");
        Log log = fixture.store.log();
        long end = log.segment(0).end();
        assertThat(write(1, "k", "two")).isEqualTo(OK);
        int[] types = {Entry.OBJECT, Entry.TOMBSTONE, Entry.RESULT};
        long entry = end;
        for (int type : types) {
            assertThat(Entry.type(Entry.header(entry))).isEqualTo(type);
            entry += Entry.strideOf(Entry.header(entry));
        }
        assertThat(log.segment(0).end()).isEqualTo(entry);
        long result = entry - Entry.stride(Result.HEADER_BYTES);
        assertThat(Entry.keyHash(result)).isEqualTo(fixture.key("k").hash());
        assertThat(Entry.tableId(result)).isEqualTo(fixture.table.id());
        assertThat(Result.lease(result)).isEqualTo(LEASE);
        assertThat(Result.request(result)).isOne();
        assertThat(Entry.isIntact(result, new Checksum(fixture.store.pool()))).isTrue();
    }
}
