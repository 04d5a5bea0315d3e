package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Table;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoveryPartsTest {
    private static final ServerId OWNER = new ServerId(1, 1);
    private static final ServerId OTHER = new ServerId(2, 1);
    private static final int REPLICATED = 1;
    private static final int ALONE = 2;
    private static final long SLOT = 1L << 50;

    private final RecoveryParts parts = new RecoveryParts(100, 8);
    private final List<Tablet> tablets = new ArrayList<>();
    private final List<TabletSize> sizes = new ArrayList<>();

    private void add(int table, long first, long last, TabletState state, long bytes) {
        ServerId peer = state == TabletState.MIGRATING ? OTHER : ServerId.NONE;
        tablets.add(new Tablet(table, first, last, OWNER, 1, state, peer));
        sizes.add(new TabletSize(table, first, last, bytes));
    }

    private void add(long first, long last, long bytes) {
        add(REPLICATED, first, last, TabletState.NORMAL, bytes);
    }

    private List<Long> cuts(RecoveryParts by, int heirs) {
        ClusterMap map =
                new ClusterMap(
                        1,
                        1,
                        List.of(),
                        List.of(new Table(REPLICATED, "r", 2), new Table(ALONE, "a", 0)),
                        tablets);
        List<Cut> cuts = by.cuts(map, OWNER, sizes, heirs);
        assertThat(cuts).allMatch(cut -> cut.table() == REPLICATED);
        assertThat(Cut.decoded(Cut.encoded(cuts))).isEqualTo(cuts);
        return cuts.stream().map(Cut::hash).toList();
    }

    private List<Long> cuts(int heirs) {
        return cuts(parts, heirs);
    }

    @Test
    void new_checksItsValues() {
        assertThatThrownBy(() -> new RecoveryParts(0, 1)).hasMessageContaining("part.bytes");
        assertThatThrownBy(() -> new RecoveryParts(1, 0)).hasMessageContaining("parts.max");
        assertThatThrownBy(() -> new RecoveryParts(1, 65)).hasMessageContaining("parts.max");
    }

    @Test
    void cuts_ofOneThatIsLarge_areEqualSharesForTheHeirs() {
        add(0, -1, 1_000);
        assertThat(cuts(2)).containsExactly(Long.MIN_VALUE);
        assertThat(cuts(4)).containsExactly(1L << 62, 1L << 63, 3L << 62);
        assertThat(cuts(1_000)).hasSize(7);
        assertThat(cuts(new RecoveryParts(1, 64), 1_000)).hasSize(63);
    }

    @Test
    void cuts_partsHaveTheBytesThatAreAskedFor() {
        add(0, -1, 349);
        assertThat(cuts(9)).hasSize(2);
        assertThat(cuts(new RecoveryParts(99, 8), 9)).hasSize(3);
        assertThat(cuts(new RecoveryParts(349, 8), 9)).isEmpty();
        assertThat(cuts(new RecoveryParts(240, 8), 9)).isEmpty();
        assertThat(cuts(new RecoveryParts(Long.MAX_VALUE, 8), 9)).isEmpty();
    }

    @Test
    void cuts_whereThereIsNobodyForThem_areNone() {
        add(0, -1, 1_000);
        assertThat(cuts(0)).isEmpty();
        assertThat(cuts(1)).isEmpty();
        assertThat(cuts(RecoveryParts.NEVER, 4)).isEmpty();
    }

    @Test
    void cuts_whereThereAreTabletsEnoughForAllHeirs_areNone() {
        for (long quarter = 0; quarter < 4; quarter++) {
            add(quarter << 62, ((quarter + 1) << 62) - 1, 1_000);
        }
        assertThat(cuts(4)).isEmpty();
        // Half a tablet's bytes are the share of each.
        assertThat(cuts(8)).hasSize(4);
    }

    @Test
    void cuts_areAtBordersOfSlots() {
        add(5 * SLOT + 7, 8 * SLOT + 3, 1_000);
        assertThat(cuts(8)).containsExactly(6 * SLOT, 7 * SLOT, 8 * SLOT);
    }

    @Test
    void cuts_ofOneSlot_areNone() {
        add(5 * SLOT, 6 * SLOT - 1, 1_000);
        assertThat(cuts(8)).isEmpty();
    }

    @Test
    void cuts_ofTabletsOnTheirWayOrWithoutReplicas_areNone() {
        add(REPLICATED, 0, 9 * SLOT - 1, TabletState.LEAVING, 1_000);
        add(REPLICATED, 9 * SLOT, 19 * SLOT - 1, TabletState.MIGRATING, 1_000);
        add(REPLICATED, 19 * SLOT, 29 * SLOT - 1, TabletState.RECOVERING, 1_000);
        add(ALONE, 0, -1, TabletState.NORMAL, 1_000);
        assertThat(cuts(8)).isEmpty();
    }

    @Test
    void cuts_ofWhatIsNotKnown_areNone() {
        add(0, -1, 1_000);
        sizes.set(0, new TabletSize(REPLICATED, 0, Long.MAX_VALUE, 1_000));
        assertThat(cuts(8)).isEmpty();
        sizes.clear();
        assertThat(cuts(8)).isEmpty();
    }

    @Test
    void cuts_ofAnother_areNone() {
        add(0, -1, 1_000);
        tablets.set(0, tablets.get(0).in(2, OTHER, TabletState.NORMAL, ServerId.NONE));
        assertThat(cuts(8)).isEmpty();
    }
}
