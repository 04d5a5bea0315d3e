package io.silkstone.gateway.cluster;

import static io.silkstone.gateway.cluster.HandMadeCluster.HALF;
import static io.silkstone.gateway.cluster.HandMadeCluster.ONE;
import static io.silkstone.gateway.cluster.HandMadeCluster.TWO;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import org.junit.jupiter.api.Test;

class RoutesTest {
    private static final int LAST = Key.SLOTS - 1;

    private final HandMadeCluster cluster = new HandMadeCluster();

    private static long hash(int slot) {
        return (long) slot << Key.SLOT_SHIFT | 12_345;
    }

    private Routes of(HandMadeCluster.Draft draft) {
        return cluster.with(draft).routes();
    }

    @Test
    void serves_ownSlots_only() {
        Routes routes = of(HandMadeCluster.halves(1));
        assertThat(routes.serves(0)).isTrue();
        assertThat(routes.serves(HALF - 1)).isTrue();
        assertThat(routes.serves(HALF)).isFalse();
        assertThat(routes.serves(LAST)).isFalse();
        assertThat(routes.refusal(hash(HALF - 1))).isNull();
        assertThat(routes.refusal(hash(HALF))).isEqualTo("MOVED " + HALF + " 127.0.0.1:7601");
        assertThat(routes.isElsewhere(hash(0))).isFalse();
        assertThat(routes.isElsewhere(hash(HALF))).isTrue();
    }

    @Test
    void refusal_ofWhatCameBeforeTheMap_sendsNobodyAway() {
        cluster.take(HALF);
        Routes routes = of(HandMadeCluster.halves(1));
        assertThat(routes.refusal(hash(HALF))).isNull();
        assertThat(routes.isElsewhere(hash(HALF))).isFalse();
        assertThat(routes.isComing(hash(HALF))).isTrue();
        assertThat(routes.refusal(hash(HALF + 1))).startsWith("MOVED ");
        assertThat(routes.isComing(hash(HALF + 1))).isFalse();
    }

    @Test
    void serves_whatIsLeaving_isStillServed() {
        Routes routes = of(HandMadeCluster.pair(1).slots(0, LAST, ONE, TabletState.LEAVING));
        assertThat(routes.serves(5)).isTrue();
        assertThat(routes.refusal(hash(5))).isNull();
    }

    @Test
    void serves_whatIsMigrating_isServedByItsOwner() {
        Routes routes =
                of(
                        HandMadeCluster.pair(1)
                                .slots(0, HALF - 1, ONE, TabletState.MIGRATING)
                                .slots(HALF, LAST, TWO, TabletState.MIGRATING));
        assertThat(routes.serves(5)).isTrue();
        assertThat(routes.refusal(hash(5))).isNull();
        assertThat(routes.serves(HALF)).isFalse();
        assertThat(routes.refusal(hash(HALF))).isEqualTo("MOVED " + HALF + " 127.0.0.1:7601");
        assertThat(routes.isElsewhere(hash(HALF))).isTrue();
    }

    @Test
    void refusal_ofWhatIsLost_saysSo() {
        Routes routes = of(HandMadeCluster.pair(1).slots(0, LAST, ONE, TabletState.LOST));
        assertThat(routes.serves(5)).isFalse();
        assertThat(routes.refusal(hash(5)))
                .isEqualTo("CLUSTERDOWN server 1.1, which had hash slot 5, is down");
        assertThat(routes.isElsewhere(hash(5))).isFalse();
    }

    @Test
    void refusal_ofAServerThatIsDown_saysSo() {
        Routes routes =
                of(
                        new HandMadeCluster.Draft(1)
                                .server(1, 1, true, "h:1")
                                .server(2, 1, false, "h:2")
                                .slots(0, 99, ONE)
                                .slots(100, 199, TWO)
                                .slots(200, LAST, new ServerId(3, 1)));
        assertThat(routes.refusal(hash(100))).startsWith("CLUSTERDOWN server 2.1").contains("down");
        assertThat(routes.refusal(hash(200))).startsWith("CLUSTERDOWN server 3.1").contains("down");
    }

    @Test
    void refusal_ofWhatTheSameNodeHadBefore_isNoRedirectToItself() {
        Routes routes = cluster.as(new ServerId(2, 2)).with(HandMadeCluster.halves(1)).routes();
        assertThat(routes.refusal(hash(HALF))).startsWith("CLUSTERDOWN this node");
    }

    @Test
    void refusal_withoutAMap_isPlain() {
        assertThat(cluster.routes().refusal(hash(1))).startsWith("CLUSTERDOWN this node");
        assertThat(Routes.NONE.refusal(hash(1))).startsWith("CLUSTERDOWN this node");
        assertThat(Routes.NONE.mayTell()).isFalse();
    }

    @Test
    void refusal_ofAServerWithoutRedisClients_isPlain() {
        Routes routes =
                of(
                        new HandMadeCluster.Draft(1)
                                .server(1, 1, true, "h:1")
                                .server(2, 1, true, "")
                                .slots(0, LAST, TWO));
        assertThat(routes.refusal(hash(3))).startsWith("CLUSTERDOWN server 2.1 has");
        assertThat(routes.isElsewhere(hash(3))).isTrue();
    }

    @Test
    void serves_slotCutInTwo_countsAsServedOnlyWhole() {
        long middle = hash(7);
        Routes routes =
                of(
                        HandMadeCluster.pair(1)
                                .hashes(0, middle, ONE, TabletState.NORMAL)
                                .hashes(middle + 1, -1, TWO, TabletState.NORMAL));
        assertThat(routes.serves(6)).isTrue();
        assertThat(routes.serves(7)).isFalse();
        assertThat(routes.refusal(middle)).isNull();
        assertThat(routes.refusal(middle + 1)).isEqualTo("MOVED 7 127.0.0.1:7601");
        assertThat(routes.spans()).extracting(Routes.Span::first).containsExactly(0, 8);
        assertThat(routes.spans()).extracting(Routes.Span::last).containsExactly(7, LAST);
    }

    @Test
    void serves_slotCutBetweenTabletsOfOne_isServed() {
        long middle = hash(7);
        Routes routes =
                of(
                        HandMadeCluster.pair(1)
                                .hashes(0, middle, ONE, TabletState.NORMAL)
                                .hashes(middle + 1, -1, ONE, TabletState.NORMAL));
        assertThat(routes.serves(7)).isTrue();
        assertThat(routes.spans()).hasSize(1);
    }

    @Test
    void spans_ofSplitTablets_areJoined() {
        Routes routes =
                of(
                        HandMadeCluster.pair(1)
                                .slots(0, 9, ONE)
                                .slots(10, 19, ONE, TabletState.LEAVING)
                                .slots(20, 24, TWO)
                                .slots(25, 29, TWO, TabletState.MIGRATING)
                                .slots(30, 39, ONE)
                                .slots(40, 49, ONE, TabletState.LOST)
                                .slots(60, LAST, TWO));
        assertThat(routes.spans())
                .extracting(span -> span.first() + "-" + span.last() + " " + span.owner())
                .containsExactly("0-19 1.1", "20-29 2.1", "30-39 1.1", "40-49 1.1", "60-16383 2.1");
        assertThat(routes.spans()).extracting(Routes.Span::served).endsWith(true, false, true);
    }

    @Test
    void mayTell_needsTheLeaseOfTheSameServer() {
        Routes routes = of(HandMadeCluster.halves(1));
        assertThat(routes.mayTell()).isTrue();
        cluster.as(new ServerId(1, 2));
        assertThat(routes.mayTell()).as("enlisted afresh since").isFalse();
        cluster.as(ONE).leaseChecksLeft = 0;
        assertThat(routes.mayTell()).isFalse();
    }

    @Test
    void isOf_untilMapOrSelfChange() {
        Routes routes = of(HandMadeCluster.halves(1));
        assertThat(routes.isOf(cluster)).isTrue();
        assertThat(routes.isOf(new HandMadeCluster())).isFalse();
        cluster.as(TWO);
        assertThat(routes.isOf(cluster)).isFalse();
        cluster.as(ONE).with(HandMadeCluster.halves(2));
        assertThat(routes.isOf(cluster)).isFalse();
    }

    @Test
    void alone_hasEverything() {
        Routes routes = Routes.alone(HandMadeCluster.node(1), "h", 1);
        assertThat(routes.serves(0)).isTrue();
        assertThat(routes.serves(LAST)).isTrue();
        assertThat(routes.mayTell()).isTrue();
    }
}
