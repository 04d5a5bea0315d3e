package io.silkstone.store;

import static io.silkstone.api.store.Status.OK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoreTest {
    private final StoreFixture fixture = new StoreFixture();
    private final Store store = fixture.store;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void openSession_beyondTheLimit_saysWhatToRaise() {
        try (StoreFixture few = new StoreFixture(StoreFixture.SMALL.withSessionsMax(3))) {
            assertThat(few.metric(StoreMetrics.SESSIONS)).isEqualTo(1);
            try (KvSession second = few.store.openSession();
                    KvSession third = few.store.openSession()) {
                assertThat(second).isNotSameAs(third);
                assertThat(few.metric(StoreMetrics.SESSIONS)).isEqualTo(3);
                assertThatThrownBy(few.store::openSession)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("raise sessions.max");
            }
            few.store.openSession().close();
        }
    }

    @Test
    void openSession_afterOthersClosed_usesTheirPlace() {
        for (int count = 0; count < 3000; count++) {
            store.openSession().close();
        }
    }

    @Test
    void createTable_givesEachTableItsOwnObjects() throws StoreRefused {
        KvStore.Table other = store.createTable("other", 4);
        assertThat(other.id()).isGreaterThan(fixture.table.id());
        fixture.write("a", "1");
        assertThat(fixture.table.objects()).isEqualTo(1);
        assertThat(other.objects()).isZero();
        assertThat(store.tables())
                .extracting(KvStore.Table::name)
                .containsExactly("default", "other");
    }

    @Test
    void createTable_withABadNameOrNumber_isRefused() throws StoreRefused {
        assertThatThrownBy(() -> store.createTable("a b", 1)).isInstanceOf(StoreRefused.class);
        assertThatThrownBy(() -> store.createTable("", 1)).isInstanceOf(StoreRefused.class);
        assertThatThrownBy(() -> store.createTable("x".repeat(256), 1))
                .isInstanceOf(StoreRefused.class);
        assertThatThrownBy(() -> store.createTable("a", 3))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("1, 2, 4");
        store.createTable("a", 16_384);
        assertThatThrownBy(() -> store.createTable("a", 1))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("already");
    }

    @Test
    void dropTable_givesItsMemoryAndItsNameBack() throws StoreRefused {
        long before = store.usage().hashTables();
        for (int round = 0; round < 100; round++) {
            KvStore.Table table = store.createTable("t", 1);
            fixture.session.enter();
            for (int number = 0; number < 50; number++) {
                Key key = fixture.key("k" + number);
                fixture.session.write(
                        table, key, key.memory(), key.offset(), key.length(), new WriteOptions());
            }
            fixture.session.exit();
            store.dropTable("t");
        }
        fixture.drain();
        assertThat(store.table("t")).isNull();
        assertThat(store.usage().hashTables()).isEqualTo(before);
        assertThat(store.usage().logLive()).isZero();
        assertThat(store.usage().objects()).isZero();
    }

    @Test
    void dropTable_ofTheDefaultOrNoTable_isRefused() {
        assertThatThrownBy(() -> store.dropTable("default")).isInstanceOf(StoreRefused.class);
        assertThatThrownBy(() -> store.dropTable("none")).isInstanceOf(StoreRefused.class);
    }

    @Test
    void tablets_coverEveryHashOnce() throws StoreRefused {
        store.createTable("t", 8);
        store.splitTablet("t", 0x1234_5678_9abc_def0L);
        store.splitTablet("t", 0x1234_5678_9abc_def0L);
        List<KvStore.Tablet> tablets =
                store.tablets().stream().filter(tablet -> tablet.table().equals("t")).toList();
        assertThat(tablets).hasSize(9);
        assertThat(tablets.getFirst().firstHash()).isZero();
        assertThat(tablets.getLast().lastHash()).isEqualTo(-1);
        for (int index = 1; index < tablets.size(); index++) {
            assertThat(tablets.get(index).firstHash())
                    .isEqualTo(tablets.get(index - 1).lastHash() + 1);
        }
        assertThat(tablets).allMatch(tablet -> tablet.state().equals("normal"));
    }

    @Test
    void splitTablet_ofTheDefaultTable_isAtSlotsOnly() throws StoreRefused {
        assertThatThrownBy(() -> store.splitTablet("default", 12345))
                .isInstanceOf(StoreRefused.class)
                .hasMessageContaining("slot");
        store.splitTablet("default", 100L << Key.SLOT_SHIFT);
        assertThat(store.tablets()).hasSize(2);
        fixture.write("a", "1");
        assertThat(fixture.read("a")).isEqualTo("1");
    }

    @Test
    void splitTablet_whileItIsLocked_waitsForItsHolder() throws Exception {
        KvSession holder = store.openSession();
        holder.enter();
        assertThat(holder.lockTablet(fixture.table, 0)).isEqualTo(OK);
        assertThat(store.tablets().getFirst().state()).isEqualTo("locked");
        Thread splitter =
                new Thread(
                        () -> {
                            try {
                                store.splitTablet("default", 1L << 63);
                            } catch (StoreRefused e) {
                                throw new AssertionError(e);
                            }
                        });
        splitter.start();
        splitter.join(50);
        assertThat(store.tablets()).hasSize(1);
        holder.unlockTablet();
        holder.exit();
        splitter.join();
        holder.close();
        assertThat(store.tablets()).hasSize(2);
    }

    @Test
    void usage_addsUp() {
        for (int number = 0; number < 1000; number++) {
            fixture.write("key" + number, "value");
        }
        KvStore.Usage usage = store.usage();
        assertThat(usage.objects()).isEqualTo(1000);
        assertThat(usage.capacity()).isEqualTo(32 << 20);
        assertThat(usage.logLive()).isBetween(1000L * 40, 1000L * 48);
        assertThat(usage.logUsed()).isGreaterThan(usage.logLive());
        assertThat(usage.hashTables()).isPositive();
        assertThat(usage.allocated()).isGreaterThanOrEqualTo(usage.logUsed() + usage.hashTables());
        assertThat(fixture.metric(StoreMetrics.OBJECTS)).isEqualTo(1000);
        assertThat(fixture.metric(StoreMetrics.LOG_LIVE)).isEqualTo(usage.logLive());
    }

    @Test
    void close_withASessionOpen_keepsItsMemoryUntilItCloses() {
        StoreFixture other = new StoreFixture();
        other.write("a", "1");
        other.store.close();
        assertThat(other.read("a")).isEqualTo("1");
        other.session.close();
        assertThatThrownBy(other.store::openSession).isInstanceOf(IllegalStateException.class);
    }
}
