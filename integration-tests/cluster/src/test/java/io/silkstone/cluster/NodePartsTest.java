package io.silkstone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with one large tablet is killed: two others recover a part each. */
@Timeout(600)
class NodePartsTest {
    private static final String CUTS = "recovery.part.bytes = 65536\nrecovery.parts.max = 16\n";

    private static final long SEED =
            Long.getLong("recovery.seed", System.nanoTime() & 0xffff_ffffL);
    private static final int KEYS = 8_000;
    private static final int CHANGES = 2_000;

    /** A server looks once a lease how large its tablets are, and says so when it renews that. */
    private static final long TOLD_NANOS = Duration.ofMillis(3L * KilledNodes.LEASE_MS).toNanos();

    @Test
    void kill9_ofTheOwnerOfOneTablet_twoServersRecoverIt() throws Exception {
        try (KilledNodes nodes = new KilledNodes(1, CUTS)) {
            nodes.said("table:create kept --tablets 1 --replicas 2");
            ServerId dead = nodes.server(2);
            if (!nodes.tablet("kept").owner().equals(dead)) {
                nodes.client().store().migrateTablet("kept", 0, dead);
            }
            Promises kept =
                    new Promises(
                            nodes.client().table("kept"), KEYS, new SplittableRandom(SEED).split());
            kept.fill();
            kept.start();
            long filled = System.nanoTime();
            while (System.nanoTime() - filled < TOLD_NANOS) {
                KilledNodes.awaitChanges(List.of(kept), CHANGES);
            }
            Tablet whole = nodes.tablet("kept");
            assertThat(whole.owner()).isEqualTo(dead);
            assertThat(whole.state()).isEqualTo(TabletState.NORMAL);

            nodes.kill(2);
            nodes.await(dead + " is down", map -> !map.server(dead).up());
            nodes.awaitServed();

            ClusterMap map = nodes.map();
            assertThat(map.tablets())
                    .filteredOn(tablet -> tablet.table() == map.table("kept").id())
                    .extracting(Tablet::owner)
                    .hasSize(2)
                    .doesNotHaveDuplicates();
            KilledNodes.awaitChanges(List.of(kept), CHANGES);
            kept.stop();
            assertThat(kept.failures()).as("seed %d", SEED).isEmpty();
            assertThat(kept.broken()).as("seed %d", SEED).isEmpty();
        }
    }
}
