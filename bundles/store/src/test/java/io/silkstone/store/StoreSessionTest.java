package io.silkstone.store;

import static io.silkstone.api.store.Status.EXISTS;
import static io.silkstone.api.store.Status.NOT_A_NUMBER;
import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NO_SUCH_TABLE;
import static io.silkstone.api.store.Status.OK;
import static io.silkstone.api.store.Status.OLD_VERSION;
import static io.silkstone.api.store.Status.OVERFLOW;
import static io.silkstone.api.store.Status.TOO_LARGE;
import static io.silkstone.api.store.Status.WRONG_VERSION;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoreSessionTest {
    private final StoreFixture fixture = new StoreFixture();
    private final WriteOptions options = new WriteOptions();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void read_ofAMissingKey_isNotFound() {
        assertThat(fixture.read("a")).isNull();
        assertThat(fixture.session.version()).isZero();
    }

    @Test
    void read_afterWrite_showsEveryField() {
        fixture.write("key", "value", options.type(3).expireAt(fixture.nowMillis + 5));
        fixture.session.enter();
        assertThat(fixture.session.read(fixture.table, fixture.key("key"))).isEqualTo(OK);
        ObjectView object = fixture.session.object();
        byte[] key = new byte[object.keyLength()];
        MemorySegment.copy(
                object.memory(), ValueLayout.JAVA_BYTE, object.keyOffset(), key, 0, key.length);
        assertThat(new String(key, UTF_8)).isEqualTo("key");
        assertThat(fixture.value()).isEqualTo("value");
        assertThat(object.type()).isEqualTo(3);
        assertThat(object.expiryMillis()).isEqualTo(fixture.nowMillis + 5);
        assertThat(object.version()).isEqualTo(fixture.session.version());
        assertThat(object.keyHash()).isEqualTo(fixture.key("key").hash());
        fixture.session.exit();
    }

    @Test
    void write_ofEmptyKeyAndValue_isRead() {
        assertThat(fixture.write("", "")).isEqualTo(OK);
        assertThat(fixture.read("")).isEmpty();
    }

    @Test
    void write_again_raisesTheVersionByOne() {
        fixture.write("a", "1");
        long first = fixture.session.version();
        fixture.write("a", "2");
        assertThat(fixture.session.version()).isEqualTo(first + 1);
    }

    @Test
    void write_afterRemoval_getsAHigherVersion() {
        for (int round = 0; round < 5; round++) {
            fixture.write("a", "1");
        }
        long last = fixture.session.version();
        fixture.remove("a");
        fixture.write("a", "2");
        assertThat(fixture.session.version()).isGreaterThan(last);
    }

    @Test
    void write_underRejectRules_isRefusedWithThePresentVersion() {
        assertThat(fixture.write("a", "1", options.rejectIfMissing())).isEqualTo(NOT_FOUND);
        fixture.write("a", "1", options.reset());
        long version = fixture.session.version();
        assertThat(fixture.write("a", "2", options.reset().rejectIfExists())).isEqualTo(EXISTS);
        assertThat(fixture.session.version()).isEqualTo(version);
        assertThat(fixture.write("a", "2", options.reset().requireVersion(version + 1)))
                .isEqualTo(WRONG_VERSION);
        assertThat(fixture.read("a")).isEqualTo("1");
        assertThat(fixture.write("a", "2", options.reset().requireVersion(version))).isEqualTo(OK);
        assertThat(fixture.read("a")).isEqualTo("2");
        assertThat(fixture.write("b", "2", options.reset().requireVersion(7))).isEqualTo(NOT_FOUND);
    }

    @Test
    void anyChange_underARejectRule_isRefusedWithTheStatusOfTheRule() {
        for (String change : List.of("write", "remove", "increment", "expire")) {
            fixture.write("n", "1");
            long version = fixture.session.version();
            assertThat(change(change, "none", options.reset().rejectIfMissing()))
                    .isEqualTo(NOT_FOUND);
            assertThat(change(change, "none", options.reset().requireVersion(version)))
                    .isEqualTo(NOT_FOUND);
            List<Status> refusals =
                    List.of(
                            change(change, "n", options.reset().rejectIfExists()),
                            change(change, "n", options.reset().requireVersion(version + 1)),
                            change(change, "n", options.reset().rejectUpToVersion(version)),
                            change(change, "n", options.reset().rejectUpToVersion(version + 1)));
            assertThat(refusals)
                    .as(change)
                    .containsExactly(EXISTS, WRONG_VERSION, OLD_VERSION, OLD_VERSION);
            assertThat(fixture.session.version()).isEqualTo(version);
            assertThat(fixture.read("n")).isEqualTo("1");
            assertThat(fixture.session.version()).isEqualTo(version);
        }
    }

    @Test
    void anyChange_underARejectRuleThatDoesNotHold_isMade() {
        for (String change : List.of("write", "remove", "increment", "expire")) {
            fixture.write("n", "1");
            assertThat(change(change, "n", options.reset().rejectIfMissing())).isEqualTo(OK);
            fixture.write("n", "1");
            long version = fixture.session.version();
            assertThat(change(change, "n", options.reset().requireVersion(version))).isEqualTo(OK);
            fixture.write("n", "1");
            version = fixture.session.version();
            options.reset().rejectUpToVersion(version - 1).requireVersion(version);
            assertThat(change(change, "n", options)).isEqualTo(OK);
            fixture.remove("n");
            boolean creates = change.equals("write") || change.equals("increment");
            assertThat(change(change, "n", options.reset().rejectIfExists()))
                    .as(change)
                    .isEqualTo(creates ? OK : NOT_FOUND);
            fixture.remove("n");
            assertThat(change(change, "n", options.reset().rejectUpToVersion(Long.MAX_VALUE)))
                    .as("there is no object, so it has no version that is too low")
                    .isEqualTo(creates ? OK : NOT_FOUND);
        }
    }

    @Test
    void anyChange_underSeveralRules_meetsThemInTheirOrder() {
        fixture.write("n", "1");
        options.rejectIfExists().requireVersion(7).rejectUpToVersion(Long.MAX_VALUE);
        assertThat(change("remove", "n", options)).isEqualTo(EXISTS);
        options.reset().requireVersion(7).rejectUpToVersion(Long.MAX_VALUE);
        assertThat(change("increment", "n", options)).isEqualTo(WRONG_VERSION);
    }

    private Status change(String change, String key, WriteOptions rules) {
        return fixture.batch(
                () ->
                        switch (change) {
                            case "remove" ->
                                    fixture.session.remove(fixture.table, fixture.key(key), rules);
                            case "increment" ->
                                    fixture.session.increment(
                                            fixture.table, fixture.key(key), 1, rules);
                            case "expire" ->
                                    fixture.session.expire(
                                            fixture.table,
                                            fixture.key(key),
                                            rules.expireAt(fixture.nowMillis + 1000));
                            default ->
                                    fixture.session.write(
                                            fixture.table,
                                            fixture.key(key),
                                            MemorySegment.NULL,
                                            0,
                                            0,
                                            rules);
                        });
    }

    @Test
    void write_returningThePrevious_showsIt() {
        fixture.write("a", "old");
        fixture.session.enter();
        byte[] value = "new".getBytes(UTF_8);
        fixture.session.write(
                fixture.table,
                fixture.key("a"),
                MemorySegment.ofArray(value),
                0,
                3,
                options.returnPrevious());
        assertThat(fixture.session.hadPrevious()).isTrue();
        assertThat(fixture.value()).isEqualTo("old");
        fixture.session.exit();
        assertThat(fixture.read("a")).isEqualTo("new");
    }

    @Test
    void write_ofAnExpiredTime_removes() {
        fixture.write("a", "1");
        assertThat(fixture.write("a", "2", options.expireAt(fixture.nowMillis))).isEqualTo(OK);
        assertThat(fixture.read("a")).isNull();
        assertThat(fixture.table.objects()).isZero();
    }

    @Test
    void write_keepingTheExpiry_keepsIt() {
        fixture.write("a", "1", options.expireAt(fixture.nowMillis + 10));
        fixture.write("a", "2", options.reset().keepExpiry());
        fixture.nowMillis += 9;
        assertThat(fixture.read("a")).isEqualTo("2");
        fixture.nowMillis += 1;
        assertThat(fixture.read("a")).isNull();
    }

    @Test
    void write_overAnExpiredObject_isANewOneWithAHigherVersion() {
        fixture.write("a", "1", options.expireAt(fixture.nowMillis + 10));
        long version = fixture.session.version();
        fixture.nowMillis += 10;
        assertThat(fixture.write("a", "2", options.reset().rejectIfExists())).isEqualTo(OK);
        assertThat(fixture.session.version()).isGreaterThan(version);
        assertThat(fixture.table.objects()).isEqualTo(1);
    }

    @Test
    void write_ofTheLargestObject_isReadAndOneByteMoreIsTooLarge() {
        String key = "k".repeat(KvStore.KEY_BYTES_MAX);
        byte[] value = new byte[fixture.store.valueBytesMax() + 1];
        value[fixture.store.valueBytesMax() - 1] = 'x';
        assertThat(fixture.write(key, value, options)).isEqualTo(TOO_LARGE);
        assertThat(fixture.write(key + "k", "", options)).isEqualTo(TOO_LARGE);
        byte[] largest = java.util.Arrays.copyOf(value, fixture.store.valueBytesMax());
        for (int copy = 0; copy < 5; copy++) {
            assertThat(fixture.write(key, largest, options)).isEqualTo(OK);
        }
        assertThat(fixture.read(key)).isEqualTo(new String(largest, UTF_8));
    }

    @Test
    void write_ofAValueWhoseMemoryIsGone_leavesTheStoreWhole() {
        MemorySegment gone;
        try (Arena arena = Arena.ofConfined()) {
            gone = arena.allocate(8);
        }
        fixture.session.enter();
        assertThatThrownBy(
                        () ->
                                fixture.session.write(
                                        fixture.table, fixture.key("a"), gone, 0, 8, options))
                .isInstanceOf(IllegalStateException.class);
        fixture.session.exit();
        assertThat(fixture.read("a")).isNull();
        assertThat(fixture.write("a", "1")).isEqualTo(OK);
    }

    @Test
    void remove_ofAnObject_givesItsVersion() {
        fixture.write("a", "1");
        long version = fixture.session.version();
        assertThat(fixture.remove("a")).isEqualTo(OK);
        assertThat(fixture.session.version()).isEqualTo(version);
        assertThat(fixture.remove("a")).isEqualTo(NOT_FOUND);
        assertThat(fixture.read("a")).isNull();
    }

    @Test
    void remove_ofAnotherVersion_isRefused() {
        fixture.write("a", "1");
        long version = fixture.session.version();
        assertThat(
                        fixture.batch(
                                () ->
                                        fixture.session.remove(
                                                fixture.table,
                                                fixture.key("a"),
                                                options.requireVersion(version + 1))))
                .isEqualTo(WRONG_VERSION);
        assertThat(fixture.read("a")).isEqualTo("1");
    }

    @Test
    void increment_countsFromZeroAndKeepsTheExpiry() {
        assertThat(fixture.increment("n", 5)).isEqualTo(OK);
        assertThat(fixture.session.number()).isEqualTo(5);
        fixture.write("n", "-7", options.expireAt(fixture.nowMillis + 10));
        fixture.increment("n", 5);
        assertThat(fixture.read("n")).isEqualTo("-2");
        fixture.nowMillis += 10;
        assertThat(fixture.read("n")).isNull();
    }

    @Test
    void increment_ofWhatIsNoNumber_isRefused() {
        fixture.write("n", "12x");
        assertThat(fixture.increment("n", 1)).isEqualTo(NOT_A_NUMBER);
        fixture.write("n", Long.toString(Long.MAX_VALUE));
        assertThat(fixture.increment("n", 1)).isEqualTo(OVERFLOW);
        assertThat(fixture.increment("n", -1)).isEqualTo(OK);
    }

    @Test
    void expire_changesOnlyTheTime() {
        assertThat(expire("a", options.expireAt(fixture.nowMillis + 1))).isEqualTo(NOT_FOUND);
        fixture.write("a", "value", new WriteOptions().type(2));
        long version = fixture.session.version();
        assertThat(expire("a", options)).isEqualTo(OK);
        assertThat(fixture.session.version()).isEqualTo(version + 1);
        assertThat(fixture.read("a")).isEqualTo("value");
        assertThat(expire("a", options.reset())).isEqualTo(OK);
        fixture.nowMillis += 100;
        assertThat(fixture.read("a")).isEqualTo("value");
        assertThat(expire("a", options.expireAt(fixture.nowMillis - 1))).isEqualTo(OK);
        assertThat(fixture.read("a")).isNull();
    }

    private io.silkstone.api.store.Status expire(String key, WriteOptions how) {
        return fixture.batch(() -> fixture.session.expire(fixture.table, fixture.key(key), how));
    }

    @Test
    void scan_visitsWhatIsThereAndNotExpired() {
        Set<Integer> expected = new HashSet<>();
        for (int number = 0; number < 1000; number++) {
            boolean expires = number % 3 == 0;
            options.reset();
            fixture.write(
                    "k" + number,
                    "" + number,
                    expires ? options.expireAt(fixture.nowMillis + 1) : options);
            if (!expires) {
                expected.add(number);
            }
        }
        fixture.nowMillis++;
        Map<Integer, Integer> seen = new HashMap<>();
        long cursor = 0;
        fixture.session.enter();
        do {
            cursor =
                    fixture.session.scan(
                            fixture.table,
                            cursor,
                            10,
                            object -> {
                                byte[] bytes = new byte[object.valueLength()];
                                MemorySegment.copy(
                                        object.memory(),
                                        ValueLayout.JAVA_BYTE,
                                        object.valueOffset(),
                                        bytes,
                                        0,
                                        bytes.length);
                                seen.merge(Integer.valueOf(new String(bytes)), 1, Integer::sum);
                            });
        } while (cursor != 0);
        fixture.session.exit();
        assertThat(seen.keySet()).isEqualTo(expected);
    }

    @Test
    void random_givesEachObjectInTime() {
        assertThat(fixture.batch(() -> fixture.session.random(fixture.table))).isEqualTo(NOT_FOUND);
        for (int number = 0; number < 20; number++) {
            fixture.write("k" + number, "" + number);
        }
        Set<String> seen = new HashSet<>();
        for (int draw = 0; draw < 2000; draw++) {
            fixture.session.enter();
            assertThat(fixture.session.random(fixture.table)).isEqualTo(OK);
            seen.add(fixture.value());
            fixture.session.exit();
        }
        assertThat(seen).hasSize(20);
    }

    @Test
    void random_whereNearlyAllHasExpired_findsTheRest() {
        fixture.write("stays", "x");
        for (int number = 0; number < 5000; number++) {
            fixture.write("k" + number, "y", options.reset().expireAt(fixture.nowMillis + 1));
        }
        fixture.nowMillis++;
        fixture.session.enter();
        assertThat(fixture.session.random(fixture.table)).isEqualTo(OK);
        assertThat(fixture.value()).isEqualTo("x");
        fixture.session.exit();
        fixture.remove("stays");
        assertThat(fixture.batch(() -> fixture.session.random(fixture.table))).isEqualTo(NOT_FOUND);
    }

    @Test
    void clear_removesEverythingAndVersionsGoOn() {
        for (int round = 0; round < 10; round++) {
            fixture.write("a", "1");
        }
        long version = fixture.session.version();
        assertThat(fixture.session.clear(fixture.table)).isEqualTo(OK);
        assertThat(fixture.table.objects()).isZero();
        assertThat(fixture.read("a")).isNull();
        fixture.write("a", "2");
        assertThat(fixture.session.version()).isGreaterThan(version);
        fixture.drain();
        assertThat(fixture.read("a")).isEqualTo("2");
    }

    @Test
    void operations_onADroppedTable_sayThatItIsGone() throws StoreRefused {
        KvStore.Table table = fixture.store.createTable("t", 4);
        fixture.store.dropTable("t");
        fixture.session.enter();
        assertThat(fixture.session.read(table, fixture.key("a"))).isEqualTo(NO_SUCH_TABLE);
        assertThat(fixture.session.remove(table, fixture.key("a"), options))
                .isEqualTo(NO_SUCH_TABLE);
        assertThat(fixture.session.random(table)).isEqualTo(NO_SUCH_TABLE);
        assertThat(fixture.session.lockTablet(table, 0)).isEqualTo(NO_SUCH_TABLE);
        assertThat(fixture.session.scan(table, 0, 1, object -> {})).isZero();
        fixture.session.exit();
        assertThat(fixture.session.clear(table)).isEqualTo(NO_SUCH_TABLE);
    }
}
