package io.silkstone.store;

import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NOT_OWNER;
import static io.silkstone.api.store.Status.NO_SUCH_TABLE;
import static io.silkstone.api.store.Status.OK;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.KvStore.Tablet;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.cleaner.CleanerMetrics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TabletOwnershipTest {
    private static final int ID = 40;
    private static final long HALF = 1L << 63;
    private static final int OBJECTS = 2_000;

    private StoreFixture fixture = new StoreFixture(StoreFixture.SMALL.withTablets(0));
    private Store store = fixture.store;
    private KvStore.Table table = adopted();
    private final WriteOptions options = new WriteOptions();
    private final Key key = new Key();

    @AfterEach
    void close() {
        fixture.close();
    }

    private KvStore.Table adopted() {
        try {
            return store.adoptTable(ID, "forty");
        } catch (StoreRefused e) {
            throw new AssertionError(e);
        }
    }

    private Key key(int number) {
        return key.wrap(("key" + number).getBytes(UTF_8));
    }

    private static boolean isLow(Key key) {
        return key.hash() >= 0;
    }

    private Status write(int number) {
        return write(number, new byte[100]);
    }

    private Status write(int number, byte[] value) {
        MemorySegment bytes = MemorySegment.ofArray(value);
        return fixture.batch(
                () -> fixture.session.write(table, key(number), bytes, 0, value.length, options));
    }

    private Status read(int number) {
        return fixture.batch(() -> fixture.session.read(table, key(number)));
    }

    private Set<Long> scanned() {
        Set<Long> hashes = new HashSet<>();
        long cursor = 0;
        do {
            fixture.session.enter();
            cursor =
                    fixture.session.scan(
                            table, cursor, 100, object -> hashes.add(object.keyHash()));
            fixture.session.exit();
        } while (cursor != 0);
        return hashes;
    }

    @Test
    void openedWithoutTablets_theDefaultTableOwnsNothing() throws StoreRefused {
        assertThat(store.tablets()).isEmpty();
        assertThat(fixture.write("k", "v")).isEqualTo(NOT_OWNER);
        store.takeTablet(fixture.table.id(), 0, -1, 7);
        assertThat(fixture.write("k", "v")).isEqualTo(OK);
        assertThat(store.tablets())
                .containsExactly(new Tablet("default", 0, -1, "local", "normal", 7));
    }

    @Test
    void adoptTable_again_isTheSameTable() throws StoreRefused {
        assertThat(table.id()).isEqualTo(ID);
        assertThat(store.adoptTable(ID, "forty")).isSameAs(table);
        assertThat(store.adoptTable(7, "seven").id()).isEqualTo(7);
        assertThat(store.table("seven").id()).isEqualTo(7);
        assertThat(store.createTable("own", 1).id()).isEqualTo(ID + 1);
    }

    @Test
    void adoptTable_ofATakenNumberOrName_isRefused() {
        assertThatThrownBy(() -> store.adoptTable(ID, "other"))
                .isInstanceOf(StoreRefused.class)
                .hasMessage("there is a table of number 40 already");
        assertThatThrownBy(() -> store.adoptTable(41, "forty"))
                .isInstanceOf(StoreRefused.class)
                .hasMessage("there is a table called forty already");
        assertThatThrownBy(() -> store.adoptTable(0, "zero")).isInstanceOf(StoreRefused.class);
    }

    @Test
    void adoptTable_ofOneThatWasDropped_waitsUntilItIsGone() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 1);
        write(1);
        store.dropTable("forty");
        assertThatThrownBy(() -> store.adoptTable(ID, "forty"))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("being reclaimed");
        fixture.drain();
        table = store.adoptTable(ID, "forty");
        assertThat(store.tablets()).isEmpty();
    }

    @Test
    void operations_onWhatIsNotOwned_answerNotOwner() throws StoreRefused {
        assertThat(write(1)).isEqualTo(NOT_OWNER);
        assertThat(read(1)).isEqualTo(NOT_OWNER);
        fixture.session.enter();
        assertThat(fixture.session.remove(table, key(1), options)).isEqualTo(NOT_OWNER);
        assertThat(fixture.session.increment(table, key(1), 1, options)).isEqualTo(NOT_OWNER);
        assertThat(fixture.session.expire(table, key(1), options)).isEqualTo(NOT_OWNER);
        assertThat(fixture.session.lockTablet(table, 5)).isEqualTo(NOT_OWNER);
        WriteBatch batch = new WriteBatch();
        batch.remove(key(1), options);
        assertThat(fixture.session.writeAll(table, batch)).isEqualTo(NOT_OWNER);
        assertThat(fixture.session.random(table)).isEqualTo(NOT_FOUND);
        List<Status> statuses = new ArrayList<>();
        Key[] keys = {key(1)};
        fixture.session.readAll(table, keys, 1, (index, status, object) -> statuses.add(status));
        assertThat(statuses).containsExactly(NOT_OWNER);
        fixture.session.once(1, 1, 0, 0);
        assertThat(fixture.session.increment(table, key(1), 1, options)).isEqualTo(NOT_OWNER);
        fixture.session.exit();
        store.takeTablet(ID, 0, -1, 1);
        fixture.session.enter();
        fixture.session.once(1, 1, 0, 0);
        assertThat(fixture.session.increment(table, key(1), 1, options)).isEqualTo(OK);
        fixture.session.exit();
    }

    private Status incrementOnce(long request, long epoch) {
        fixture.session.enter();
        fixture.session.once(1, request, 0, epoch);
        Status status = fixture.session.increment(table, key(1), 1, options);
        fixture.session.exit();
        return status;
    }

    @Test
    void change_ofAnEarlierEpoch_isAnsweredFromItsResultOrNotAtAll() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 5);
        assertThat(incrementOnce(1, 4)).isEqualTo(NOT_OWNER);
        assertThat(incrementOnce(1, 5)).isEqualTo(OK);
        store.takeTablet(ID, 0, -1, 6);
        assertThat(incrementOnce(1, 5)).isEqualTo(OK);
        assertThat(fixture.session.number()).isEqualTo(1);
        assertThat(incrementOnce(2, 5)).isEqualTo(NOT_OWNER);
        assertThat(incrementOnce(2, 7)).isEqualTo(OK);
        assertThat(incrementOnce(3, 0)).isEqualTo(OK);
        assertThat(fixture.session.number()).isEqualTo(3);
    }

    @Test
    void batch_ofAnEarlierEpoch_isNotMade() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 5);
        WriteBatch batch = new WriteBatch();
        batch.remove(key(1), options);
        fixture.session.enter();
        fixture.session.once(1, 1, 0, 4);
        assertThat(fixture.session.writeAll(table, batch)).isEqualTo(NOT_OWNER);
        fixture.session.once(1, 1, 0, 5);
        assertThat(fixture.session.writeAll(table, batch)).isEqualTo(OK);
        fixture.session.exit();
    }

    @Test
    void served_isTheSameUntilSomethingChanges() throws StoreRefused {
        assertThat(store.served(ID)).isEmpty();
        store.takeTablet(ID, 0, HALF - 1, 1);
        long[] half = store.served(ID);
        assertThat(half).containsExactly(0, HALF - 1);
        assertThat(store.served(ID)).isSameAs(half);
        store.takeTablet(ID, HALF, -1, 2);
        assertThat(store.served(ID)).containsExactly(0, -1);
        store.dropTablet(ID, 0, HALF - 1);
        assertThat(store.served(ID)).containsExactly(HALF, -1);
        assertThat(store.served(ID + 1)).isEmpty();
    }

    @Test
    void takeTablet_ofHalf_servesThatHalf() throws StoreRefused {
        store.takeTablet(ID, 0, HALF - 1, 1);
        for (int number = 0; number < 100; number++) {
            Status expected = isLow(key(number)) ? OK : NOT_OWNER;
            assertThat(write(number)).isEqualTo(expected);
            assertThat(read(number)).isEqualTo(expected);
        }
        store.takeTablet(ID, HALF, -1, 2);
        for (int number = 0; number < 100; number++) {
            assertThat(read(number)).isEqualTo(isLow(key(number)) ? OK : NOT_FOUND);
        }
        assertThat(store.tablets())
                .containsExactly(
                        new Tablet("forty", 0, HALF - 1, "local", "normal", 1),
                        new Tablet("forty", HALF, -1, "local", "normal", 2));
    }

    @Test
    void takeTablet_again_raisesTheEpochAndKeepsTheObjects() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 3);
        write(1);
        store.takeTablet(ID, 0, -1, 5);
        assertThat(read(1)).isEqualTo(OK);
        assertThat(store.tablets().getFirst().epoch()).isEqualTo(5);
        assertThatThrownBy(() -> store.takeTablet(ID, 0, -1, 4))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("epoch 5");
    }

    @Test
    void takeTablet_thatOverlapsAnother_isRefused() throws StoreRefused {
        store.takeTablet(ID, 100, 200, 1);
        for (long[] range : new long[][] {{0, 100}, {200, 300}, {0, -1}, {120, 130}, {100, 199}}) {
            assertThatThrownBy(() -> store.takeTablet(ID, range[0], range[1], 1))
                    .isInstanceOf(StoreRefused.class)
                    .hasMessageContaining("a tablet already");
        }
        store.takeTablet(ID, 0, 99, 1);
        store.takeTablet(ID, 201, -1, 1);
        assertThat(store.tablets()).hasSize(3);
    }

    @Test
    void takeTablet_ofNoRangeOrNoTable_isRefused() {
        assertThatThrownBy(() -> store.takeTablet(ID, -1, 0, 1)).isInstanceOf(StoreRefused.class);
        assertThatThrownBy(() -> store.takeTablet(99, 0, -1, 1))
                .isInstanceOf(StoreRefused.class)
                .hasMessage("there is no table of number 99");
        int id = fixture.table.id();
        assertThatThrownBy(() -> store.takeTablet(id, 0, 5, 1))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("between slots only");
        assertThatThrownBy(() -> store.dropTablet(id, 1, -1)).isInstanceOf(StoreRefused.class);
    }

    @Test
    void splitTablet_keepsTheEpochAndIsForOwnedOnesOnly() throws StoreRefused {
        store.takeTablet(ID, 0, HALF - 1, 9);
        store.splitTablet("forty", 1000);
        assertThat(store.tablets())
                .containsExactly(
                        new Tablet("forty", 0, 999, "local", "normal", 9),
                        new Tablet("forty", 1000, HALF - 1, "local", "normal", 9));
        assertThatThrownBy(() -> store.splitTablet("forty", HALF + 5))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("another server");
    }

    @Test
    void dropTablet_hidesItsObjectsAtOnceAndOnlyThose() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 1);
        Set<Long> low = new HashSet<>();
        for (int number = 0; number < OBJECTS; number++) {
            write(number);
            if (isLow(key(number))) {
                low.add(key(number).hash());
            }
        }
        assertThat(scanned()).hasSize(OBJECTS);
        store.dropTablet(ID, HALF, -1);
        assertThat(scanned()).isEqualTo(low);
        for (int number = 0; number < 100; number++) {
            assertThat(read(number)).isEqualTo(isLow(key(number)) ? OK : NOT_OWNER);
            fixture.session.enter();
            assertThat(fixture.session.random(table)).isEqualTo(OK);
            assertThat(low).contains(fixture.session.object().keyHash());
            fixture.session.exit();
        }
        fixture.drain();
        assertThat(table.objects()).isEqualTo(low.size());
        store.dropTablet(ID, 0, -1);
        assertThat(table.objects()).isZero();
        assertThat(scanned()).isEmpty();
    }

    @Test
    void dropTablet_ofAPart_leavesTheRestWithItsEpoch() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 4);
        store.dropTablet(ID, 100, 199);
        store.dropTablet(ID, 150, 249);
        assertThat(store.tablets())
                .containsExactly(
                        new Tablet("forty", 0, 99, "local", "normal", 4),
                        new Tablet("forty", 250, -1, "local", "normal", 4));
        fixture.drain();
        store.takeTablet(ID, 120, 220, 5);
        assertThat(store.tablets()).contains(new Tablet("forty", 120, 220, "local", "normal", 5));
        assertThat(store.isVacant(ID, 100, 119)).isTrue();
        assertThat(store.isVacant(ID, 221, 249)).isTrue();
        assertThat(store.isVacant(ID, 119, 120)).isFalse();
    }

    @Test
    void takeTablet_ofADroppedOne_waitsUntilItIsEmpty() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 1);
        for (int number = 0; number < OBJECTS; number++) {
            write(number);
        }
        fixture.batch(() -> fixture.session.read(table, key(1)));
        long version = fixture.session.version();
        store.dropTablet(ID, 0, -1);
        assertThat(store.isVacant(ID, 0, -1)).isFalse();
        assertThatThrownBy(() -> store.takeTablet(ID, 0, 5, 2))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("being removed");
        fixture.drain();
        assertThat(store.isVacant(ID, 0, -1)).isTrue();
        store.takeTablet(ID, 0, -1, 2);
        assertThat(scanned()).isEmpty();
        assertThat(read(1)).isEqualTo(NOT_FOUND);
        assertThat(write(1)).isEqualTo(OK);
        assertThat(fixture.session.version()).isGreaterThan(version);
    }

    @Test
    void dropTablet_whileAnotherIsBeingEmptied_takesAnotherPass() throws StoreRefused {
        store.takeTablet(ID, 0, HALF - 1, 1);
        store.takeTablet(ID, HALF, -1, 1);
        for (int number = 0; number < 10_000; number++) {
            write(number);
        }
        Agent sweeper =
                store.agents().stream()
                        .filter(agent -> agent.name().equals("sweeper"))
                        .findFirst()
                        .orElseThrow();
        store.dropTablet(ID, 0, HALF - 1);
        for (int slice = 0; slice < 5; slice++) {
            assertThat(sweeper.doWork()).isOne();
        }
        store.dropTablet(ID, HALF, -1);
        while (!store.isVacant(ID, 0, HALF - 1)) {
            assertThat(sweeper.doWork()).isOne();
        }
        assertThat(store.isVacant(ID, HALF, -1)).isFalse();
        fixture.drain();
        assertThat(store.isVacant(ID, HALF, -1)).isTrue();
        assertThat(store.usage().objects()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void dropTablet_givesTheMemoryOfObjectsAndResultsBack(boolean cleared) throws StoreRefused {
        long before = store.usage().logLive();
        store.takeTablet(ID, 0, -1, 1);
        for (int number = 0; number < OBJECTS; number++) {
            fixture.session.once(number % 40, number, 0, 0);
            options.returnPrevious();
            write(number % 300);
        }
        store.dropTablet(ID, 0, HALF - 1);
        if (cleared) {
            fixture.session.clear(table);
        }
        fixture.drain();
        assertThat(store.isVacant(ID, 0, HALF - 1)).isTrue();
        assertThat(store.usage().logLive()).isGreaterThan(before);
        store.dropTablet(ID, HALF, -1);
        fixture.drain();
        assertThat(store.usage().logLive()).isEqualTo(before);
        assertThat(store.isVacant(ID, 0, -1)).isTrue();
    }

    @Test
    void dropTable_takesItsResultsAlong() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 1);
        long before = store.usage().logLive();
        fixture.session.once(1, 1, 0, 0);
        write(1);
        store.dropTable("forty");
        assertThat(read(1)).isEqualTo(NO_SUCH_TABLE);
        fixture.drain();
        assertThat(store.usage().logLive()).isEqualTo(before);
        assertThat(store.isVacant(ID, 0, -1)).isTrue();
    }

    @Test
    void dropTablet_whenMemoryIsFull_letsOthersWrite() throws StoreRefused {
        store.takeTablet(ID, 0, HALF - 1, 1);
        store.takeTablet(ID, HALF, -1, 1);
        byte[] value = new byte[10_000];
        int written = 0;
        while (write(written, value) == OK) {
            written++;
        }
        assertThat(write(written, value)).isEqualTo(Status.OUT_OF_MEMORY);
        store.dropTablet(ID, 0, HALF - 1);
        int more = 0;
        for (int number = written; more < written / 3; number++) {
            if (!isLow(key(number))) {
                assertThat(write(number, value)).isEqualTo(OK);
                more++;
            }
        }
        assertThat(fixture.metric(CleanerMetrics.RETIRED)).isPositive();
    }

    @Test
    void dropTablet_whileASessionHoldsIt_isRefusedInTheEnd() throws StoreRefused {
        store.takeTablet(ID, 0, -1, 1);
        fixture.session.enter();
        assertThat(fixture.session.lockTablet(table, 5)).isEqualTo(OK);
        fixture.skipPerRead(1_000_000_000);
        assertThatThrownBy(() -> store.dropTablet(ID, 0, -1))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("busy");
        fixture.session.unlockTablet();
        fixture.session.exit();
        assertThat(write(1)).isEqualTo(OK);
        store.dropTablet(ID, 0, -1);
        assertThat(write(1)).isEqualTo(NOT_OWNER);
    }
}
