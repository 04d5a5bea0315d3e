package io.silkstone.store;

import static io.silkstone.api.store.Status.ABANDONED;
import static io.silkstone.api.store.Status.EXISTS;
import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NO_SUCH_TABLE;
import static io.silkstone.api.store.Status.OK;
import static io.silkstone.api.store.Status.OLD_VERSION;
import static io.silkstone.api.store.Status.OUT_OF_MEMORY;
import static io.silkstone.api.store.Status.SEVERAL_TABLETS;
import static io.silkstone.api.store.Status.TOO_LARGE;
import static io.silkstone.api.store.Status.WRONG_VERSION;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.KvStore.Usage;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.log.Entry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultiWriteTest {
    private StoreFixture fixture = new StoreFixture();
    private final WriteOptions options = new WriteOptions();
    private final WriteBatch batch = new WriteBatch();

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Instead of the store at hand, uses one that writes tombstones or does not. */
    private void use(boolean tombstones) {
        fixture.close();
        fixture = new StoreFixture(StoreFixture.SMALL.withTombstones(tombstones));
    }

    private void add(String key, String value) {
        add(key, value.getBytes(UTF_8), options.reset());
    }

    private void add(String key, byte[] value, WriteOptions options) {
        MemorySegment memory = MemorySegment.ofArray(value);
        assertThat(
                        batch.write(
                                new Key().wrap(key.getBytes(UTF_8)),
                                memory,
                                0,
                                value.length,
                                options))
                .isTrue();
    }

    private void addRemoval(String key, WriteOptions options) {
        assertThat(batch.remove(new Key().wrap(key.getBytes(UTF_8)), options)).isTrue();
    }

    private Status writeAll() {
        return fixture.batch(() -> fixture.session.writeAll(fixture.table, batch));
    }

    @Test
    void writeAll_ofNothing_isDone() {
        assertThat(writeAll()).isEqualTo(OK);
    }

    @Test
    void writeAll_ofOneChange_isDone() {
        add("a", "1");
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.read("a")).isEqualTo("1");
    }

    @Test
    void writeAll_overOldObjectsAndNewOnes_saysEachVersion() {
        fixture.write("a", "old");
        long before = fixture.session.version();
        add("a", "1");
        add("b", "2");
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.read("a")).isEqualTo("1");
        assertThat(batch.version(0)).isEqualTo(before + 1).isEqualTo(fixture.session.version());
        assertThat(fixture.read("b")).isEqualTo("2");
        assertThat(batch.version(1)).isEqualTo(fixture.session.version()).isPositive();
        assertThat(List.of(batch.status(0), batch.status(1))).containsOnly(OK);
        assertThat(batch.refused()).isEqualTo(-1);
        assertThat(fixture.table.objects()).isEqualTo(2);
    }

    @Test
    void writeAll_keepsTypeAndExpiry() {
        fixture.write("a", "old", options.expireAt(fixture.nowMillis + 10));
        add("a", new byte[1], options.reset().keepExpiry().type(3));
        add("b", new byte[1], options.reset().expireAt(fixture.nowMillis + 20));
        add("c", new byte[1], options.reset());
        assertThat(writeAll()).isEqualTo(OK);
        fixture.session.enter();
        fixture.session.read(fixture.table, fixture.key("a"));
        assertThat(fixture.session.object().type()).isEqualTo(3);
        assertThat(fixture.session.object().expiryMillis()).isEqualTo(fixture.nowMillis + 10);
        fixture.session.exit();
        fixture.pass(10);
        assertThat(fixture.read("a")).isNull();
        assertThat(fixture.read("b")).isNotNull();
        fixture.pass(1000);
        assertThat(fixture.table.objects()).isEqualTo(1);
    }

    @Test
    void writeAll_laysTheEntriesSideBySideInTheLog() {
        add("a", "1");
        add("b", "22");
        add("c", "333");
        writeAll();
        long[] places = new long[3];
        for (int number = 0; number < places.length; number++) {
            fixture.session.enter();
            fixture.session.read(fixture.table, batch.key(number));
            places[number] = fixture.session.object().keyOffset();
            fixture.session.exit();
        }
        assertThat(places[1] - places[0]).isEqualTo(Entry.stride(Entry.lengthOf(1, 1, false)));
        assertThat(places[2] - places[1]).isEqualTo(Entry.stride(Entry.lengthOf(1, 2, false)));
    }

    @Test
    void writeAll_ofRemovals_removesWhatIsThere() {
        fixture.write("a", "1");
        long version = fixture.session.version();
        addRemoval("a", options.reset());
        addRemoval("none", options.reset());
        add("b", "2");
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.read("a")).isNull();
        assertThat(batch.version(0)).isEqualTo(version);
        assertThat(batch.version(1)).isZero();
        fixture.write("a", "2");
        assertThat(fixture.session.version()).isGreaterThan(version);
    }

    @Test
    void writeAll_withATimeThatIsOver_removes() {
        fixture.write("a", "1");
        add("a", new byte[1], options.reset().expireAt(fixture.nowMillis));
        add("b", new byte[1], options.reset().expireAt(1));
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.table.objects()).isZero();
        assertThat(fixture.store.usage().logLive()).isZero();
    }

    @Test
    void writeAll_overWhatHasExpired_isAnInsert() {
        fixture.write("a", "1", options.expireAt(fixture.nowMillis + 5));
        long version = fixture.session.version();
        fixture.nowMillis += 5;
        add("a", "2".getBytes(UTF_8), options.reset().rejectIfExists());
        add("b", "2");
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.read("a")).isEqualTo("2");
        assertThat(batch.version(0)).isEqualTo(version + 1);
        assertThat(fixture.table.objects()).isEqualTo(2);
    }

    @Test
    void writeAll_ofAKeySeveralTimes_doesTheLastOfItsChanges() {
        add("a", "1");
        add("b", "1");
        add("a", "2");
        addRemoval("b", options.reset());
        add("a", "3");
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.read("a")).isEqualTo("3");
        assertThat(fixture.read("b")).isNull();
        assertThat(batch.version(0)).isEqualTo(batch.version(4)).isPositive();
        assertThat(fixture.table.objects()).isEqualTo(1);
    }

    @Test
    void writeAll_underARuleThatHolds_changesNothing() {
        fixture.write("a", "old");
        long version = fixture.session.version();
        for (int rule = 0; rule < 4; rule++) {
            batch.clear();
            add("a", "new");
            add("b", "new");
            options.reset();
            Status expected =
                    switch (rule) {
                        case 0 -> {
                            addRemoval("missing", options.rejectIfMissing());
                            yield NOT_FOUND;
                        }
                        case 1 -> {
                            add("a", new byte[1], options.rejectIfExists());
                            yield EXISTS;
                        }
                        case 2 -> {
                            add("a", new byte[1], options.requireVersion(version + 1));
                            yield WRONG_VERSION;
                        }
                        default -> {
                            addRemoval("a", options.rejectUpToVersion(version));
                            yield OLD_VERSION;
                        }
                    };
            assertThat(writeAll()).isEqualTo(expected);
            assertThat(batch.refused()).isEqualTo(2);
            assertThat(batch.status(0)).isEqualTo(ABANDONED);
            assertThat(batch.status(2)).isEqualTo(expected);
            assertThat(batch.version(2)).isEqualTo(expected == NOT_FOUND ? 0 : version);
            assertThat(fixture.read("a")).isEqualTo("old");
            assertThat(fixture.table.objects()).isEqualTo(1);
        }
    }

    @Test
    void writeAll_ofKeyOrValueTooLong_changesNothing() {
        add("a", "1");
        add("k".repeat(KvStore.KEY_BYTES_MAX + 1), "1");
        assertThat(writeAll()).isEqualTo(TOO_LARGE);
        assertThat(batch.refused()).isEqualTo(1);
        batch.clear();
        add("a", "1");
        add("b", new byte[fixture.store.valueBytesMax() + 1], options);
        assertThat(writeAll()).isEqualTo(TOO_LARGE);
        assertThat(batch.refused()).isEqualTo(1);
        assertThat(fixture.table.objects()).isZero();
    }

    @Test
    void writeAll_ofMoreThanASegment_changesNothing() {
        byte[] half = new byte[fixture.store.valueBytesMax() / 2];
        add("a", half, options);
        add("b", half, options);
        assertThat(writeAll()).isEqualTo(OK);
        add("c", half, options);
        assertThat(writeAll()).isEqualTo(TOO_LARGE);
        assertThat(batch.refused()).isEqualTo(-1);
        assertThat(batch.status(2)).isEqualTo(ABANDONED);
        assertThat(fixture.table.objects()).isEqualTo(2);
    }

    @Test
    void write_beyondTheMostChanges_isNotTaken() {
        for (int number = 0; number < WriteBatch.CHANGES_MAX; number++) {
            add("key" + number, "");
        }
        assertThat(batch.remove(fixture.key("a"), options)).isFalse();
        assertThat(batch.write(fixture.key("a"), MemorySegment.NULL, 0, 0, options)).isFalse();
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.table.objects()).isEqualTo(WriteBatch.CHANGES_MAX);
        for (int number = 0; number < WriteBatch.CHANGES_MAX; number++) {
            assertThat(fixture.read("key" + number)).isEmpty();
        }
        batch.clear();
        add("a", "1");
        assertThat(writeAll()).isEqualTo(OK);
    }

    @Test
    void writeAll_inSeveralTablets_isRefused() throws StoreRefused {
        add("{1}", "1");
        add("{2}", "2");
        int slot = Math.max(batch.key(0).slot(), batch.key(1).slot());
        fixture.store.splitTablet("default", (long) slot << Key.SLOT_SHIFT);
        assertThat(writeAll()).isEqualTo(SEVERAL_TABLETS);
        assertThat(fixture.table.objects()).isZero();
        batch.clear();
        add("{1}a", "1");
        add("{1}b", "2");
        assertThat(writeAll()).isEqualTo(OK);
    }

    @Test
    void writeAll_inATabletThatItsSessionHolds_keepsItLocked() {
        add("a", "1");
        add("b", "2");
        fixture.session.enter();
        assertThat(fixture.session.lockTablet(fixture.table, batch.key(0).hash())).isEqualTo(OK);
        assertThat(fixture.session.writeAll(fixture.table, batch)).isEqualTo(OK);
        assertThat(fixture.store.tablets()).allMatch(tablet -> tablet.state().equals("locked"));
        fixture.session.unlockTablet();
        fixture.session.exit();
    }

    @Test
    void writeAll_ofADroppedTable_isRefused() throws StoreRefused {
        KvStore.Table dropped = fixture.store.createTable("t", 1);
        fixture.store.dropTable("t");
        add("a", "1");
        add("b", "1");
        assertThat(fixture.batch(() -> fixture.session.writeAll(dropped, batch)))
                .isEqualTo(NO_SUCH_TABLE);
    }

    @Test
    void writeAll_ofAValueWhoseMemoryIsClosed_changesNothing() {
        fixture.write("a", "old");
        Usage before = fixture.store.usage();
        add("a", "new");
        try (Arena arena = Arena.ofConfined()) {
            batch.write(fixture.key("b"), arena.allocate(10), 0, 10, options);
        }
        assertThatThrownBy(this::writeAll).isInstanceOf(IllegalStateException.class);
        assertThat(fixture.read("a")).isEqualTo("old");
        assertThat(fixture.read("b")).isNull();
        assertThat(fixture.store.usage().logLive()).isEqualTo(before.logLive());
        batch.clear();
        add("a", "new");
        add("b", "new");
        assertThat(writeAll()).isEqualTo(OK);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writeAll_withoutMemoryForAll_changesNothing(boolean tombstones) {
        use(tombstones);
        List<String> keys = new ArrayList<>();
        byte[] large = new byte[100_000];
        while (fixture.write("key" + keys.size(), large, options.reset()) == OK) {
            keys.add("key" + keys.size());
        }
        long live = fixture.store.usage().logLive();
        add("key0", "new");
        for (int number = 0; number < 15; number++) {
            add("new" + number, large, options.reset());
        }
        assertThat(writeAll()).isEqualTo(OUT_OF_MEMORY);
        assertThat(batch.refused()).isEqualTo(-1);
        assertThat(batch.status(0)).isEqualTo(ABANDONED);
        assertThat(fixture.read("key0")).hasSize(large.length);
        assertThat(fixture.table.objects()).isEqualTo(keys.size());
        if (!tombstones) {
            assertThat(fixture.store.usage().logLive()).isEqualTo(live);
        }
        for (int number = 0; number < keys.size(); number += 2) {
            assertThat(fixture.remove(keys.get(number))).isEqualTo(OK);
        }
        assertThat(writeAll()).isEqualTo(OK);
        assertThat(fixture.table.objects()).isEqualTo(keys.size() / 2 + 16);
        assertThat(fixture.read("new14")).hasSize(large.length);
    }

    @Test
    void readAll_showsEachKeyInItsOrder() {
        Key[] keys = new Key[100];
        for (int number = 0; number < keys.length; number++) {
            keys[number] = new Key().wrap(("key" + number).getBytes(UTF_8));
            if (number % 3 != 0) {
                fixture.write("key" + number, "" + number);
            }
        }
        List<String> seen = new ArrayList<>();
        fixture.session.enter();
        fixture.session.readAll(
                fixture.table,
                keys,
                90,
                (index, status, object) -> {
                    assertThat(index).isEqualTo(seen.size());
                    assertThat(status).isEqualTo(index % 3 == 0 ? NOT_FOUND : OK);
                    seen.add(object == null ? null : fixture.value());
                });
        fixture.session.exit();
        assertThat(seen).hasSize(90);
        assertThat(seen.get(0)).isNull();
        assertThat(seen.get(89)).isEqualTo("89");
    }
}
