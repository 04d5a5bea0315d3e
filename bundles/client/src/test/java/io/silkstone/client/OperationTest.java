package io.silkstone.client;

import static io.silkstone.client.ScriptedCluster.HIGH;
import static io.silkstone.client.ScriptedCluster.LOW;
import static io.silkstone.client.ScriptedCluster.MILLI;
import static io.silkstone.client.ScriptedServer.SILENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Status;
import io.silkstone.rpc.messages.ClearTableDecoder;
import io.silkstone.rpc.messages.GetClusterMapDecoder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OperationTest {
    private static final long SECOND = 1_000 * MILLI;

    private final ScriptedCluster cluster = new ScriptedCluster();
    private final ScriptedServer first = cluster.first;
    private final ScriptedServer second = cluster.second;

    @Test
    void read_goesToTheOwnerOfTheKey() {
        second.objects.put(HIGH, "there");
        assertThat(cluster.read(HIGH)).isEqualTo(Status.OK);
        assertThat(cluster.value()).isEqualTo("there");
        assertThat(cluster.session.version()).isEqualTo(7);
        assertThat(first.reads).isEmpty();
        assertThat(cluster.read(LOW)).isEqualTo(Status.NOT_FOUND);
        assertThat(first.reads).containsExactly(List.of(LOW));
    }

    @Test
    void read_withAStaleMap_followsTheRedirectionAndLearnsTheMap() {
        cluster.read(LOW);
        first.reads.clear();
        second.objects.put(LOW, "moved");
        cluster.publish(second.id, 2, second.id, 1);
        first.script.add(request -> request.moved(second.id.packed(), 2));

        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
        assertThat(cluster.value()).isEqualTo("moved");
        assertThat(cluster.count(ClientMetrics.REDIRECTS)).isEqualTo(1);
        assertThat(first.reads).hasSize(1);

        for (int step = 0; step < 10; step++) {
            cluster.step();
        }
        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
        assertThat(first.reads).hasSize(1);
    }

    /** The other one hears of it with its next renewal. */
    @Test
    void refreshMap_whereServersHaveNotHeardYet_isTheCoordinatorsMap() {
        for (int version = 1; version <= 10; version++) {
            ClusterMap before = first.map;
            cluster.publish(first.id, version, second.id, version);
            second.map = before;
            assertThat(cluster.store.refreshMap()).isEqualTo(first.map);
        }
    }

    @Test
    void refreshMap_whereAServerIsTheFirstSeed_isTheCoordinatorsMap() {
        ClusterStore store = cluster.newStore(List.of(second.address, first.address));
        for (int version = 1; version <= 10; version++) {
            ClusterMap before = first.map;
            cluster.publish(first.id, version, second.id, version);
            second.map = before;
            assertThat(store.refreshMap()).isEqualTo(first.map);
        }
    }

    @Test
    void refreshMap_whereNobodyLeads_isAServersMap() {
        first.leads = false;
        cluster.publish(first.id, 2, second.id, 2);
        long began = cluster.now;
        assertThat(cluster.store.refreshMap()).isEqualTo(first.map);
        assertThat(cluster.now - began).isBetween(SECOND, 2 * SECOND);
    }

    /** By a server's map it might leave out what was assigned since. */
    @Test
    void clear_whereNobodyLeads_isUnavailableAndClearsNothing() {
        List<ServerId> cleared = new ArrayList<>();
        cluster.servers.forEach(
                each ->
                        each.rpc.serve(
                                ClearTableDecoder.TEMPLATE_ID,
                                request -> {
                                    cleared.add(each.id);
                                    request.done(0);
                                }));
        assertThat(cluster.session.clear(cluster.table)).isEqualTo(Status.OK);
        assertThat(cleared).containsExactly(first.id, second.id);
        first.leads = false;
        assertThat(cluster.session.clear(cluster.table)).isEqualTo(Status.UNAVAILABLE);
        assertThat(cleared).hasSize(2);
    }

    @Test
    void refreshMap_withoutCoordinator_isAServersMap() {
        cluster.store.refreshMap();
        cluster.publish(first.id, 2, second.id, 2);
        first.rpc.serveNoMore(GetClusterMapDecoder.TEMPLATE_ID);
        assertThat(cluster.store.refreshMap()).isEqualTo(second.map);
    }

    @Test
    void table_whereAServerHasNoMapYet_isAskedForAgain() {
        ClusterMap map = second.map;
        second.map = ClusterMap.NONE;
        second.rpc.after(20 * MILLI, () -> second.map = map);
        assertThat(cluster.newStore(List.of(second.address)).table("default")).isNotNull();
    }

    @Test
    void read_redirectedToAnUnknownServer_fetchesTheMap() {
        second.objects.put(LOW, "moved");
        first.script.add(
                request -> {
                    cluster.publish(second.id, 2, second.id, 1);
                    request.moved(new ServerId(9, 1).packed(), 2);
                });
        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
        assertThat(cluster.store.map().tablet(1, 0).owner()).isEqualTo(second.id);
    }

    @Test
    void read_sentToAndFro_waitsForTheServersToAgree() {
        for (int time = 0; time < 10; time++) {
            first.script.add(request -> request.moved(second.id.packed(), 2));
            second.script.add(request -> request.moved(first.id.packed(), 3));
        }
        second.objects.put(LOW, "at last");
        first.objects.put(LOW, "at last");
        long began = cluster.now;
        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
        // After the third redirection in a row the owner that the map names is asked, with pauses.
        assertThat(second.reads).hasSize(2);
        assertThat(first.reads).hasSize(11);
        assertThat(cluster.now - began).as("time with pauses").isGreaterThan(20 * MILLI);
    }

    @Test
    void read_ofALostTablet_isUnavailableAtOnce() {
        cluster.publish(
                new ClusterMap.Tablet(
                        1, 0, -1, first.id, 1, ClusterMap.TabletState.LOST, ServerId.NONE));
        cluster.store.refreshMap();
        long began = cluster.now;
        assertThat(cluster.read(LOW)).isEqualTo(Status.UNAVAILABLE);
        assertThat(cluster.now - began).isLessThan(SECOND);
        assertThat(first.reads).isEmpty();
    }

    @Test
    void read_ofAMigratingTablet_asksItsOwnerOnly() {
        second.objects.put(LOW, "there");
        first.objects.put(LOW, "there before");
        cluster.publish(
                new ClusterMap.Tablet(
                        1, 0, -1, second.id, 2, ClusterMap.TabletState.MIGRATING, first.id));
        cluster.store.refreshMap();
        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
        assertThat(cluster.value()).isEqualTo("there");
        assertThat(first.reads).isEmpty();
    }

    @Test
    void read_ofATableThatIsGone_saysSo() {
        cluster.publish();
        cluster.store.refreshMap();
        assertThat(cluster.read(LOW)).isEqualTo(Status.NO_SUCH_TABLE);
    }

    @Test
    void read_thatNobodyAnswers_isUnavailableWhenItsTimeIsOver() {
        for (int time = 0; time < 1_000; time++) {
            first.script.add(SILENCE);
        }
        long began = cluster.now;
        assertThat(cluster.read(LOW)).isEqualTo(Status.UNAVAILABLE);
        assertThat(cluster.now - began).isBetween(10 * SECOND, 11 * SECOND);
        assertThat(cluster.count(ClientMetrics.RETRIES)).isGreaterThan(10);
    }

    @Test
    void retryLater_isFollowedAfterTheTimeThatWasAdvised() {
        first.objects.put(LOW, "later");
        first.script.add(
                request ->
                        request.refuse(
                                io.silkstone.rpc.messages.Status.RETRY_LATER, 50 * MILLI, ""));
        long began = cluster.now;
        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
        assertThat(cluster.now - began).isBetween(50 * MILLI, 70 * MILLI);
    }

    @Test
    void read_whenTheStoreIsClosed_endsByItsTime() {
        first.script.add(
                request -> {
                    cluster.store.close();
                    request.refuse(io.silkstone.rpc.messages.Status.NOT_A_MEMBER);
                });
        for (int time = 0; time < 10_000; time++) {
            first.script.add(
                    request -> request.refuse(io.silkstone.rpc.messages.Status.NOT_A_MEMBER));
        }
        long began = cluster.now;
        assertThat(cluster.read(LOW)).isEqualTo(Status.UNAVAILABLE);
        assertThat(cluster.now - began).isBetween(SECOND, 11 * SECOND);
    }

    @Test
    void read_whoseMapIsBeingFetchedWhenTheStoreIsClosed_goesOn() {
        first.objects.put(LOW, "after all");
        first.script.add(
                request -> {
                    cluster.servers.forEach(
                            each ->
                                    each.rpc.serve(
                                            GetClusterMapDecoder.TEMPLATE_ID,
                                            fetch -> cluster.store.close()));
                    request.refuse(io.silkstone.rpc.messages.Status.NOT_A_MEMBER);
                });
        assertThat(cluster.read(LOW)).isEqualTo(Status.OK);
    }

    @Test
    void read_whenTheRpcIsClosed_endsSoon() {
        first.script.add(request -> cluster.rpc.close());
        long began = cluster.now;
        assertThat(cluster.read(LOW)).isEqualTo(Status.UNAVAILABLE);
        assertThat(cluster.now - began).isLessThan(2 * SECOND);
    }

    @Test
    void change_isAskedForAgainUnderTheSameNumber() {
        first.script.add(SILENCE);
        assertThat(cluster.write(LOW, "once")).isEqualTo(Status.OK);
        assertThat(first.changes).hasSize(2);
        assertThat(first.changes.get(1)).isEqualTo(first.changes.get(0));
        assertThat(first.changes.get(0).lease()).isNotZero();
    }

    @Test
    void changes_haveNumbersOfTheirOwn_andSayWhichAreAnswered() {
        cluster.write(LOW, "1");
        cluster.write(LOW, "2");
        assertThat(first.changes.get(0).request()).isEqualTo(1);
        assertThat(first.changes.get(1).request()).isEqualTo(2);
        assertThat(first.changes.get(1).firstUnanswered()).isEqualTo(2);
    }

    @Test
    void change_thatNobodyAnswers_isUnknown() {
        for (int time = 0; time < 1_000; time++) {
            first.script.add(SILENCE);
        }
        assertThat(cluster.write(LOW, "?")).isEqualTo(Status.UNKNOWN);
        assertThat(first.changes).extracting(ScriptedServer.Asked::request).containsOnly(1L);
    }

    @Test
    void change_thatNeverLeft_isUnavailable() {
        cluster.network.isolate(second.address);
        assertThat(cluster.write(HIGH, "?")).isEqualTo(Status.UNAVAILABLE);
    }

    @Test
    void change_thatOneOwnerMayHaveMade_isNotMadeByTheNext() {
        first.script.add(request -> cluster.publish(second.id, 2, second.id, 1));
        for (int time = 0; time < 5; time++) {
            first.script.add(SILENCE);
        }
        assertThat(cluster.write(LOW, "?")).isEqualTo(Status.UNKNOWN);
        assertThat(second.changes).isEmpty();
    }

    @Test
    void change_thatOneOwnerMayHaveMade_isAskedOfTheNextThatKnowsOfIt() {
        first.script.add(request -> cluster.publish(tablet(second.id, 2).withSince(1)));
        for (int time = 0; time < 5; time++) {
            first.script.add(SILENCE);
        }
        assertThat(cluster.write(LOW, "there")).isEqualTo(Status.OK);
        assertThat(second.changes).hasSize(1);
        assertThat(second.changes.getFirst().request())
                .isEqualTo(first.changes.getFirst().request());
    }

    @Test
    void change_thatOneOwnerMayHaveMade_waitsForTheMapWhenItIsRedirected() {
        first.script.add(SILENCE);
        first.script.add(
                request -> {
                    cluster.publish(tablet(second.id, 3).withSince(3));
                    request.moved(second.id.packed(), 3);
                });
        assertThat(cluster.write(LOW, "?")).isEqualTo(Status.UNKNOWN);
        assertThat(second.changes).isEmpty();
    }

    private static ClusterMap.Tablet tablet(ServerId owner, long epoch) {
        return new ClusterMap.Tablet(
                1, 0, -1, owner, epoch, ClusterMap.TabletState.NORMAL, ServerId.NONE);
    }

    @Test
    void change_thatWasSurelyNotMade_goesToTheNextOwner() {
        first.script.add(
                request -> {
                    cluster.publish(second.id, 2, second.id, 1);
                    request.moved(second.id.packed(), 2);
                });
        assertThat(cluster.write(LOW, "there")).isEqualTo(Status.OK);
        assertThat(second.objects).containsEntry(LOW, "there");
    }

    @Test
    void change_underALeaseThatIsOver_isMadeUnderAnother() {
        cluster.write(LOW, "1");
        long lease = first.changes.getFirst().lease();
        first.script.add(request -> request.refuse(io.silkstone.rpc.messages.Status.LEASE_EXPIRED));
        assertThat(cluster.write(LOW, "2")).isEqualTo(Status.OK);
        assertThat(first.changes.getLast().lease()).isGreaterThan(lease);
        assertThat(first.changes.getLast().request()).isEqualTo(1);
    }

    @Test
    void change_thatGetsNoLease_endsWhenItsTimeIsOver() {
        first.rpc.serve(io.silkstone.rpc.messages.OpenLeaseDecoder.TEMPLATE_ID, SILENCE);
        long began = cluster.now;
        assertThat(cluster.write(LOW, "?")).isEqualTo(Status.UNAVAILABLE);
        assertThat(cluster.now - began).isBetween(10 * SECOND, 10 * SECOND + 50 * MILLI);
        assertThat(first.changes).isEmpty();
    }

    @Test
    void change_thatMayHaveBeenMadeUnderALeaseThatIsOver_isUnknown() {
        first.script.add(SILENCE);
        first.script.add(request -> request.refuse(io.silkstone.rpc.messages.Status.LEASE_EXPIRED));
        assertThat(cluster.write(LOW, "?")).isEqualTo(Status.UNKNOWN);
        assertThat(first.changes).hasSize(2);
    }
}
