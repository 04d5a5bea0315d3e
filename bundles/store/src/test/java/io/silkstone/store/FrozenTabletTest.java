package io.silkstone.store;

import static io.silkstone.api.store.Status.NOT_FOUND;
import static io.silkstone.api.store.Status.NOT_OWNER;
import static io.silkstone.api.store.Status.OK;
import static io.silkstone.api.store.Status.RETRY_LATER;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore.Tablet;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.TabletReader.Place;
import io.silkstone.store.cleaner.CleanerMetrics;
import io.silkstone.store.log.Entry;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ranges that are frozen for another store, or reserved for what comes from it. */
class FrozenTabletTest {
    private static final long HALF = 1L << 63;
    private static final long EPOCH = 5;
    private static final int OBJECTS = 2_000;

    private final StoreFixture fixture = new StoreFixture(StoreFixture.SMALL.withTablets(0));
    private final Store store = fixture.store;
    private final int table = fixture.table.id();
    private final Place low = new Place(table, 0, HALF - 1, EPOCH);
    private final TabletReader reader = store.openReader();

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

    private void freeze() throws StoreRefused {
        store.freezeTablet(table, 0, HALF - 1, EPOCH);
    }

    private static boolean isLow(String key) {
        return new Key().wrap(key.getBytes(UTF_8)).hash() >= 0;
    }

    /** A key of the half that is frozen, or of the other. */
    private static String key(boolean isLow, int number) {
        String key = "key" + number;
        for (int attempt = 0; isLow(key) != isLow; attempt++) {
            key = "key" + number + "-" + attempt;
        }
        return key;
    }

    private void writeLow() {
        for (int number = 0; number < OBJECTS; number++) {
            assertThat(fixture.write(key(true, number), "value" + number)).isEqualTo(OK);
        }
    }

    /** Hashes with their versions. */
    private Map<Long, Long> shown() {
        Map<Long, Long> shown = new HashMap<>();
        TabletReader.Sink sink =
                new TabletReader.Sink() {
                    @Override
                    public boolean put(long entry, int bytes) {
                        shown.put(Entry.keyHash(entry), Entry.version(entry));
                        return true;
                    }

                    @Override
                    public void leaveOut(long hash) {
                        throw new AssertionError();
                    }

                    @Override
                    public boolean isFull() {
                        return false;
                    }
                };
        assertThat(reader.objects(low, 0, 0, false, sink)).isZero();
        return shown;
    }

    @Test
    void freezeTablet_isServedNoLongerAndKept() throws StoreRefused {
        writeLow();
        freeze();
        assertThat(fixture.write(key(true, 1), "new")).isEqualTo(NOT_OWNER);
        assertThat(fixture.remove(key(true, 1))).isEqualTo(NOT_OWNER);
        assertThat(fixture.read(key(true, 1))).isNull();
        assertThat(fixture.write(key(false, 1), "new")).isEqualTo(OK);
        assertThat(store.served(table)).containsExactly(HALF, -1);
        assertThat(store.frozenTablets())
                .containsExactly(new Tablet("default", 0, HALF - 1, "local", "frozen", EPOCH));
        assertThat(store.isVacant(table, 0, HALF - 1)).isFalse();
        assertThat(shown()).hasSize(OBJECTS);
    }

    @Test
    void freezeTablet_theCleanerAtWork_keepsEveryObjectAndResult() throws StoreRefused {
        writeLow();
        fixture.session.enter();
        fixture.session.once(1, 1, 0, EPOCH);
        Key key = new Key();
        key.wrap(key(true, OBJECTS).getBytes(UTF_8));
        fixture.session.increment(fixture.table, key, 1, new WriteOptions());
        fixture.session.exit();
        freeze();
        Map<Long, Long> before = shown();
        byte[] value = new byte[100_000];
        for (int number = 0; fixture.metric(CleanerMetrics.MOVED) == 0; number++) {
            assertThat(number).isLessThan(10_000);
            assertThat(fixture.write(key(false, number % 50), value, new WriteOptions()))
                    .isEqualTo(OK);
        }
        fixture.drain();
        assertThat(shown()).isEqualTo(before).hasSize(OBJECTS + 1);
        store.takeTablet(table, 0, HALF - 1, EPOCH);
        fixture.session.enter();
        fixture.session.once(1, 1, 0, EPOCH);
        fixture.session.increment(fixture.table, key, 1, new WriteOptions());
        fixture.session.exit();
        assertThat(fixture.session.number()).isOne();
    }

    @Test
    void freezeTablet_theSweeperAtWork_keepsEveryObject() throws StoreRefused {
        writeLow();
        freeze();
        fixture.write(key(false, 1), "v");
        store.dropTablet(table, HALF, -1);
        fixture.drain();
        assertThat(store.isVacant(table, HALF, -1)).isTrue();
        assertThat(shown()).hasSize(OBJECTS);
    }

    @Test
    void freezeTablet_again_isTheSame() throws StoreRefused {
        freeze();
        freeze();
        assertThat(reader.holds(low)).isTrue();
    }

    @Test
    void freezeTablet_thatIsNotJustThat_isRefused() throws StoreRefused {
        refuses(() -> store.freezeTablet(table, 0, HALF - 1, EPOCH + 1), "no tablet of epoch 6");
        refuses(() -> store.freezeTablet(table, 0, -1, EPOCH), "no tablet");
        store.dropTablet(table, 0, HALF - 1);
        refuses(this::freeze, "no tablet");
        fixture.drain();
        store.reserveTablet(table, 0, HALF - 1);
        refuses(this::freeze, "no tablet");
        refuses(() -> store.freezeTablet(99, 0, -1, EPOCH), "no table of number 99");
    }

    @Test
    void freezeTablet_thatIsFilling_isRefused() throws StoreRefused {
        store.dropTablet(table, 0, HALF - 1);
        fixture.drain();
        Filling filling = store.reserveTablet(table, 0, HALF - 1).fill(EPOCH, () -> {});
        refuses(this::freeze, "not come here altogether yet");
        filling.end();
        freeze();
        assertThat(reader.holds(low)).isTrue();
    }

    @Test
    void freezeTablet_whileASessionHoldsIt_isRefusedInTheEnd() throws StoreRefused {
        fixture.session.enter();
        assertThat(fixture.session.lockTablet(fixture.table, 5)).isEqualTo(OK);
        fixture.skipPerRead(1_000_000_000);
        refuses(this::freeze, "busy");
        fixture.session.unlockTablet();
        fixture.session.exit();
        freeze();
    }

    @Test
    void clear_whileSomeOfItIsFrozen_isPutOff() throws StoreRefused {
        writeLow();
        freeze();
        assertThat(fixture.session.clear(fixture.table)).isEqualTo(RETRY_LATER);
        assertThat(shown()).hasSize(OBJECTS);
    }

    @Test
    void takeTablet_ofAFrozenOne_servesAllOfItAgain() throws StoreRefused {
        writeLow();
        freeze();
        refuses(() -> store.takeTablet(table, 0, HALF - 1, EPOCH - 1), "which is after 4");
        refuses(() -> store.takeTablet(table, 0, -1, EPOCH + 1), "a tablet already");
        store.takeTablet(table, 0, HALF - 1, EPOCH + 1);
        assertThat(reader.holds(low)).isFalse();
        assertThat(store.frozenTablets()).isEmpty();
        assertThat(fixture.read(key(true, 1))).isEqualTo("value1");
        assertThat(fixture.write(key(true, 1), "new")).isEqualTo(OK);
        assertThat(store.served(table)).containsExactly(0, -1);
    }

    @Test
    void dropTablet_ofAFrozenOne_removesWhatItHeld() throws StoreRefused {
        writeLow();
        freeze();
        store.dropTablet(table, 0, HALF - 1);
        fixture.drain();
        assertThat(store.isVacant(table, 0, HALF - 1)).isTrue();
        assertThat(fixture.table.objects()).isZero();
        store.takeTablet(table, 0, HALF - 1, EPOCH + 1);
        assertThat(fixture.remove(key(true, 1))).isEqualTo(NOT_FOUND);
    }

    @Test
    void reserveTablet_ofWhatIsNotVacant_isRefused() throws StoreRefused {
        refuses(() -> store.reserveTablet(table, 0, HALF - 1), "a tablet already");
        writeLow();
        freeze();
        refuses(() -> store.reserveTablet(table, 0, HALF - 1), "a tablet already");
        store.dropTablet(table, 0, HALF - 1);
        refuses(() -> store.reserveTablet(table, 0, HALF - 1), "being removed");
        fixture.drain();
        Reservation reservation = store.reserveTablet(table, 0, HALF - 1);
        assertThat(reservation.holds()).isTrue();
        refuses(() -> store.reserveTablet(table, 0, HALF - 1), "a tablet already");
        refuses(() -> store.takeTablet(table, 0, HALF - 1, EPOCH), "a tablet already");
        assertThat(fixture.write(key(true, 1), "v")).isEqualTo(NOT_OWNER);
        assertThat(store.tablets()).hasSize(1);
        assertThat(store.frozenTablets()).isEmpty();
    }

    @Test
    void fill_ofAVoidReservation_isRefused() throws StoreRefused {
        store.dropTablet(table, 0, HALF - 1);
        fixture.drain();
        Reservation first = store.reserveTablet(table, 0, HALF - 1);
        first.drop();
        assertThat(first.holds()).isFalse();
        refuses(() -> first.fill(EPOCH, () -> {}), "not reserved any more");
        fixture.drain();
        Reservation second = store.reserveTablet(table, 0, HALF - 1);
        first.drop();
        assertThat(second.holds()).isTrue();
        store.dropTablet(table, 0, -1);
        assertThat(second.holds()).isFalse();
        refuses(() -> second.fill(EPOCH, () -> {}), "not reserved any more");
        fixture.drain();
        Reservation third = store.reserveTablet(table, 0, HALF - 1);
        third.fill(EPOCH, () -> {});
        assertThat(third.holds()).isFalse();
        refuses(() -> third.fill(EPOCH, () -> {}), "not reserved any more");
        third.drop();
        Status status = fixture.write(key(true, 1), "v");
        assertThat(status).isEqualTo(OK);
    }

    @Test
    void fill_ofATableThatWasDropped_isRefused() throws StoreRefused {
        store.adoptTable(40, "forty");
        Reservation reservation = store.reserveTablet(40, 0, -1);
        store.dropTable("forty");
        refuses(() -> reservation.fill(EPOCH, () -> {}), "not reserved any more");
        reservation.drop();
    }

    private interface Refused {
        void make() throws StoreRefused;
    }

    private static void refuses(Refused change, String why) {
        assertThatThrownBy(change::make).isInstanceOf(StoreRefused.class).hasMessageContaining(why);
    }
}
