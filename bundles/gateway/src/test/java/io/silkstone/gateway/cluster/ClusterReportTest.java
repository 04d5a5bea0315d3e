package io.silkstone.gateway.cluster;

import static io.silkstone.gateway.cluster.HandMadeCluster.ONE;
import static io.silkstone.gateway.cluster.HandMadeCluster.TWO;
import static io.silkstone.gateway.cluster.HandMadeCluster.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import org.junit.jupiter.api.Test;

class ClusterReportTest {
    private static final int LAST = Key.SLOTS - 1;

    private final HandMadeCluster cluster = new HandMadeCluster();

    private ClusterReport report(HandMadeCluster.Draft draft) {
        return new ClusterReport(cluster.with(draft).routes(), node(1), "here", 1234);
    }

    @Test
    void nodes_hasALineForEachServer() {
        ClusterReport report =
                report(
                        HandMadeCluster.pair(9)
                                .slots(0, 5_000, ONE)
                                .slots(5_001, 5_001, TWO)
                                .slots(5_002, 8_000, ONE, TabletState.LEAVING)
                                .slots(8_001, LAST, TWO, TabletState.MIGRATING));
        assertThat(report.nodes().lines())
                .containsExactly(
                        node(1)
                                + " 127.0.0.1:7600@0 myself,master - 0 0 3 connected"
                                + " 0-5000 5002-8000",
                        node(2) + " 127.0.0.1:7601@0 master - 0 0 4 connected 5001 8001-16383");
    }

    @Test
    void nodes_onEachNode_differInMyselfOnly() {
        HandMadeCluster.Draft draft = HandMadeCluster.halves(1);
        String first = report(draft).nodes();
        cluster.as(TWO);
        String second = report(draft).nodes();
        assertThat(second).isNotEqualTo(first);
        assertThat(second.replace("myself,", "")).isEqualTo(first.replace("myself,", ""));
    }

    @Test
    void nodes_ofServersThatAreDownOrHaveNoAddress_sayIt() {
        ClusterReport report =
                report(
                        new HandMadeCluster.Draft(1)
                                .server(1, 1, true, "")
                                .server(2, 1, false, "[::1]:7601")
                                .slots(0, 99, ONE)
                                .slots(100, 199, TWO, TabletState.LOST));
        assertThat(report.nodes().lines())
                .containsExactly(
                        node(1) + " :0@0 myself,master,noaddr - 0 0 1 connected 0-99",
                        node(2) + " ::1:7601@0 master,fail - 0 0 2 disconnected 100-199");
        assertThat(report.served()).hasSize(1);
    }

    @Test
    void nodes_beforeThereIsAMap_isThisNode() {
        ClusterReport report = new ClusterReport(Routes.NONE, node(1), "here", 1234);
        assertThat(report.nodes())
                .isEqualTo(node(1) + " here:1234@0 myself,master - 0 0 0 connected\n");
        assertThat(report.self()).isEqualTo(node(1));
        assertThat(report.info()).contains("cluster_state:fail", "cluster_known_nodes:1");
    }

    @Test
    void nodes_whileEnlistingAfresh_namesEachNodeOnce() {
        cluster.as(ServerId.NONE);
        ClusterReport report = report(HandMadeCluster.halves(1));
        assertThat(report.servers()).extracting(Server::node).containsExactly(node(1), node(2));
        assertThat(report.servers()).extracting(Server::id).doesNotContain(ONE);
    }

    @Test
    void info_ofAWholeCluster_isOk() {
        String info = report(HandMadeCluster.halves(9)).info();
        assertThat(info.lines())
                .contains(
                        "cluster_state:ok",
                        "cluster_slots_assigned:16384",
                        "cluster_slots_ok:16384",
                        "cluster_slots_fail:0",
                        "cluster_known_nodes:2",
                        "cluster_size:2",
                        "cluster_current_epoch:9",
                        "cluster_my_epoch:1");
    }

    @Test
    void info_whileSlotsMigrate_isOk() {
        String info =
                report(
                                HandMadeCluster.pair(9)
                                        .slots(0, 99, ONE)
                                        .slots(100, LAST, TWO, TabletState.MIGRATING))
                        .info();
        assertThat(info.lines())
                .contains("cluster_state:ok", "cluster_slots_ok:16384", "cluster_slots_fail:0");
    }

    @Test
    void info_whereSlotsAreLost_isNot() {
        String info =
                report(
                                HandMadeCluster.pair(9)
                                        .slots(0, 99, ONE)
                                        .slots(100, 299, TWO, TabletState.LOST))
                        .info();
        assertThat(info.lines())
                .contains(
                        "cluster_state:fail",
                        "cluster_slots_assigned:300",
                        "cluster_slots_ok:100",
                        "cluster_slots_fail:200");
    }

    @Test
    void info_withoutALease_isNot() {
        cluster.leaseChecksLeft = 0;
        assertThat(report(HandMadeCluster.halves(1)).info()).contains("cluster_state:fail");
    }
}
