package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import java.util.List;
import org.junit.jupiter.api.Test;

class TabletsTest {
    private static final ServerId FIRST = new ServerId(1, 1);
    private static final ServerId SECOND = new ServerId(2, 1);
    private static final long LAST_HASH = -1;

    private final Tablets tablets = new Tablets(Notices.NONE);

    private List<Tablet> all() {
        return tablets.all().stream().map(Tablets.Held::tablet).toList();
    }

    private void makeTwoAndCutOneOften() throws ClusterRefused {
        tablets.create("table", 2, 0, 0, List.of(FIRST, SECOND));
        for (long hash = 1L << 40; hash <= 1L << 50; hash <<= 1) {
            tablets.split("table", hash);
        }
    }

    private long epochMax() {
        return all().stream().mapToLong(Tablet::epoch).max().orElseThrow();
    }

    @Test
    void assign_lostTablet_isInAnEpochAboveThatOfAllOthers() throws ClusterRefused {
        makeTwoAndCutOneOften();
        long before = epochMax();
        tablets.down(SECOND, 0, List.of(), List.of());
        tablets.assign("table", LAST_HASH, FIRST);
        assertThat(all().getLast().epoch()).isGreaterThan(before);
        assertThat(all().getLast().owner()).isEqualTo(FIRST);
    }

    @Test
    void take_isInAnEpochAboveThatOfAllOthers() throws ClusterRefused {
        makeTwoAndCutOneOften();
        long before = epochMax();
        Tablet known = all().getLast();
        long epoch =
                tablets.take(
                        FIRST,
                        SECOND,
                        known.table(),
                        known.firstHash(),
                        known.lastHash(),
                        known.epoch());
        assertThat(epoch).isEqualTo(before + 1);
        assertThat(all().getLast().epoch()).isEqualTo(epoch);
    }

    @Test
    void recall_isInAnEpochAboveThatOfAllOthers() throws ClusterRefused {
        makeTwoAndCutOneOften();
        long before = epochMax();
        Tablet known = all().getLast();
        tablets.recall(SECOND, known.table(), known.firstHash(), known.epoch());
        assertThat(all().getLast().epoch()).isEqualTo(before + 1);
    }

    @Test
    void down_sourceOfTablets_otherEpochsStay() throws ClusterRefused {
        makeTwoAndCutOneOften();
        Tablet known = all().getLast();
        tablets.take(
                FIRST, SECOND, known.table(), known.firstHash(), known.lastHash(), known.epoch());
        List<Long> before = all().stream().map(Tablet::epoch).toList();
        tablets.down(SECOND, 0, List.of(), List.of());
        assertThat(all()).extracting(Tablet::epoch).isEqualTo(before);
    }

    @Test
    void takeBack_severalTablets_areInOneEpochAboveThatOfAllOthers() throws ClusterRefused {
        makeTwoAndCutOneOften();
        tablets.down(FIRST, 0, List.of(), List.of());
        long before = epochMax();
        ServerId next = new ServerId(1, 2);
        tablets.takeBack(next);
        assertThat(all())
                .filteredOn(tablet -> tablet.owner().equals(next))
                .hasSizeGreaterThan(2)
                .extracting(Tablet::epoch)
                .containsOnly(before + 1);
    }

    @Test
    void assign_afterATableWithHigherEpochsWasDropped_isAboveThoseToo() throws ClusterRefused {
        makeTwoAndCutOneOften();
        long before = epochMax();
        tablets.create("other", 1, 0, 0, List.of(SECOND));
        tablets.drop("table");
        tablets.down(SECOND, 0, List.of(), List.of());
        tablets.assign("other", 0, FIRST);
        assertThat(epochMax()).isGreaterThan(before);
    }
}
