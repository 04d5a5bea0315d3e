package io.silkstone.client;

import static io.silkstone.client.ScriptedCluster.HIGH;
import static io.silkstone.client.ScriptedCluster.LOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Status;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableScanTest {
    private final ScriptedCluster cluster = new ScriptedCluster();
    private final List<String> seen = new ArrayList<>();

    private Status scan() {
        return new TableScan(cluster.store, (ClusterSession) cluster.session, cluster.table)
                .run(
                        object ->
                                seen.add(
                                        new String(
                                                object.memory()
                                                        .asSlice(
                                                                object.keyOffset(),
                                                                object.keyLength())
                                                        .toArray(ValueLayout.JAVA_BYTE),
                                                UTF_8)));
    }

    @Test
    void scan_showsWhatAllServersHave() {
        cluster.first.objects.put(LOW, "1");
        cluster.second.objects.put(HIGH, "2");
        assertThat(scan()).isEqualTo(Status.OK);
        assertThat(seen).containsExactly(LOW, HIGH);
    }

    @Test
    void scan_followsATabletToAServerThatWasScannedBefore() {
        cluster.first.objects.put(LOW, "1");
        cluster.second.objects.put(HIGH, "2");
        cluster.first.afterScan =
                () -> {
                    cluster.first.afterScan = () -> {};
                    cluster.second.objects.remove(HIGH);
                    cluster.first.objects.put(HIGH, "2");
                    cluster.publish(cluster.first.id, 1, cluster.first.id, 2);
                };
        assertThat(scan()).isEqualTo(Status.OK);
        assertThat(seen).contains(LOW, HIGH);
    }

    @Test
    void scan_doesNotBelieveAServerThatLostTheTabletMeanwhile() {
        cluster.first.afterScan =
                () -> {
                    cluster.first.afterScan = () -> {};
                    cluster.second.objects.put(LOW, "1");
                    cluster.publish(cluster.second.id, 2, cluster.second.id, 1);
                };
        assertThat(scan()).isEqualTo(Status.OK);
        assertThat(seen).containsExactly(LOW);
    }

    @Test
    void scan_acrossASplit_isStillWhole() {
        cluster.first.objects.put(LOW, "1");
        cluster.second.objects.put(HIGH, "2");
        cluster.first.afterScan =
                () -> {
                    long cut = 1L << 60;
                    cluster.publish(
                            tablet(0, cut - 1, cluster.first.id),
                            tablet(cut, Long.MAX_VALUE, cluster.first.id),
                            tablet(Long.MIN_VALUE, -1, cluster.second.id));
                };
        assertThat(scan()).isEqualTo(Status.OK);
        assertThat(seen).containsExactly(LOW, HIGH);
    }

    private static ClusterMap.Tablet tablet(long first, long last, ServerId owner) {
        return new ClusterMap.Tablet(
                1, first, last, owner, 1, ScriptedCluster.normal(), ServerId.NONE);
    }

    @Test
    void scan_ofAMigratingTablet_isOnItsOwner() {
        cluster.second.objects.put(LOW, "1");
        cluster.publish(
                new ClusterMap.Tablet(
                        1,
                        0,
                        -1,
                        cluster.second.id,
                        1,
                        ClusterMap.TabletState.MIGRATING,
                        cluster.first.id));
        assertThat(scan()).isEqualTo(Status.OK);
        assertThat(seen).containsExactly(LOW);
    }

    @Test
    void scan_ofALostTablet_isNotCalledWhole() {
        cluster.first.objects.put(LOW, "1");
        cluster.publish(
                tablet(0, Long.MAX_VALUE, cluster.first.id),
                new ClusterMap.Tablet(
                        1,
                        Long.MIN_VALUE,
                        -1,
                        cluster.second.id,
                        1,
                        ClusterMap.TabletState.LOST,
                        ServerId.NONE));
        assertThat(scan()).isEqualTo(Status.UNAVAILABLE);
        assertThat(seen).containsExactly(LOW);
    }
}
