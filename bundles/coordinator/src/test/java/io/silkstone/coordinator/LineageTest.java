package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.tuple;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Log;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.commands.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Tables with replicas when servers go down. */
class LineageTest {
    private static final int TABLE = 2;
    private static final String NAME = "t";

    /** Commands, and the snapshot after them, as version 3 of the schema had them. */
    private static final List<String> OLD_COMMANDS =
            List.of(
                    "14000100080003000500000000000000630000000000000001000200",
                    "200003000800030006000000000000000700000000000000e803000000000000"
                            + "0000000000000000280030303030303030303030303030303030303030303030"
                            + "30303030303030303030303030303030303101006d0000",
                    "0a0005000800030003000000000000000100010074",
                    "200003000800030007000000000000000800000000000000e803000000000000"
                            + "0000000000000000280030303030303030303030303030303030303030303030"
                            + "30303030303030303030303030303030303201006e0000",
                    "1800080008000300040000000000000000000000000000000100000002000000" + "010074");

    private static final String OLD_SNAPSHOT =
            "40001f0008000300630000000000000005000000000000000100000000000000"
                    + "0700000000000000010000000000000003000000030000000300000001000200"
                    + "01000000000000001900020001000000010000000700000000000000e8030000"
                    + "0000000001080000002800303030303030303030303030303030303030303030"
                    + "3030303030303030303030303030303030303101006d00000100000002000000"
                    + "0800000000000000e80300000000000001080000002800303030303030303030"
                    + "3030303030303030303030303030303030303030303030303030303030303201"
                    + "006e000006000200010000000200070064656661756c74020000000100010074"
                    + "2e000300010000000000000000000000ffffffffffffff7f0100000001000000"
                    + "000000000000000001000000000000000000010000000000000000000080ffff"
                    + "ffffffffffff0100000001000000000000000000000001000000000000000000"
                    + "020000000000000000000000ffffffffffffffff010000000100000001000000"
                    + "0200000001000000000000000100180000002d00020003000000000000000002"
                    + "0000000000000000000000000000000000000000000000000000000000000000"
                    + "0000000000040000000000000000000000000000000001000000020000000000"
                    + "0000000000000100000000000000020000000000";

    private final List<String> warnings = new ArrayList<>();
    private final CoordinatorState state =
            new CoordinatorState(
                    new Notices() {
                        @Override
                        public void say(String sentence) {
                            // Only what is urgent is looked at.
                        }

                        @Override
                        public void warn(String sentence) {
                            warnings.add(sentence);
                        }
                    });
    private final ServerId one;
    private final ServerId two;
    private final ServerId three;
    private int boots;
    private int calls;

    /** Server 1.1 has the only tablet of a table with replicas, and all of the default table. */
    LineageTest() {
        state.takeLead(1, 99, 1, 0, 0);
        one = enlist(1);
        create(NAME, 1, 2);
        two = enlist(2);
        three = enlist(3);
    }

    private ServerId enlist(int node) {
        return enlist(node, 0);
    }

    private ServerId enlist(int node, long former) {
        Result result =
                state.enlist(
                        1, ++boots, former, 1_000_000, "%040x".formatted(node), "m", "", List.of());
        assertThat(result.status()).as(result.text()).isEqualTo(Status.OK);
        return ServerId.of(result.number());
    }

    private Result create(String name, int tablets, int replicas) {
        return state.createTable(++calls, name, tablets, replicas);
    }

    private Tablet tablet() {
        return state.map().tablet(TABLE, 0);
    }

    private Tablet tablet(
            ServerId owner, long epoch, TabletState tabletState, ServerId peer, ServerId... logs) {
        return new Tablet(TABLE, 0, -1, owner, epoch, tabletState, peer)
                .withLogs(List.of(logs))
                .withSince(1);
    }

    private Tablet recovering(ServerId owner, long epoch, ServerId... logs) {
        return tablet(owner, epoch, TabletState.RECOVERING, ServerId.NONE, logs);
    }

    private Result take(ServerId server, Tablet known) {
        return state.takeTablet(
                server,
                known.owner(),
                known.table(),
                known.firstHash(),
                known.lastHash(),
                known.epoch());
    }

    private void taken(ServerId server) {
        assertThat(take(server, tablet()).isOk()).isTrue();
    }

    private Result end(Tablet tablet) {
        return state.migrationEnded(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch());
    }

    private void down(ServerId... servers) {
        for (ServerId server : servers) {
            state.down(1, server, List.of());
            RandomCommands.assertSound(state);
        }
    }

    private void assertChangesNothing(Supplier<Result> command) {
        byte[] before = Snapshots.encode(state);
        command.get();
        assertThat(Snapshots.encode(state)).isEqualTo(before);
    }

    private static void assertRefused(Result result, String part) {
        assertThat(result.status()).isEqualTo(Status.REFUSED);
        assertThat(result.text()).contains(part).doesNotContain("\n");
    }

    @Test
    void createTable_replicas_areInTheMap() {
        create("usual", 1, -1);
        assertThat(state.map().tables())
                .extracting(ClusterMap.Table::name, ClusterMap.Table::replicas)
                .contains(tuple(NAME, 2), tuple("usual", 0));
        assertThat(create(NAME, 1, 2).number()).isEqualTo(TABLE);
        assertThat(create(NAME, 1, -1).number()).isEqualTo(TABLE);
        assertRefused(create(NAME, 1, 0), "there is a table called t already, with 2 replicas");
        assertRefused(create("four", 1, 4), "a table has 0 to 3 replicas, not 4");
    }

    @Test
    void createTable_inAClusterWithReplicas_hasAsMany() {
        CoordinatorState usual = new CoordinatorState(Notices.NONE);
        usual.takeLead(1, 99, 1, 0, 2);
        usual.takeLead(2, 99, 1, 0, 0);
        usual.enlist(1, 1, 0, 1_000_000, "%040x".formatted(1), "m", "", List.of());
        usual.createTable(1, "usual", 1, -1);
        usual.createTable(2, "none", 1, 0);
        assertThat(usual.map().tables())
                .extracting(ClusterMap.Table::replicas)
                .containsExactly(2, 0, 2);
    }

    @Test
    void down_ownerOfNormal_anotherRecoversItFromItsLog() {
        long version = state.mapVersion();
        down(one);
        assertThat(tablet()).isEqualTo(recovering(two, 2, one));
        assertThat(state.map().logs()).containsExactly(new Log(one, 0));
        assertThat(state.mapVersion()).isEqualTo(version + 1);
        assertThat(warnings.getLast()).contains("1 tablets of server 1.1 are being recovered");
        assertThat(state.map().tablet(Tablets.DEFAULT_ID, 0).state()).isEqualTo(TabletState.LOST);
    }

    @Test
    void down_ownerOfMany_eachIsRecoveredByWhoHasFewest() {
        state.dropTable(++calls, NAME);
        create("many", 9, 1);
        create("more", 1, 1);
        down(one);
        assertThat(state.map().tablets())
                .filteredOn(tablet -> tablet.state() != TabletState.LOST)
                .extracting(Tablet::owner)
                .containsOnly(two, three)
                .satisfies(
                        owners ->
                                assertThat(owners.stream().filter(two::equals).count())
                                        .isEqualTo(5));
    }

    private Tablet part(long first, long last, ServerId owner, long epoch, ServerId log) {
        return new Tablet(TABLE, first, last, owner, epoch, TabletState.RECOVERING, ServerId.NONE)
                .withLogs(List.of(log))
                .withSince(1);
    }

    private List<Tablet> parts() {
        return state.map().tablets().stream().filter(each -> each.table() == TABLE).toList();
    }

    @Test
    void down_withCuts_severalRecoverTheParts() {
        long version = state.mapVersion();
        state.down(1, one, List.of(new Cut(TABLE, 1L << 62), new Cut(TABLE, Long.MIN_VALUE)));
        RandomCommands.assertSound(state);
        assertThat(parts())
                .containsExactly(
                        part(0, (1L << 62) - 1, two, 4, one),
                        part(1L << 62, Long.MAX_VALUE, three, 4, one),
                        part(Long.MIN_VALUE, -1, two, 4, one));
        assertThat(state.mapVersion()).isEqualTo(version + 1);
        down(three);
        assertThat(parts().get(1)).isEqualTo(part(1L << 62, Long.MAX_VALUE, two, 5, one));
        for (Tablet part : parts()) {
            assertThat(state.map().logs()).contains(new Log(one, 0));
            end(part);
        }
        assertThat(parts()).extracting(Tablet::state).containsOnly(TabletState.NORMAL);
        assertThat(state.map().logs()).isEmpty();
    }

    @Test
    void down_withCutsThatCannotBe_areLeftOut() {
        List<Cut> cuts =
                List.of(
                        new Cut(TABLE, 0),
                        new Cut(TABLE, 5),
                        new Cut(Tablets.DEFAULT_ID, 1L << 62),
                        new Cut(TABLE + 7, 1L << 62));
        state.down(1, one, cuts);
        assertThat(state.map().tablets()).hasSize(2);
        assertThat(tablet()).isEqualTo(recovering(two, 2, one));
    }

    @Test
    void down_withCutsOfATabletThatHasBeenTakenMeanwhile_itStaysWhole() {
        taken(two);
        state.down(1, one, List.of(new Cut(TABLE, 1L << 62)));
        assertThat(parts()).containsExactly(tablet(two, 3, TabletState.RECOVERING, two, one));
        down(two);
        assertThat(parts()).hasSize(1);
    }

    @Test
    void enlist_withCutsOfTheProcessBefore_itRecoversOnePartOfIt() {
        Result result =
                state.enlist(
                        1,
                        ++boots,
                        1,
                        1_000_000,
                        "%040x".formatted(1),
                        "m",
                        "",
                        List.of(new Cut(TABLE, 1L << 62), new Cut(TABLE, Long.MIN_VALUE)));
        RandomCommands.assertSound(state);
        ServerId back = ServerId.of(result.number());
        assertThat(parts()).extracting(Tablet::owner).containsExactlyInAnyOrder(back, two, three);
        assertThat(parts()).extracting(Tablet::state).containsOnly(TabletState.RECOVERING);
    }

    @Test
    void down_ownerOfLeaving_itsHeirRecoversIt() {
        Result moving = state.assignTablet(++calls, NAME, 0, three);
        down(one);
        assertThat(tablet()).isEqualTo(recovering(three, 2, one).withSince(2));
        assertThat(state.outcome(moving.move()).isOk()).isTrue();
    }

    @Test
    void down_heirOfLeaving_staysWithItsOwner() {
        Result moving = state.assignTablet(++calls, NAME, 0, three);
        down(three);
        assertThat(tablet())
                .isEqualTo(tablet(one, 2, TabletState.NORMAL, ServerId.NONE).withSince(2));
        assertRefused(state.outcome(moving.move()), "server 3.1 went down");
        assertThat(state.map().logs()).isEmpty();
    }

    @Test
    void down_ownerOfRecovering_logsStay() {
        down(one, two);
        assertThat(tablet()).isEqualTo(recovering(three, 3, one));
        assertThat(state.map().logs()).containsExactly(new Log(one, 0));
    }

    @Test
    void down_target_sourceHasItAgainWithTheTargetsLogOnTop() {
        taken(two);
        down(two);
        assertThat(tablet()).isEqualTo(tablet(one, 3, TabletState.RECOVERING, one, two));
        assertThat(state.map().logs()).containsExactly(new Log(two, 0));
    }

    @Test
    void down_targetThenSource_bothLogsAreRead() {
        taken(two);
        down(two, one);
        assertThat(tablet()).isEqualTo(recovering(three, 4, one, two));
        down(three);
        assertThat(tablet()).isEqualTo(recovering(three, 5, one, two));
    }

    @Test
    void down_source_targetGoesOnAndReadsItsLog() {
        taken(two);
        Tablet known = tablet();
        down(one);
        assertThat(tablet()).isEqualTo(tablet(two, 3, TabletState.RECOVERING, two, one));
        assertChangesNothing(() -> end(known));
        end(tablet());
        assertThat(tablet()).isEqualTo(tablet(two, 3, TabletState.NORMAL, ServerId.NONE));
        assertThat(state.map().logs()).isEmpty();
    }

    @Test
    void down_sourceThenTarget_bothLogsAreRead() {
        taken(two);
        down(one, two);
        assertThat(tablet()).isEqualTo(recovering(three, 4, one, two));
        assertThat(state.map().logs()).containsExactly(new Log(one, 0), new Log(two, 0));
    }

    @Test
    void down_whoHadItBeforeAMigrationThatEnded_changesNothing() {
        taken(two);
        end(tablet());
        Tablet before = tablet();
        down(one);
        assertThat(tablet()).isEqualTo(before);
        assertThat(state.map().logs()).isEmpty();
        down(two);
        assertThat(tablet()).isEqualTo(recovering(three, 3, two));
    }

    @Test
    void down_everybody_isRecoveredByTheNextServer() {
        down(three, two, one);
        assertThat(tablet()).isEqualTo(recovering(one, 2, one));
        assertThat(warnings.getLast()).contains("by the next server that comes up");
        assertChangesNothing(() -> end(tablet()));
        ServerId next = enlist(4);
        assertThat(tablet()).isEqualTo(recovering(next, 3, one));
        RandomCommands.assertSound(state);
    }

    @Test
    void down_everybody_andBack_nobodyTakesItFromWhoRecoversIt() {
        down(three, two, one);
        ServerId next = enlist(2);
        ServerId owner = enlist(1);
        assertThat(tablet()).isEqualTo(recovering(next, 3, one));
        assertThat(owner).isEqualTo(new ServerId(1, 2));
    }

    @Test
    void enlist_whoProvesTheEndOfTheOneBefore_recoversItsTablets() {
        ServerId next = enlist(1, 1);
        assertThat(next).isEqualTo(new ServerId(1, 2));
        assertThat(tablet()).isEqualTo(recovering(next, 2, one));
        RandomCommands.assertSound(state);
    }

    @Test
    void migrationEnded_recovered_isNormalInTheSameEpoch() {
        down(one);
        Tablet recovering = tablet();
        long version = state.mapVersion();
        assertThat(end(recovering).isOk()).isTrue();
        assertThat(tablet()).isEqualTo(tablet(two, 2, TabletState.NORMAL, ServerId.NONE));
        assertThat(state.map().logs()).isEmpty();
        assertThat(state.mapVersion()).isEqualTo(version + 1);
        assertChangesNothing(() -> end(recovering));
    }

    @Test
    void migrationEnded_byOneThatWasToRecoverBefore_changesNothing() {
        down(one);
        Tablet recovering = tablet();
        down(two);
        assertChangesNothing(() -> end(recovering));
        assertChangesNothing(() -> state.migrationEnded(three, TABLE, 0, recovering.epoch()));
    }

    @Test
    void logs_areKeptUntilTheLastTabletIsRecovered() {
        create("other", 2, 1);
        down(one);
        List<Tablet> waiting =
                state.map().tablets().stream().filter(each -> !each.logs().isEmpty()).toList();
        assertThat(waiting).hasSizeGreaterThan(1);
        for (Tablet each : waiting) {
            assertThat(state.map().logs()).containsExactly(new Log(one, 0));
            end(each);
        }
        assertThat(state.map().logs()).isEmpty();
    }

    @Test
    void logs_ofADroppedTable_areNotKept() {
        down(one);
        state.dropTable(++calls, NAME);
        assertThat(state.map().logs()).isEmpty();
    }

    @Test
    void logs_ofTablesWithoutReplicas_areNotKept() {
        state.dropTable(++calls, NAME);
        down(one);
        assertThat(state.map().logs()).isEmpty();
    }

    @Test
    void whatIsRecovered_isNeitherCutNorAssignedNorTakenNorRecalled() {
        down(one);
        String sentence = "is being recovered by server 2.1 from the logs of 1.1";
        assertRefused(state.splitTablet(++calls, NAME, 5), sentence + "; cut it afterwards");
        assertRefused(state.assignTablet(++calls, NAME, 0, three), sentence);
        assertRefused(state.assignTablet(++calls, NAME, 0, two), sentence);
        assertRefused(take(three, tablet()), sentence + "; take it afterwards");
        assertChangesNothing(() -> state.recallTablet(two, TABLE, 0, tablet().epoch()));
        assertChangesNothing(() -> state.tabletLeft(two, TABLE, 0, tablet().epoch(), true));
    }

    @Test
    void raiseLogEpoch_isInTheMapWhenTheServerIsDown() {
        assertThat(state.raiseLogEpoch(one, 5).number()).isEqualTo(5);
        assertThat(state.raiseLogEpoch(one, 3).number()).isEqualTo(5);
        assertThat(state.raiseLogEpoch(two, 8).number()).isEqualTo(8);
        assertThat(state.map().logs()).isEmpty();
        down(one);
        assertThat(state.map().logs()).containsExactly(new Log(one, 5));
        assertThat(state.raiseLogEpoch(one, 9).status()).isEqualTo(Status.NOT_A_MEMBER);
        ServerId next = enlist(1);
        assertThat(state.raiseLogEpoch(one, 9).status()).isEqualTo(Status.NOT_A_MEMBER);
        assertThat(state.raiseLogEpoch(next, 1).number()).isOne();
        assertThat(state.map().logs()).containsExactly(new Log(one, 5));
    }

    private Result accept(ServerId server) {
        return state.acceptLoss(++calls, server);
    }

    @Test
    void acceptLoss_tabletsThatDependOnTheLog_goOnInANewEpochWithoutFormerResults() {
        create("other", 3, 1);
        state.raiseLogEpoch(one, 5);
        down(one, two);
        Tablet before = tablet();
        List<Tablet> others =
                state.map().tablets().stream().filter(each -> !each.logs().contains(one)).toList();
        long version = state.mapVersion();

        assertThat(accept(one).number()).isEqualTo(2);

        Tablet after = tablet();
        assertThat(after.epoch()).isGreaterThan(before.epoch());
        assertThat(after).isEqualTo(recovering(three, after.epoch(), one).withSince(after.epoch()));
        assertThat(others).anyMatch(each -> each.logs().equals(List.of(two)));
        assertThat(state.map().tablets()).containsAll(others);
        assertThat(state.map().logs()).containsExactly(new Log(one, 5, true), new Log(two, 0));
        assertThat(state.mapVersion()).isEqualTo(version + 1);
        assertThat(warnings.getLast()).contains("log of server 1.1", "2 tablets", "LOST");
        assertChangesNothing(() -> end(before));
        end(after);
        assertThat(tablet().state()).isEqualTo(TabletState.NORMAL);
        assertThat(tablet().since()).isEqualTo(after.epoch());
        RandomCommands.assertSound(state);
    }

    @Test
    void acceptLoss_ofOneOfTwoLogs_isNotThatOfTheOther() {
        taken(two);
        down(two, one);
        accept(one);
        assertThat(state.map().logs()).containsExactly(new Log(one, 0, true), new Log(two, 0));
        long epoch = tablet().epoch();
        accept(two);
        assertThat(state.map().logs())
                .containsExactly(new Log(one, 0, true), new Log(two, 0, true));
        assertThat(tablet().epoch()).isEqualTo(epoch + 1);
        assertThat(tablet().since()).isEqualTo(epoch + 1);
    }

    @Test
    void acceptLoss_ofWhatTheOwnerHadBefore_itStillHas() {
        taken(two);
        down(two);
        accept(two);
        assertThat(tablet().owner()).isEqualTo(one);
        assertThat(tablet().peer()).isEqualTo(one);
    }

    @Test
    void acceptLoss_again_changesNothing() {
        down(one);
        accept(one);
        long version = state.mapVersion();
        long epoch = tablet().epoch();
        assertThat(accept(one).number()).isOne();
        assertThat(state.mapVersion()).isEqualTo(version);
        assertThat(tablet().epoch()).isEqualTo(epoch);
    }

    @Test
    void acceptLoss_whenTheNextOwnerGoesDownToo_holds() {
        down(one);
        accept(one);
        long since = tablet().since();
        down(two);
        assertThat(tablet()).isEqualTo(recovering(three, since + 1, one).withSince(since));
        assertThat(state.map().logs()).containsExactly(new Log(one, 0, true));
    }

    @Test
    void acceptLoss_ofALogThatNothingDependsOn_isRefused() {
        assertRefused(accept(one), "no tablet depends on a log of server 1.1");
        down(one);
        assertRefused(accept(new ServerId(1, 2)), "no tablet depends on a log of server 1.2");
        end(tablet());
        assertRefused(accept(one), "no tablet depends on a log of server 1.1");
    }

    @Test
    void snapshot_withLogs_givesAnEqualState() {
        create("other", 3, 1);
        state.raiseLogEpoch(one, 5);
        state.raiseLogEpoch(three, 6);
        taken(two);
        down(one, two);
        accept(two);
        byte[] snapshot = Snapshots.encode(state);
        CoordinatorState other = new CoordinatorState(Notices.NONE);
        Snapshots.decode(snapshot, other);
        assertThat(other.map()).isEqualTo(state.map());
        assertThat(other.map().logs()).hasSize(2);
        assertThat(Snapshots.encode(other)).isEqualTo(snapshot);
        other.down(1, three, List.of());
        state.down(1, three, List.of());
        assertThat(other.map()).isEqualTo(state.map());
    }

    @Test
    void commandsAndSnapshot_ofTheVersionBefore_areReadAndHaveNoReplicas() {
        CoordinatorState applied = new CoordinatorState(Notices.NONE);
        for (String command : OLD_COMMANDS) {
            Result result = RandomCommands.apply(HexFormat.of().parseHex(command), applied);
            assertThat(result.status()).isEqualTo(Status.OK);
        }
        CoordinatorState read = new CoordinatorState(Notices.NONE);
        Snapshots.decode(HexFormat.of().parseHex(OLD_SNAPSHOT), read);
        assertThat(Snapshots.encode(read)).isEqualTo(Snapshots.encode(applied));
        assertThat(read.map()).isEqualTo(applied.map());
        assertThat(read.replicas()).isZero();
        assertThat(read.map().tables()).hasSize(2).allMatch(table -> table.replicas() == 0);
        read.down(1, one, List.of());
        assertThat(read.map().tablets())
                .extracting(Tablet::state)
                .containsExactly(TabletState.LOST, TabletState.LOST, TabletState.NORMAL);
    }

    /** As the version before cuts wrote it. */
    private static byte[] withoutCuts(byte[] command) {
        byte[] before = Arrays.copyOf(command, command.length - Integer.BYTES);
        before[MessageHeaderEncoder.versionEncodingOffset()] = 5;
        return before;
    }

    @Test
    void commands_ofTheVersionBeforeCuts_cutNothing() {
        byte[] down = Commands.down(1, one, List.of());
        Result result = RandomCommands.apply(withoutCuts(down), state);
        assertThat(result.isOk()).isTrue();
        assertThat(tablet()).isEqualTo(recovering(two, 2, one));
        byte[] enlist =
                Commands.enlist(1, 99, 2, 1_000_000, "%040x".formatted(2), "m", "", List.of());
        result = RandomCommands.apply(withoutCuts(enlist), state);
        assertThat(tablet()).isEqualTo(recovering(ServerId.of(result.number()), 3, one));
    }

    /** Servers that go down at any time, and what they wrote. */
    @Test
    void anyDeaths_allThatWasWrittenIsWhereTheMapSays() {
        Set<TabletState> met = new HashSet<>();
        for (int seed = 0; seed < 200; seed++) {
            History history = new History(seed);
            for (int step = 0; step < 300; step++) {
                history.step();
                history.assertNothingIsMissing("seed %d, step %d".formatted(seed, step));
                history.state.map().tablets().forEach(tablet -> met.add(tablet.state()));
            }
        }
        assertThat(met).contains(TabletState.RECOVERING, TabletState.MIGRATING);
    }

    /** Servers with logs, of which those are thrown away that the map says nobody needs. */
    private static final class History {
        private static final long HASHES = 64;

        private final SplittableRandom random;
        private final CoordinatorState state = new CoordinatorState(Notices.NONE);
        private final Map<Long, Set<Integer>> written = new TreeMap<>();
        private final Map<ServerId, Map<Long, Set<Integer>>> logs = new TreeMap<>();
        private int count;
        private long boots;

        History(long seed) {
            random = new SplittableRandom(seed);
            state.takeLead(1, 99, 1, 3, 1);
            enlist();
        }

        private void enlist() {
            int node = random.nextInt(4);
            long former = random.nextInt(4) == 0 ? boots : 0;
            state.enlist(
                    1, ++boots, former, 1_000_000, "%040x".formatted(node), "m", "", List.of());
        }

        void step() {
            List<ServerId> up = state.serversUp();
            List<Tablet> tablets = state.map().tablets();
            Tablet tablet = tablets.get(random.nextInt(tablets.size()));
            ServerId server = up.isEmpty() ? ServerId.NONE : up.get(random.nextInt(up.size()));
            switch (random.nextInt(9)) {
                case 0 -> state.down(1, server, cuts());
                case 1, 2 -> enlist();
                case 3, 4 ->
                        state.takeTablet(
                                server,
                                tablet.owner(),
                                tablet.table(),
                                tablet.firstHash(),
                                tablet.lastHash(),
                                tablet.epoch());
                case 5 -> state.assignTablet(++count, "default", tablet.firstHash(), server);
                case 6 -> end(tablet);
                default -> write(tablet);
            }
            Set<ServerId> kept = new HashSet<>(state.serversUp());
            state.map().logs().forEach(log -> kept.add(log.server()));
            logs.keySet().retainAll(kept);
        }

        /** Also through tablets of others, and where there is a cut already. */
        private List<Cut> cuts() {
            List<Cut> cuts = new ArrayList<>();
            for (int cut = random.nextInt(3); cut > 0; cut--) {
                cuts.add(new Cut(Tablets.DEFAULT_ID, random.nextLong(HASHES) << 58));
            }
            return cuts;
        }

        private void write(Tablet tablet) {
            long hash = random.nextLong(HASHES) << 58;
            if (tablet.isServed() && tablet.contains(hash)) {
                written.computeIfAbsent(hash, each -> new HashSet<>()).add(++count);
                logs.computeIfAbsent(tablet.owner(), id -> new TreeMap<>())
                        .computeIfAbsent(hash, each -> new HashSet<>())
                        .add(count);
            }
        }

        private void end(Tablet tablet) {
            boolean comes =
                    tablet.state() == TabletState.MIGRATING
                            || tablet.state() == TabletState.RECOVERING;
            if (comes && state.serversUp().contains(tablet.owner())) {
                Map<Long, Set<Integer>> reachable = reachable(tablet);
                Map<Long, Set<Integer>> log =
                        logs.computeIfAbsent(tablet.owner(), id -> new TreeMap<>());
                reachable.forEach(
                        (hash, all) ->
                                log.computeIfAbsent(hash, each -> new HashSet<>()).addAll(all));
                state.migrationEnded(
                        tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch());
            }
        }

        /** What those have together that the map names, by its hashes. */
        private Map<Long, Set<Integer>> reachable(Tablet tablet) {
            List<ServerId> holders = new ArrayList<>(tablet.logs());
            holders.add(tablet.peer());
            if (tablet.isServed()) {
                holders.add(tablet.owner());
            }
            Map<Long, Set<Integer>> reachable = new TreeMap<>();
            for (ServerId holder : holders) {
                logs.getOrDefault(holder, Map.of())
                        .forEach(
                                (hash, all) -> {
                                    if (tablet.contains(hash)) {
                                        reachable
                                                .computeIfAbsent(hash, each -> new HashSet<>())
                                                .addAll(all);
                                    }
                                });
            }
            return reachable;
        }

        void assertNothingIsMissing(String when) {
            for (Tablet tablet : state.map().tablets()) {
                Map<Long, Set<Integer>> reachable = reachable(tablet);
                written.forEach(
                        (hash, all) -> {
                            if (tablet.contains(hash)
                                    && !reachable.getOrDefault(hash, Set.of()).containsAll(all)) {
                                fail("%s: %s lacks some of %x", when, tablet, hash);
                            }
                        });
            }
        }
    }
}
