package io.silkstone.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.TabletLoad;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CensusTest {
    private static final int VALUE_BYTES = 100;

    private final StoreFixture fixture = new StoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private void write(int from, int to) {
        for (int number = from; number < to; number++) {
            fixture.write("key" + number, "v".repeat(VALUE_BYTES));
        }
    }

    private long objectsIn(TabletLoad load, int keys) {
        Key key = new Key();
        long count = 0;
        for (int number = 0; number < keys; number++) {
            long hash = key.wrap(("key" + number).getBytes(UTF_8)).hash();
            boolean isIn =
                    Long.compareUnsigned(load.firstHash(), hash) <= 0
                            && Long.compareUnsigned(hash, load.lastHash()) <= 0;
            count += isIn ? 1 : 0;
        }
        return count;
    }

    private void cut(int slot) throws StoreRefused {
        fixture.store.splitTablet(KvStore.DEFAULT_TABLE, (long) slot << Key.SLOT_SHIFT);
    }

    @Test
    void loads_ofAnEmptyStore_areZeros() {
        TabletLoad all = fixture.store.loads().getFirst();
        assertThat(all)
                .isEqualTo(
                        new TabletLoad(
                                fixture.table.id(), 0, -1, 1, 0, 0, 0, TabletLoad.NO_CUT, 0));
    }

    @Test
    void objectsAndBytes_ofFewObjects_areExact() throws StoreRefused {
        cut(1_000);
        cut(9_000);
        write(0, 2_000);
        write(0, 500);
        List<TabletLoad> loads = fixture.store.loads();
        assertThat(loads).hasSize(3);
        for (TabletLoad each : loads) {
            assertThat(each.objects()).isEqualTo(objectsIn(each, 2_000));
            assertThat(each.bytes() / each.objects()).isBetween(100L, 160L);
        }
        assertThat(loads.stream().mapToLong(TabletLoad::bytes).sum())
                .isEqualTo(fixture.store.usage().logLive());
    }

    @Test
    void objects_ofMany_areAboutRight() throws StoreRefused {
        cut(4_096);
        write(0, 100_000);
        for (TabletLoad each : fixture.store.loads()) {
            assertThat(each.objects())
                    .isCloseTo(objectsIn(each, 100_000), Percentage.withPercentage(10));
        }
    }

    @Test
    void operations_countForTheTabletThatHasThem() throws StoreRefused {
        cut(8_192);
        Key key = new Key();
        int low = 0;
        while (key.wrap(("key" + low).getBytes(UTF_8)).hash() < 0) {
            low++;
        }
        fixture.write("key" + low, "v");
        for (int count = 0; count < 500; count++) {
            fixture.read("key" + low);
        }
        List<TabletLoad> loads = fixture.store.loads();
        assertThat(loads.get(0).operationsPerSecond()).isBetween(95L, 101L);
        assertThat(loads.get(1).operationsPerSecond()).isZero();
        assertThat(loads.get(0).cutHash()).as("of one key").isEqualTo(TabletLoad.NO_CUT);
    }

    @Test
    void cut_dividesWhatIsUsed() {
        write(0, 1_000);
        TabletLoad all = fixture.store.loads().getFirst();
        assertThat(all.cutHash() << Long.SIZE - Key.SLOT_SHIFT).as("within a slot").isZero();
        assertThat(all.operationsPerSecond()).isBetween(190L, 200L);
        assertThat(all.operationsPerSecondBelowCut()).isBetween(85L, 110L);
    }
}
