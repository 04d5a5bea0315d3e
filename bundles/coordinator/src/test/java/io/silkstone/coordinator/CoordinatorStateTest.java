package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class CoordinatorStateTest {
    private static final long LEASE = 1_000_000;

    private final List<String> warnings = new ArrayList<>();
    private final CoordinatorState state =
            new CoordinatorState(
                    new Notices() {
                        @Override
                        public void say(String sentence) {
                            // Only losses are looked at.
                        }

                        @Override
                        public void warn(String sentence) {
                            warnings.add(sentence);
                        }
                    });
    private long calls;

    CoordinatorStateTest() {
        state.takeLead(1, 99, 1, 0, 0);
    }

    private static String node(int number) {
        return "%040x".formatted(number);
    }

    private Result enlistResult(int node, long boot) {
        return state.enlist(1, boot, 0, LEASE, node(node), "memory:" + node, "", List.of());
    }

    private ServerId enlist(int node, long boot) {
        Result result = enlistResult(node, boot);
        assertThat(result.status()).as(result.text()).isEqualTo(Status.OK);
        return ServerId.of(result.number());
    }

    private Result assign(String table, long hash, ServerId server) {
        return state.assignTablet(++calls, table, hash, server);
    }

    private Result create(String name, int tablets) {
        return state.createTable(++calls, name, tablets, Cluster.DEFAULT_REPLICAS);
    }

    private Tablet tablet(String table, long hash) {
        ClusterMap map = state.map();
        return map.tablet(map.table(table).id(), hash);
    }

    private void release(Tablet tablet, boolean released) {
        state.tabletLeft(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch(), released);
    }

    /** {@code server} takes a tablet that it knows like this. */
    private Result take(ServerId server, Tablet known) {
        return state.takeTablet(
                server,
                known.owner(),
                known.table(),
                known.firstHash(),
                known.lastHash(),
                known.epoch());
    }

    /** The table's only tablet as it is afterwards. */
    private Tablet taken(ServerId server, String table) {
        Result result = take(server, tablet(table, 0));
        assertThat(result.status()).as(result.text()).isEqualTo(Status.OK);
        return tablet(table, 0);
    }

    private Result endMigration(Tablet tablet) {
        return state.migrationEnded(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch());
    }

    private Result recall(Tablet tablet) {
        return state.recallTablet(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch());
    }

    private void assertChangesNothing(Supplier<Result> command) {
        byte[] before = Snapshots.encode(state);
        Result result = command.get();
        assertThat(result.status()).as(result.text()).isEqualTo(Status.OK);
        assertThat(Snapshots.encode(state)).isEqualTo(before);
    }

    private static void assertRefused(Result result, String part) {
        assertThat(result.status()).isEqualTo(Status.REFUSED);
        assertThat(result.text()).contains(part).doesNotContain("\n");
    }

    @Test
    void takeLead_again_keepsTheClusterAndBeginsATerm() {
        assertThat(state.takeLead(5, 77, 3, 3, 0).number()).isEqualTo(2);

        assertThat(state.cluster()).isEqualTo(99);
        assertThat(state.serversFirst()).isOne();
        assertThat(state.confirm(2).isOk()).isTrue();
        assertThat(state.confirm(1).status()).isEqualTo(Status.NOT_LEADER);
    }

    @Test
    void enlist_first_makesTheDefaultTable() {
        ServerId server = enlist(1, 10);

        assertThat(server).isEqualTo(new ServerId(1, 1));
        assertThat(state.map().tables()).containsExactly(new ClusterMap.Table(1, "default"));
        assertThat(tablet("default", -1))
                .isEqualTo(new Tablet(1, 0, -1, server, 1, TabletState.NORMAL, ServerId.NONE));
    }

    @Test
    void enlist_sameBootTwice_isOneServer() {
        ServerId server = enlist(1, 10);
        long version = state.mapVersion();

        assertThat(enlist(1, 10)).isEqualTo(server);
        assertThat(state.mapVersion()).isEqualTo(version);
    }

    @Test
    void enlist_sameBootElsewhere_movesTheAddress() {
        ServerId server = enlist(1, 10);

        state.enlist(1, 10, 0, LEASE, node(1), "memory:new", "h:1", List.of());

        assertThat(state.map().server(server).address()).isEqualTo("memory:new");
    }

    @Test
    void enlist_otherBootWhileUp_waits() {
        enlist(1, 10);

        assertThat(enlistResult(1, 11).status()).isEqualTo(Status.RETRY_LATER);
    }

    @Test
    void enlist_otherBootThatProvesTheEndOfTheFormer_isTheNextGeneration() {
        enlist(1, 10);

        Result result = state.enlist(1, 11, 10, LEASE, node(1), "memory:1", "", List.of());

        assertThat(result.number()).isEqualTo(new ServerId(1, 2).packed());
        assertThat(tablet("default", 0).epoch()).isEqualTo(2);
        assertThat(warnings).anyMatch(warning -> warning.contains("1.1 at memory:"));
        assertThat(warnings.getLast()).contains("EMPTY");
        assertThat(enlistResult(1, 10).status()).isEqualTo(Status.NOT_A_MEMBER);
    }

    @Test
    void enlist_endOfAnotherThanTheOneThatIsUp_waits() {
        enlist(1, 10);

        Result result = state.enlist(1, 11, 9, LEASE, node(1), "memory:1", "", List.of());

        assertThat(result.status()).isEqualTo(Status.RETRY_LATER);
        assertThat(state.map().server(new ServerId(1, 1))).isNotNull();
    }

    @Test
    void enlist_afterDown_isTheNextGenerationWithItsTabletsEmpty() {
        ServerId first = enlist(1, 10);
        state.down(1, first, List.of());
        assertThat(tablet("default", 0).state()).isEqualTo(TabletState.LOST);

        ServerId second = enlist(1, 11);

        assertThat(second).isEqualTo(new ServerId(1, 2));
        assertThat(tablet("default", 0))
                .isEqualTo(new Tablet(1, 0, -1, second, 2, TabletState.NORMAL, ServerId.NONE));
        assertThat(warnings.getLast()).contains("LOST");
        assertThat(state.map().server(first)).isNull();
    }

    @Test
    void enlist_byAnEarlierProcess_isNoMember() {
        state.down(1, enlist(1, 10), List.of());
        assertThat(enlistResult(1, 10).status()).isEqualTo(Status.NOT_A_MEMBER);
        ServerId second = enlist(1, 11);
        assertThat(enlistResult(1, 10).status()).isEqualTo(Status.NOT_A_MEMBER);
        state.down(1, second, List.of());

        assertThat(enlistResult(1, 10).status()).isEqualTo(Status.NOT_A_MEMBER);
        assertThat(enlistResult(1, 11).status()).isEqualTo(Status.NOT_A_MEMBER);
    }

    @Test
    void enlist_badNames_areRefused() {
        assertRefused(
                state.enlist(1, 1, 0, LEASE, "xyz", "a", "", List.of()), "40 hexadecimal digits");
        assertRefused(state.enlist(1, 1, 0, LEASE, node(1), "a b", "", List.of()), "no spaces");
        assertRefused(state.enlist(1, 1, 0, LEASE, node(1), "", "", List.of()), "no spaces");
        assertRefused(state.enlist(1, 1, 0, LEASE, node(1), "a", "b c", List.of()), "no spaces");
        assertThat(state.map().servers()).isEmpty();
    }

    @Test
    void enlist_tooMany_forgetsOneThatIsDownAndHasNothing() {
        for (int node = 0; node < Membership.SERVERS_MAX; node++) {
            enlist(node, 5_000 + node);
        }
        assertRefused(enlistResult(9_999, 1), "as many as there can be");

        state.down(1, new ServerId(7, 1), List.of());

        assertThat(enlist(9_999, 1).index()).isEqualTo(Membership.SERVERS_MAX + 1);
        assertThat(state.map().servers()).hasSize(Membership.SERVERS_MAX);
    }

    @Test
    void enlist_serversFirst_tableIsMadeForAllOfThem() {
        CoordinatorState three = new CoordinatorState(Notices.NONE);
        three.takeLead(1, 99, 3, 0, 0);
        for (int node = 1; node <= 3; node++) {
            assertThat(three.map().tables()).isEmpty();
            three.enlist(1, node, 0, LEASE, node(node), "memory:" + node, "", List.of());
        }

        List<Tablet> tablets = three.map().tablets();
        assertThat(tablets).extracting(tablet -> tablet.owner().index()).containsExactly(1, 2, 3);
        assertThat(tablets)
                .allSatisfy(
                        tablet -> {
                            assertThat(tablet.firstHash() << 14).isZero();
                            assertThat(tablet.lastHash() << 14).isEqualTo(-1L << 14);
                        });
    }

    @Test
    void down_inAnEarlierTerm_hasNoEffect() {
        ServerId server = enlist(1, 10);
        state.takeLead(2, 0, 1, 0, 0);

        assertThat(state.down(1, server, List.of()).status()).isEqualTo(Status.NOT_LEADER);
        assertThat(state.serversUp()).containsExactly(server);
        state.down(0, server, List.of());
        assertThat(state.serversUp()).isEmpty();
    }

    @Test
    void createTable_coversAllHashesInTurn() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);

        for (int tablets : new int[] {1, 2, 3, 7, 1_000}) {
            int id = (int) create("t" + tablets, tablets).number();
            List<Tablet> all =
                    state.map().tablets().stream().filter(each -> each.table() == id).toList();
            assertThat(all).hasSize(tablets);
            assertCovered(all);
        }
        assertThat(tablet("t2", 0).owner()).isNotEqualTo(tablet("t2", -1).owner());
        assertThat(tablet("t2", 0).owner()).isIn(one, two);
    }

    private static void assertCovered(List<Tablet> tablets) {
        long next = 0;
        for (Tablet tablet : tablets) {
            assertThat(tablet.firstHash()).isEqualTo(next);
            assertThat(Long.compareUnsigned(tablet.lastHash(), next)).isNotNegative();
            next = tablet.lastHash() + 1;
        }
        assertThat(next).isZero();
    }

    @Test
    void createTable_refusals() {
        assertRefused(create("t", 1), "no server is up");
        enlist(1, 10);

        assertRefused(create("", 1), "1 to 255 characters");
        assertRefused(create("a b", 1), "1 to 255 characters");
        assertRefused(create("x".repeat(70_000), 1), "1 to 255 characters");
        assertRefused(create("t", 65_534), "there can be 65534");
        assertThat(create("t", 4).number()).isEqualTo(2);
        assertThat(create("t", 4).number()).isEqualTo(2);
        assertRefused(create("t", 5), "already");
        assertThat(state.map().tables()).hasSize(2);
    }

    @Test
    void createTable_afterADrop_hasANewId() {
        enlist(1, 10);
        create("t", 4);
        state.dropTable(++calls, "t");

        assertThat(create("t", 4).number()).isEqualTo(3);
    }

    @Test
    void dropTable_late_afterTheTableIsThereAgain_doesNothing() {
        enlist(1, 10);
        create("t", 4);
        state.dropTable(77, "t");
        create("t", 4);

        assertThat(state.dropTable(77, "t").isOk()).isTrue();

        assertThat(state.map().table("t").id()).isEqualTo(3);
        assertRefused(state.dropTable(++calls, "default"), "as long as the cluster");
        assertThat(state.dropTable(++calls, "none").isOk()).isTrue();
    }

    @Test
    void splitTablet_makesTwoOfTheNextEpoch() {
        ServerId server = enlist(1, 10);
        create("t", 1);

        assertThat(state.splitTablet(++calls, "t", 5).isOk()).isTrue();
        long version = state.mapVersion();
        assertThat(state.splitTablet(++calls, "t", 5).isOk()).isTrue();

        assertThat(state.mapVersion()).isEqualTo(version);
        assertThat(tablet("t", 4))
                .isEqualTo(
                        new Tablet(2, 0, 4, server, 2, TabletState.NORMAL, ServerId.NONE)
                                .withSince(1));
        assertThat(tablet("t", 5))
                .isEqualTo(
                        new Tablet(2, 5, -1, server, 2, TabletState.NORMAL, ServerId.NONE)
                                .withSince(1));
        assertRefused(state.splitTablet(++calls, "default", 5), "borders of slots");
        assertThat(state.splitTablet(++calls, "default", 5L << Key.SLOT_SHIFT).isOk()).isTrue();
        assertRefused(state.splitTablet(++calls, "none", 5), "no table called none");
    }

    @Test
    void assignTablet_normal_leavesWhenItsOwnerLetsGo() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Result result = assign("default", 0, two);
        assertThat(state.outcome(result.move())).isNull();
        Tablet leaving = tablet("default", 0);
        assertThat(leaving).isEqualTo(new Tablet(1, 0, -1, one, 1, TabletState.LEAVING, two));
        assertRefused(state.splitTablet(++calls, "default", 1L << 63), "on its way");

        release(leaving, true);

        assertThat(state.outcome(result.move()).isOk()).isTrue();
        assertThat(tablet("default", 0))
                .isEqualTo(new Tablet(1, 0, -1, two, 2, TabletState.NORMAL, ServerId.NONE));
    }

    @Test
    void assignTablet_withObjects_staysAndSaysSo() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Result result = assign("default", 0, two);
        Tablet leaving = tablet("default", 0);

        release(leaving, false);

        assertRefused(state.outcome(result.move()), "has objects and stays with server 1.1");
        assertThat(tablet("default", 0).owner()).isEqualTo(one);
        assertThat(tablet("default", 0).epoch()).isEqualTo(2);

        Result again = assign("default", 0, two);
        release(leaving, true);
        assertThat(state.outcome(again.move())).as("a report of the move before").isNull();
    }

    @Test
    void assignTablet_toItsOwner_callsOff() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        ServerId three = enlist(3, 30);
        Result result = assign("default", 0, two);

        assertRefused(assign("default", 0, three), "on its way to server 2.1");
        assertThat(assign("default", 0, two).move()).isEqualTo(result.move());
        assertThat(assign("default", 0, one).move()).isNull();

        assertRefused(state.outcome(result.move()), "called off");
        assertThat(tablet("default", 0).state()).isEqualTo(TabletState.NORMAL);
    }

    @Test
    void assignTablet_heirGoesDown_stays() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Result result = assign("default", 0, two);

        state.down(1, two, List.of());

        assertRefused(state.outcome(result.move()), "server 2.1 went down");
        assertThat(tablet("default", 0).owner()).isEqualTo(one);
        assertRefused(assign("default", 0, two), "not up");
    }

    @Test
    void assignTablet_ownerGoesDown_heirHasItEmpty() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Result result = assign("default", 0, two);

        state.down(1, one, List.of());

        assertThat(state.outcome(result.move()).isOk()).isTrue();
        assertThat(tablet("default", 0).owner()).isEqualTo(two);
        assertThat(warnings.getLast()).contains("its objects are lost");
    }

    @Test
    void assignTablet_lost_atOnce() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        state.down(1, one, List.of());

        assertThat(assign("default", 0, two).move()).isNull();

        assertThat(tablet("default", 0))
                .isEqualTo(new Tablet(1, 0, -1, two, 2, TabletState.NORMAL, ServerId.NONE));
        enlist(1, 11);
        assertThat(tablet("default", 0).owner()).isEqualTo(two);
    }

    @Test
    void assignTablet_tableDropped_saysSo() {
        enlist(1, 10);
        create("t", 1);
        Result result = assign("t", 0, enlist(2, 20));
        state.dropTable(++calls, "t");

        assertRefused(state.outcome(result.move()), "dropped");
    }

    @Test
    void assignTablet_takenMeanwhile_saysSo() {
        enlist(1, 10);
        Result result = assign("default", 0, enlist(2, 20));
        release(tablet("default", 0), false);
        taken(enlist(3, 30), "default");

        assertRefused(state.outcome(result.move()), "has gone to server 3.1 meanwhile");
    }

    @Test
    void takeTablet_normal_isWithTheNewOwnerAtOnce() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        create("t", 8);
        state.splitTablet(++calls, "t", 5);
        long version = state.mapVersion();

        Result result = take(two, tablet("default", 0));

        assertThat(result).isEqualTo(Result.ok(3));
        assertThat(tablet("default", 0))
                .isEqualTo(new Tablet(1, 0, -1, two, 3, TabletState.MIGRATING, one).withSince(1));
        assertThat(state.mapVersion()).isEqualTo(version + 1);
    }

    @Test
    void takeTablet_again_givesTheSameEpoch() {
        enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet known = tablet("default", 0);
        Tablet taken = taken(two, "default");

        assertChangesNothing(() -> take(two, known));

        assertThat(take(two, known).number()).isEqualTo(taken.epoch());
    }

    @Test
    void takeTablet_refusals_changeNothing() {
        ServerId one = enlist(1, 10);
        create("gone", 1);
        final Tablet dropped = tablet("gone", 0);
        state.dropTable(++calls, "gone");
        create("leaving", 1);
        create("cut", 1);
        final Tablet whole = tablet("cut", 0);
        state.splitTablet(++calls, "cut", 5);
        final Tablet known = tablet("default", 0);
        ServerId two = enlist(2, 20);
        ServerId three = enlist(3, 30);
        create("lost", 3);
        state.down(1, two, List.of());
        assign("leaving", 0, three);
        taken(three, "default");
        Tablet lost =
                state.map().tablets().stream()
                        .filter(tablet -> tablet.state() == TabletState.LOST)
                        .findFirst()
                        .orElseThrow();
        byte[] before = Snapshots.encode(state);

        assertRefused(take(two, whole), "server 2.1 is not up");
        assertRefused(take(three, dropped), "there is no table 2 any more");
        assertRefused(take(one, lost), "is lost");
        assertRefused(take(one, tablet("leaving", 0)), "on its way to server 3.1");
        assertRefused(take(one, known), "on its way from server 1.1");
        assertRefused(take(three, whole), "with server 1.1 in epoch 2, and not as server 3.1 knew");
        assertRefused(take(one, tablet("cut", 0)), "with server 1.1 already");

        assertThat(Snapshots.encode(state)).isEqualTo(before);
    }

    @Test
    void takeTablet_whileItComes_isNeitherCutNorAssigned() {
        enlist(1, 10);
        ServerId two = enlist(2, 20);
        ServerId three = enlist(3, 30);
        Tablet taken = taken(two, "default");

        assertRefused(
                state.splitTablet(++calls, "default", 1L << 63), "on its way from server 1.1");
        assertRefused(assign("default", 0, three), "on its way from server 1.1");
        assertRefused(assign("default", 0, two), "on its way from server 1.1");

        assertThat(tablet("default", 0)).isEqualTo(taken);
    }

    @Test
    void takeTablet_whileItComes_isDroppedWithItsTable() {
        enlist(1, 10);
        create("t", 1);
        ServerId two = enlist(2, 20);
        Tablet known = tablet("t", 0);
        Tablet taken = taken(two, "t");

        assertThat(state.dropTable(++calls, "t").isOk()).isTrue();

        assertRefused(take(two, known), "there is no table 2 any more");
        assertChangesNothing(() -> endMigration(taken));
        assertChangesNothing(() -> recall(known));
    }

    @Test
    void migrationEnded_isItsOwnersAloneInTheSameEpoch() {
        enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet taken = taken(two, "default");
        long version = state.mapVersion();

        assertThat(endMigration(taken).isOk()).isTrue();

        assertThat(tablet("default", 0))
                .isEqualTo(
                        new Tablet(1, 0, -1, two, 2, TabletState.NORMAL, ServerId.NONE)
                                .withSince(1));
        assertThat(state.mapVersion()).isEqualTo(version + 1);
        assertChangesNothing(() -> endMigration(taken));
    }

    @Test
    void migrationEnded_ofAnEarlierMigration_changesNothing() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet first = taken(two, "default");
        endMigration(first);
        endMigration(taken(one, "default"));
        Tablet third = taken(two, "default");

        assertChangesNothing(() -> endMigration(first));
        assertChangesNothing(() -> state.migrationEnded(one, 1, 0, third.epoch()));
        assertChangesNothing(() -> state.migrationEnded(two, 1, 5, third.epoch()));
        assertChangesNothing(() -> state.migrationEnded(two, 9, 0, third.epoch()));
    }

    @Test
    void recallTablet_beforeItIsTaken_staysInANewEpoch() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet known = tablet("default", 0);
        long version = state.mapVersion();

        assertThat(recall(known).isOk()).isTrue();

        assertThat(tablet("default", 0))
                .isEqualTo(
                        new Tablet(1, 0, -1, one, 2, TabletState.NORMAL, ServerId.NONE)
                                .withSince(1));
        assertThat(state.mapVersion()).isEqualTo(version + 1);
        assertRefused(take(two, known), "with server 1.1 in epoch 2");
        assertChangesNothing(() -> recall(known));
    }

    @Test
    void recallTablet_afterItWasTaken_changesNothing() {
        enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet known = tablet("default", 0);
        Tablet taken = taken(two, "default");

        assertChangesNothing(() -> recall(known));
        assertChangesNothing(() -> recall(taken));
    }

    @Test
    void recallTablet_whileItLeaves_changesNothing() {
        enlist(1, 10);
        assign("default", 0, enlist(2, 20));

        assertChangesNothing(() -> recall(tablet("default", 0)));
    }

    @Test
    void recallTablet_afterAMoveThatEnded_theMoveHasEndedAsItDid() {
        enlist(1, 10);
        Result result = assign("default", 0, enlist(2, 20));
        release(tablet("default", 0), false);

        recall(tablet("default", 0));

        assertRefused(state.outcome(result.move()), "has objects and stays with server 1.1");
    }

    @Test
    void down_targetOfAMigration_itsTabletIsLost() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet taken = taken(two, "default");

        state.down(1, two, List.of());

        Tablet lost = new Tablet(1, 0, -1, two, 2, TabletState.LOST, ServerId.NONE).withSince(1);
        assertThat(tablet("default", 0)).isEqualTo(lost);
        assertThat(warnings.getLast()).isEqualTo("1 tablets of server 2.1 are lost");
        assertChangesNothing(() -> endMigration(taken));
        assertChangesNothing(() -> recall(taken));
        state.down(1, one, List.of());
        assertThat(tablet("default", 0)).isEqualTo(lost);
    }

    @Test
    void down_targetOfAMigration_itsNextGenerationHasTheTabletEmpty() {
        enlist(1, 10);
        ServerId two = enlist(2, 20);
        taken(two, "default");
        state.down(1, two, List.of());

        ServerId next = enlist(2, 21);

        assertThat(tablet("default", 0))
                .isEqualTo(new Tablet(1, 0, -1, next, 3, TabletState.NORMAL, ServerId.NONE));
        assertThat(warnings.getLast()).contains("taken back 1 tablets, EMPTY");
    }

    @Test
    void down_sourceOfAMigration_itsTabletIsTheTargetsInTheSameEpoch() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        Tablet known = tablet("default", 0);
        Tablet taken = taken(two, "default");

        state.down(1, one, List.of());

        assertThat(tablet("default", 0))
                .isEqualTo(
                        new Tablet(1, 0, -1, two, 2, TabletState.NORMAL, ServerId.NONE)
                                .withSince(1));
        assertThat(warnings.getLast())
                .contains("server 1.1, which is down", "the objects that had not come are lost");
        assertChangesNothing(() -> endMigration(taken));
        assertChangesNothing(() -> recall(known));
        enlist(1, 11);
        assertThat(tablet("default", 0).owner()).isEqualTo(two);
    }

    @Test
    void down_sourceThenTarget_isLost() {
        ServerId one = enlist(1, 10);
        ServerId two = enlist(2, 20);
        taken(two, "default");

        state.down(1, one, List.of());
        state.down(1, two, List.of());

        assertThat(tablet("default", 0))
                .isEqualTo(
                        new Tablet(1, 0, -1, two, 2, TabletState.LOST, ServerId.NONE).withSince(1));
    }

    @Test
    void leases_openExtendEnd() {
        Result first = state.openLease(10, 5, 100);
        assertThat(state.openLease(11, 5, 90)).isEqualTo(first);
        assertThat(first.time()).isEqualTo(100);
        Result second = state.openLease(11, 6, 110);
        assertThat(second.number()).isEqualTo(first.number() + 1);

        assertThat(state.extendLease(first.number(), 200).time()).isEqualTo(200);
        assertThat(state.hasExpiredLeases(109)).isFalse();
        assertThat(state.hasExpiredLeases(110)).isTrue();
        assertThat(state.endExpiredLeases(1, 110).number()).isOne();
        assertThat(state.lease(second.number())).isNull();
        assertThat(state.extendLease(second.number(), 300).status())
                .isEqualTo(Status.LEASE_EXPIRED);

        state.endLease(first.number());
        assertThat(state.lease(first.number())).isNull();
        assertThat(state.openLease(12, 5, 100).number()).isEqualTo(second.number() + 1);
    }

    @Test
    void endExpiredLeases_inAnEarlierTerm_hasNoEffect() {
        Result lease = state.openLease(10, 5, 100);
        state.takeLead(11, 0, 1, 0, 0);

        assertThat(state.endExpiredLeases(1, 200).isOk()).isFalse();
        assertThat(state.lease(lease.number())).isNotNull();
    }

    @Test
    void calls_areRememberedInBoundedNumber() {
        for (int call = 0; call < 2 * CoordinatorState.CALLS_MAX; call++) {
            state.dropTable(call, "none");
        }
        assertThat(state.calls()).hasSize(CoordinatorState.CALLS_MAX);
    }

    @Test
    void anyCommands_snapshotAtAnyPoint_givesAnEqualState() {
        Set<TabletState> kept = EnumSet.noneOf(TabletState.class);
        for (int seed = 0; seed < 150; seed++) {
            RandomCommands commands = new RandomCommands(new SplittableRandom(seed));
            CoordinatorState one = new CoordinatorState(Notices.NONE);
            CoordinatorState other = new CoordinatorState(Notices.NONE);
            for (int step = 0; step < 200; step++) {
                byte[] command = commands.next(one);
                ClusterMap before = one.map();
                Result result = RandomCommands.apply(command, one);
                assertThat(RandomCommands.apply(command, other)).isEqualTo(result);
                if (commands.chance(10)) {
                    byte[] snapshot = Snapshots.encode(one);
                    assertThat(Snapshots.encode(other)).as("seed %d", seed).isEqualTo(snapshot);
                    other = new CoordinatorState(Notices.NONE);
                    Snapshots.decode(snapshot, other);
                    assertThat(other.map()).isEqualTo(one.map());
                    assertThat(Snapshots.encode(other)).isEqualTo(snapshot);
                    other.map().tablets().forEach(tablet -> kept.add(tablet.state()));
                }
                RandomCommands.assertSound(one);
                RandomCommands.assertFollows(before, one.map());
            }
        }
        assertThat(kept).containsExactly(TabletState.values());
    }

    @Test
    void decode_cutOrStrange_isRefused() {
        enlist(1, 10);
        byte[] snapshot = Snapshots.encode(state);
        for (int length = 0; length < snapshot.length; length++) {
            byte[] cut = Arrays.copyOf(snapshot, length);
            assertThat(
                            catchThrowable(
                                    () ->
                                            Snapshots.decode(
                                                    cut, new CoordinatorState(Notices.NONE))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
