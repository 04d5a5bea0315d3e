package io.silkstone.coordinator;

import static io.silkstone.coordinator.TestCluster.FIRST;
import static io.silkstone.coordinator.TestCluster.MILLI;
import static io.silkstone.coordinator.TestCluster.acceptLoss;
import static io.silkstone.coordinator.TestCluster.assign;
import static io.silkstone.coordinator.TestCluster.checkLease;
import static io.silkstone.coordinator.TestCluster.closeLease;
import static io.silkstone.coordinator.TestCluster.createTable;
import static io.silkstone.coordinator.TestCluster.dropTable;
import static io.silkstone.coordinator.TestCluster.enlist;
import static io.silkstone.coordinator.TestCluster.getClusterMap;
import static io.silkstone.coordinator.TestCluster.leave;
import static io.silkstone.coordinator.TestCluster.migrationEnded;
import static io.silkstone.coordinator.TestCluster.openLease;
import static io.silkstone.coordinator.TestCluster.raiseLogEpoch;
import static io.silkstone.coordinator.TestCluster.recallTablet;
import static io.silkstone.coordinator.TestCluster.released;
import static io.silkstone.coordinator.TestCluster.renew;
import static io.silkstone.coordinator.TestCluster.renewAsBefore;
import static io.silkstone.coordinator.TestCluster.renewClientLease;
import static io.silkstone.coordinator.TestCluster.splitTablet;
import static io.silkstone.coordinator.TestCluster.takeTablet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.TestCluster.Answer;
import io.silkstone.coordinator.TestCluster.Seat;
import io.silkstone.coordinator.simulation.MemoryLog;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.messages.CreateTableEncoder;
import io.silkstone.rpc.messages.EnlistEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.transport.memory.Faults;
import io.silkstone.transport.memory.MemoryTransport;
import java.util.List;
import java.util.function.ToIntFunction;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CoordinatorTest {
    private static final String OTHER = "memory:c2";
    private static final long LEASE = TestCluster.OPTIONS.serverLeaseNanos();
    private static final long TERM = TestCluster.OPTIONS.clientLeaseMillis();

    /** With replicas, and so that 100 bytes are worth a server. */
    private static final CoordinatorOptions PARTS =
            TestCluster.OPTIONS.withTableReplicas(1).withRecoveryParts(new RecoveryParts(100, 8));

    private final TestCluster cluster = new TestCluster(1);

    @AfterEach
    void close() {
        cluster.close();
    }

    private Answer ask(ToIntFunction<MutableDirectBuffer> request) {
        return cluster.insist(FIRST, request);
    }

    private Tablet tablet(long hash) {
        return cluster.map(FIRST).tablet(1, hash);
    }

    private void keepAlive(long nanos, ServerId... servers) {
        long end = cluster.now + nanos;
        while (cluster.now < end) {
            for (ServerId server : servers) {
                assertThat(ask(renew(server)).status()).isEqualTo(Status.OK);
            }
            cluster.run(200 * MILLI);
        }
    }

    @Test
    void enlist_onANewCluster_hasItsServerTableAndIdentity() {
        Seat seat = cluster.alone();

        ServerId server = cluster.enlisted(FIRST, 7, 70);

        ClusterMap map = cluster.map(FIRST);
        assertThat(map.cluster()).isNotZero().isEqualTo(seat.rpc.cluster());
        assertThat(map.servers())
                .containsExactly(
                        new ClusterMap.Server(
                                server, true, "%040x".formatted(7), "memory:7", "127.0.0.1:7"));
        assertThat(map.tablet(1, 0).owner()).isEqualTo(server);
        assertThat(ask(enlist(7, 70)).time()).isEqualTo(LEASE / 1_000);
    }

    @Test
    void map_thatChanges_isToldToServersAtOnce() {
        Seat seat = cluster.alone();
        ServerId server = cluster.enlisted(FIRST, 7, 70);
        List<String> heard = cluster.newsAt("memory:7", seat, server);

        ask(createTable("another", 1));
        String news = cluster.map(FIRST).version() + " " + FIRST;
        long before = cluster.now;
        cluster.until(() -> heard.contains(news));

        assertThat(cluster.now - before).isLessThan(100 * MILLI);
    }

    @Test
    void leader_thatTakesOver_isToldToServers() {
        Seat one = cluster.replica(FIRST);
        Seat two = cluster.replica(OTHER);
        lead(one);
        ServerId server = cluster.enlisted(FIRST, 7, 70);
        List<String> heard = cluster.newsAt("memory:7", one, server);

        one.crash();
        lead(two);

        cluster.until(() -> heard.stream().anyMatch(news -> news.endsWith(OTHER)));
    }

    @Test
    void renewLease_inTime_keepsTheServerUp() {
        cluster.alone();
        ServerId server = cluster.enlisted(FIRST, 7, 70);

        keepAlive(5 * LEASE, server);

        assertThat(cluster.map(FIRST).server(server).up()).isTrue();
    }

    @Test
    void renewLease_withSizes_isCutForItsHeirs() {
        cluster.alone(PARTS);
        ServerId first = cluster.enlisted(FIRST, 7, 70);
        ServerId second = cluster.enlisted(FIRST, 8, 80);
        ServerId third = cluster.enlisted(FIRST, 9, 90);
        ask(renew(first, new TabletSize(1, 0, -1, 200)));

        ask(leave(first));

        assertThat(cluster.map(FIRST).tablets())
                .allMatch(tablet -> tablet.state() == TabletState.RECOVERING)
                .allMatch(tablet -> tablet.logs().equals(List.of(first)))
                .extracting(Tablet::firstHash, Tablet::lastHash)
                .containsExactly(tuple(0L, Long.MAX_VALUE), tuple(Long.MIN_VALUE, -1L));
        assertThat(List.of(tablet(0).owner(), tablet(-1).owner()))
                .containsExactlyInAnyOrder(second, third);
    }

    @Test
    void renewLease_withSizesToTheLeaderBefore_nothingIsCut() {
        Seat seat = cluster.alone(PARTS);
        ServerId first = cluster.enlisted(FIRST, 7, 70);
        cluster.enlisted(FIRST, 8, 80);
        cluster.enlisted(FIRST, 9, 90);
        ask(renew(first, new TabletSize(1, 0, -1, 200)));
        seat.crash();
        cluster.alone(PARTS);
        assertThat(ask(renewAsBefore(first)).status()).isEqualTo(Status.OK);

        ask(leave(first));

        assertThat(cluster.map(FIRST).tablets())
                .extracting(Tablet::state)
                .containsExactly(TabletState.RECOVERING);
    }

    @Test
    void renewLease_notInTime_isNoMemberAndItsTabletsAreLost() {
        cluster.alone();
        ServerId server = cluster.enlisted(FIRST, 7, 70);
        ServerId alive = cluster.enlisted(FIRST, 8, 80);
        long silentSince = cluster.now;

        while (cluster.map(FIRST).server(server).up()) {
            assertThat(cluster.now - silentSince).isLessThan(2 * LEASE);
            keepAlive(100 * MILLI, alive);
        }

        assertThat(cluster.now - silentSince).isGreaterThan(LEASE);
        assertThat(ask(renew(server)).status()).isEqualTo(Status.NOT_A_MEMBER);
        assertThat(tablet(0).state()).isEqualTo(TabletState.LOST);
        assertThat(ask(assign("default", 0, alive)).status()).isEqualTo(Status.OK);
        assertThat(tablet(0).owner()).isEqualTo(alive);
    }

    @Test
    void enlist_restartedNode_waitsForTheLeaseThenReplacesIt() {
        cluster.alone();
        ServerId first = cluster.enlisted(FIRST, 7, 70);
        long since = cluster.now;

        Answer answer = cluster.ask(FIRST, enlist(7, 71));
        assertThat(answer.status()).isEqualTo(Status.RETRY_LATER);
        assertThat(answer.text()).contains("server 1.1");
        ServerId second = cluster.enlisted(FIRST, 7, 71);

        assertThat(cluster.now - since).isGreaterThan(LEASE);
        assertThat(second).isEqualTo(new ServerId(1, 2));
        assertThat(ask(renew(first)).status()).isEqualTo(Status.NOT_A_MEMBER);
        assertThat(ask(renew(second)).status()).isEqualTo(Status.OK);
        assertThat(tablet(0).owner()).isEqualTo(second);
    }

    @Test
    void leave_endsTheServerAtOnce() {
        cluster.alone();
        ServerId first = cluster.enlisted(FIRST, 7, 70);

        assertThat(ask(leave(first)).status()).isEqualTo(Status.OK);

        assertThat(ask(renew(first)).status()).isEqualTo(Status.NOT_A_MEMBER);
        assertThat(cluster.enlisted(FIRST, 7, 71)).isEqualTo(new ServerId(1, 2));
    }

    @Test
    void server_thatIsSeenToHaveEnded_isDownLongBeforeItsLease() {
        cluster.alone();
        ServerId first = cluster.enlisted(FIRST, 7, 70);
        MemoryTransport process = cluster.network.transport("memory:7");
        cluster.network.showEnds();
        keepAlive(2 * LEASE, first);
        long began = cluster.now;

        process.crash();
        while (cluster.map(FIRST).server(first).up()) {
            cluster.run(MILLI);
        }

        assertThat(cluster.now - began).isLessThan(LEASE / 2);
        assertThat(ask(renew(first)).status()).isEqualTo(Status.NOT_A_MEMBER);
    }

    @Test
    void raiseLogEpoch_isKnownOfALogThatTabletsDependOn() {
        cluster.alone(TestCluster.OPTIONS.withTableReplicas(1));
        ServerId first = cluster.enlisted(FIRST, 7, 70);

        assertThat(ask(raiseLogEpoch(first, 4)).number()).isEqualTo(4);
        ask(leave(first));

        assertThat(ask(raiseLogEpoch(first, 5)).status()).isEqualTo(Status.NOT_A_MEMBER);
        ServerId second = cluster.enlisted(FIRST, 8, 80);
        assertThat(cluster.map(FIRST).logs()).containsExactly(new ClusterMap.Log(first, 4));
        assertThat(tablet(0).state()).isEqualTo(TabletState.RECOVERING);
        assertThat(tablet(0).owner()).isEqualTo(second);
        assertThat(tablet(0).logs()).containsExactly(first);
    }

    @Test
    void acceptLoss_isKnownOfALogThatTabletsDependOn() {
        cluster.alone(TestCluster.OPTIONS.withTableReplicas(1));
        ServerId first = cluster.enlisted(FIRST, 7, 70);
        assertThat(ask(acceptLoss(first)).status()).isEqualTo(Status.REFUSED);
        ask(leave(first));

        assertThat(ask(acceptLoss(first)).number()).isOne();

        assertThat(cluster.map(FIRST).logs()).containsExactly(new ClusterMap.Log(first, 0, true));
        assertThat(tablet(0).since()).isEqualTo(tablet(0).epoch());
    }

    @Test
    void start_again_knowsEverythingAndGivesEverybodyAWholeLease() {
        Seat seat = cluster.alone();
        ServerId server = cluster.enlisted(FIRST, 7, 70);
        ask(createTable("t", 3));
        ClusterMap before = cluster.map(FIRST);
        seat.crash();
        cluster.run(10 * LEASE);
        cluster.disk.restart();

        cluster.alone();
        long restartedAt = cluster.now;

        assertThat(cluster.map(FIRST)).isEqualTo(before);
        cluster.until(() -> cluster.now - restartedAt > LEASE * 9 / 10);
        assertThat(ask(renew(server)).status()).isEqualTo(Status.OK);
        cluster.run(2 * LEASE);
        assertThat(ask(renew(server)).status()).isEqualTo(Status.NOT_A_MEMBER);
    }

    @Test
    void doWork_afterAStall_holdsNoSilenceAgainstAnybody() {
        Seat seat = cluster.alone();
        ServerId server = cluster.enlisted(FIRST, 7, 70);
        seat.isStopped = true;
        cluster.run(5 * LEASE);

        seat.isStopped = false;
        cluster.run(LEASE / 2);

        assertThat(ask(renew(server)).status()).isEqualTo(Status.OK);
        assertThat(cluster.metrics.counter(CoordinatorMetrics.STALLS).get()).isOne();
    }

    @Test
    void tables_createSplitDrop() {
        cluster.alone();
        cluster.enlisted(FIRST, 7, 70);

        assertThat(ask(createTable("t", 2)).number()).isEqualTo(2);
        assertThat(ask(createTable("t", 2)).number()).isEqualTo(2);
        assertThat(ask(createTable("t", 3)).status()).isEqualTo(Status.REFUSED);
        assertThat(ask(splitTablet("t", 5)).status()).isEqualTo(Status.OK);
        assertThat(cluster.map(FIRST).tablet(2, 4).lastHash()).isEqualTo(4);
        assertThat(ask(splitTablet("none", 5)).text()).contains("no table called none");
        assertThat(ask(dropTable("t")).status()).isEqualTo(Status.OK);
        assertThat(cluster.map(FIRST).tables()).hasSize(1);
    }

    private Call assignUnderWay(ServerId heir) {
        Call call = cluster.rpc.newCall();
        cluster.start(call, FIRST, assign("default", 0, heir), 20_000 * MILLI);
        cluster.until(() -> tablet(0).state() == TabletState.LEAVING);
        assertThat(call.isDone()).isFalse();
        return call;
    }

    @Test
    void assignTablet_isAnsweredWhenTheOwnerHasLetGo() {
        cluster.alone();
        ServerId owner = cluster.enlisted(FIRST, 7, 70);
        ServerId heir = cluster.enlisted(FIRST, 8, 80);
        Call call = assignUnderWay(heir);
        keepAlive(LEASE, owner, heir);

        ask(released(tablet(0), true));
        cluster.until(call::isDone);

        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(tablet(0).owner()).isEqualTo(heir);
    }

    @Test
    void assignTablet_withObjects_isRefusedWhenTheOwnerSaysSo() {
        cluster.alone();
        cluster.enlisted(FIRST, 7, 70);
        ServerId heir = cluster.enlisted(FIRST, 8, 80);
        Call call = assignUnderWay(heir);

        ask(released(tablet(0), false));
        cluster.until(call::isDone);

        assertThat(call.status()).isEqualTo(Status.REFUSED);
        assertThat(call.text()).contains("has objects and stays with server 1.1");
    }

    @Test
    void assignTablet_ownerGoesDown_heirHasIt() {
        cluster.alone();
        cluster.enlisted(FIRST, 7, 70);
        ServerId heir = cluster.enlisted(FIRST, 8, 80);
        Call call = assignUnderWay(heir);

        keepAlive(2 * LEASE, heir);

        assertThat(call.isDone()).isTrue();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(tablet(0).owner()).isEqualTo(heir);
    }

    @Test
    void takeTablet_comesToItsNewOwner() {
        cluster.alone();
        ServerId source = cluster.enlisted(FIRST, 7, 70);
        ServerId target = cluster.enlisted(FIRST, 8, 80);
        Tablet known = tablet(0);

        assertThat(ask(takeTablet(target, known)).number()).isEqualTo(2);
        assertThat(ask(takeTablet(target, known)).number()).isEqualTo(2);
        Tablet taken = tablet(0);
        assertThat(taken).isEqualTo(known.in(2, target, TabletState.MIGRATING, source));
        assertThat(ask(recallTablet(known)).status()).isEqualTo(Status.OK);
        assertThat(tablet(0)).isEqualTo(taken);

        assertThat(ask(migrationEnded(taken)).status()).isEqualTo(Status.OK);
        assertThat(tablet(0)).isEqualTo(known.in(2, target, TabletState.NORMAL, ServerId.NONE));
    }

    @Test
    void takeTablet_thatWasRecalled_isRefused() {
        cluster.alone();
        ServerId source = cluster.enlisted(FIRST, 7, 70);
        ServerId target = cluster.enlisted(FIRST, 8, 80);
        Tablet known = tablet(0);

        assertThat(ask(recallTablet(known)).status()).isEqualTo(Status.OK);

        assertThat(tablet(0)).isEqualTo(known.in(2, source, TabletState.NORMAL, ServerId.NONE));
        Answer answer = ask(takeTablet(target, known));
        assertThat(answer.status()).isEqualTo(Status.REFUSED);
        assertThat(answer.text()).contains("is with server 1.1 in epoch 2");
    }

    @Test
    void takeTablet_restartOfTheCoordinatorMeanwhile_isUnderWayAsBefore() {
        Seat seat = cluster.alone();
        cluster.enlisted(FIRST, 7, 70);
        ServerId target = cluster.enlisted(FIRST, 8, 80);
        Tablet known = tablet(0);
        ask(takeTablet(target, known));
        Tablet taken = tablet(0);
        seat.crash();
        cluster.disk.restart();

        cluster.alone();

        assertThat(ask(takeTablet(target, known)).number()).isEqualTo(taken.epoch());
        assertThat(tablet(0)).isEqualTo(taken);
    }

    @Test
    void clientLeases_liveAsLongAsWasSaid() {
        cluster.alone();
        Answer lease = ask(openLease(5));
        assertThat(ask(openLease(5)).number()).isEqualTo(lease.number());
        long granted = Long.parseLong(lease.text());
        assertThat(lease.time() - granted).isGreaterThanOrEqualTo(TERM);

        assertThat(ask(renewClientLease(lease.number())).time())
                .isEqualTo(ask(checkLease(lease.number())).time());
        cluster.now += TERM * 3 / 4 * MILLI;
        Answer renewed = ask(renewClientLease(lease.number()));
        assertThat(renewed.time()).isGreaterThan(lease.time());
        assertThat(ask(checkLease(lease.number())).time()).isEqualTo(renewed.time());

        cluster.now += (renewed.time() - Long.parseLong(renewed.text()) - 2_000) * MILLI;
        assertThat(ask(checkLease(lease.number())).status()).isEqualTo(Status.OK);
        cluster.run(4_000 * MILLI);
        assertThat(ask(checkLease(lease.number())).status()).isEqualTo(Status.LEASE_EXPIRED);
        assertThat(ask(renewClientLease(lease.number())).status()).isEqualTo(Status.LEASE_EXPIRED);
    }

    @Test
    void closeLease_endsIt_andItsNumberIsNotGivenAgain() {
        cluster.alone();
        Answer lease = ask(openLease(5));
        ask(closeLease(lease.number()));

        assertThat(ask(checkLease(lease.number())).status()).isEqualTo(Status.LEASE_EXPIRED);
        assertThat(ask(openLease(5)).number()).isEqualTo(lease.number() + 1);
    }

    @Test
    void requests_doubledLostAndLate_areAppliedOnce() {
        cluster.alone(
                new CoordinatorOptions(20 * LEASE, LEASE, 0, TERM, 1, 0, 0, RecoveryParts.NEVER));
        cluster.network.set(
                Faults.NONE
                        .withDelay(MILLI, 5 * MILLI)
                        .withLoss(0.2)
                        .withDuplication(0.5)
                        .withReordering(0.5, 300 * MILLI));
        ServerId first = cluster.enlisted(FIRST, 7, 70);
        for (int round = 0; round < 10; round++) {
            Answer created = ask(createTable("t", 2));
            assertThat(created.number()).as(created.text()).isEqualTo(2 + round);
            assertThat(ask(splitTablet("t", 99)).status()).isEqualTo(Status.OK);
            assertThat(cluster.map(FIRST).tablets()).hasSize(4);
            assertThat(ask(openLease(round)).number()).isEqualTo(1 + round);
            assertThat(ask(dropTable("t")).status()).isEqualTo(Status.OK);
            assertThat(cluster.map(FIRST).tables()).hasSize(1);
            ask(renew(first));
        }
    }

    @Test
    void messages_cutOff_areMalformedAndHarmless() {
        Seat seat = cluster.alone();
        cluster.enlisted(FIRST, 7, 70);
        ClusterMap before = cluster.map(FIRST);

        Answer answer =
                cluster.ask(
                        FIRST,
                        buffer -> {
                            new CreateTableEncoder()
                                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                                    .tablets(1)
                                    .name("a name");
                            return CreateTableEncoder.BLOCK_LENGTH + 3;
                        });
        assertThat(answer.status()).isEqualTo(Status.MALFORMED);
        answer =
                cluster.ask(
                        FIRST,
                        buffer -> {
                            new EnlistEncoder()
                                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                                    .boot(1);
                            return EnlistEncoder.BLOCK_LENGTH;
                        });
        assertThat(answer.status()).isEqualTo(Status.MALFORMED);
        assertThat(cluster.map(FIRST)).isEqualTo(before);
        assertThat(seat.coordinator.isLeading()).isTrue();
    }

    @Test
    void doWork_diskFull_answersWhenThereIsSpaceAgain() {
        cluster.alone();
        cluster.enlisted(FIRST, 7, 70);
        cluster.disk.capacity(200);
        assertThat(cluster.ask(FIRST, createTable("t", 1)).status()).isEqualTo(Status.RETRY_LATER);
        assertThat(cluster.ask(FIRST, createTable("t", 1)).status()).isEqualTo(Status.RETRY_LATER);

        cluster.disk.capacity(1 << 20);

        assertThat(ask(createTable("t", 1)).number()).isEqualTo(2);
    }

    private void lead(Seat seat) {
        cluster.shared.lead((MemoryLog) seat.log);
    }

    @Test
    void follower_saysWhoLeads() {
        Seat one = cluster.replica(FIRST);
        cluster.replica(OTHER);
        lead(one);
        cluster.until(one.coordinator::isLeading);
        cluster.run(100 * MILLI);

        Answer answer = cluster.ask(OTHER, createTable("t", 1));

        assertThat(answer.status()).isEqualTo(Status.NOT_LEADER);
        assertThat(answer.text()).isEqualTo(FIRST);
    }

    /**
     * A node takes seconds to find a coordinator that was gone, and must not be given up for it.
     */
    @Test
    void restart_serversAreGivenTimeToReturn_andThoseWhoDoNotAreDown() {
        long patience = 5 * LEASE;
        CoordinatorOptions patient = TestCluster.OPTIONS.withReturnNanos(patience);
        Seat before = cluster.alone(patient);
        ServerId returning = cluster.enlisted(FIRST, 7, 70);
        ServerId gone = cluster.enlisted(FIRST, 8, 80);
        before.crash();
        cluster.run(3 * LEASE);

        Seat after = cluster.alone(patient);
        cluster.until(after.coordinator::isLeading);
        long leadsSince = cluster.now;
        cluster.run(patience);
        assertThat(cluster.insist(FIRST, renew(returning)).status()).isEqualTo(Status.OK);
        while (after.coordinator.map().server(gone).up()) {
            assertThat(cluster.now - leadsSince).isLessThan(patience + 2 * LEASE);
            keepAlive(100 * MILLI, returning);
        }

        assertThat(cluster.now - leadsSince).isGreaterThan(patience + LEASE);
        assertThat(after.coordinator.map().server(returning).up()).isTrue();
        assertThat(cluster.insist(FIRST, renew(gone)).status()).isEqualTo(Status.NOT_A_MEMBER);
    }

    @Test
    void leaderChange_nextOneKnowsAllAndIsPatient() {
        Seat one = cluster.replica(FIRST);
        Seat two = cluster.replica(OTHER);
        lead(one);
        ServerId server = cluster.enlisted(FIRST, 7, 70);
        long lease = ask(openLease(5)).number();
        keepAlive(2 * LEASE, server);

        one.crash();
        lead(two);
        cluster.until(two.coordinator::isLeading);
        long leadsSince = cluster.now;
        cluster.until(() -> !two.coordinator.map().server(server).up());

        assertThat(cluster.now - leadsSince).isGreaterThan(LEASE + LEASE / 2);
        assertThat(cluster.insist(OTHER, checkLease(lease)).status()).isEqualTo(Status.OK);
        assertThat(cluster.insist(OTHER, renew(server)).status()).isEqualTo(Status.NOT_A_MEMBER);
    }

    @Test
    void leaderChange_theOneBeforeGrantsNothingThatTheNextDoesNotWaitFor() {
        int granted = 0;
        for (int seed = 0; seed < 20; seed++) {
            try (TestCluster world = new TestCluster(seed, 4 * LEASE)) {
                Seat one = world.replica(FIRST);
                Seat two = world.replica(OTHER);
                world.shared.lead((MemoryLog) one.log);
                ServerId server = world.enlisted(FIRST, 7, 70);
                world.run(world.random.nextLong(LEASE / 2));
                world.shared.lead((MemoryLog) two.log);
                one.isStopped = seed % 2 == 0;
                long leaseEnds = world.now;
                for (int round = 0; two.coordinator.map().server(server).up(); round++) {
                    assertThat(round).isLessThan(1_000);
                    one.isStopped &= round < 10;
                    long sentAt = world.now;
                    Call call = world.rpc.newCall();
                    world.start(call, FIRST, renew(server), LEASE / 20);
                    world.until(call::isDone);
                    if (call.status() == Status.OK) {
                        leaseEnds = sentAt + LEASE;
                        granted++;
                    }
                    call.close();
                    world.run(10 * MILLI);
                }
                assertThat(leaseEnds).as("seed %d", seed).isLessThan(world.now);
            }
        }
        assertThat(granted).as("leases by a leader that is none").isPositive();
    }

    /** Who takes a map for the last word must not miss what a later leader has done. */
    @Test
    void leaderChange_theOneBeforeTellsNobodyItsMapAsTheLeaders() {
        int believers = 0;
        for (int seed = 0; seed < 20; seed++) {
            try (TestCluster world = new TestCluster(seed, 4 * LEASE)) {
                Seat one = world.replica(FIRST);
                Seat two = world.replica(OTHER);
                world.shared.lead((MemoryLog) one.log);
                world.enlisted(FIRST, 7, 70);
                assertThat(world.insist(FIRST, getClusterMap(true)).status()).isEqualTo(Status.OK);
                world.shared.lead((MemoryLog) two.log);
                assertThat(world.insist(OTHER, createTable("t", 1)).number()).isEqualTo(2);
                if (world.ask(FIRST, getClusterMap(false)).status() == Status.OK) {
                    believers++;
                }
                assertThat(world.ask(FIRST, getClusterMap(true)).status())
                        .as("seed %d", seed)
                        .isNotEqualTo(Status.OK);
                assertThat(world.insist(OTHER, getClusterMap(true)).status()).isEqualTo(Status.OK);
            }
        }
        assertThat(believers).as("who lead no more and do not know it").isPositive();
    }

    @Test
    void anySeed_leadersComeAndGo_whatWasAnsweredStays() {
        for (int seed = 0; seed < 25; seed++) {
            try (TestCluster world = new TestCluster(seed)) {
                List<String> addresses = List.of("memory:a", "memory:b", "memory:c");
                addresses.forEach(world::replica);
                int tables = 0;
                for (int round = 0; round < 12; round++) {
                    Seat next = world.seats.get(world.random.nextInt(3));
                    world.shared.lead((MemoryLog) next.log);
                    world.run(world.random.nextLong(40 * MILLI));
                    world.enlisted(next.address, 50 + round, 5);
                    String name = "t" + tables;
                    Answer answer = world.insist(next.address, createTable(name, 1));
                    assertThat(answer.number()).isEqualTo(2 + tables);
                    tables++;
                    if (world.random.nextInt(3) == 0) {
                        Seat victim = world.seats.get(world.random.nextInt(3));
                        String address = victim.address;
                        victim.crash();
                        world.run(world.random.nextLong(40 * MILLI));
                        world.replica(address);
                    }
                }
                world.run(200 * MILLI);
                ClusterMap map = world.seats.get(0).coordinator.map();
                assertThat(map.tables()).hasSize(1 + tables);
                for (Seat seat : world.seats) {
                    assertThat(seat.coordinator.map()).as("seed %d", seed).isEqualTo(map);
                }
            }
        }
    }

    @Test
    void close_servesNobodyAnyMore() {
        Seat seat = cluster.alone();
        cluster.enlisted(FIRST, 7, 70);
        seat.coordinator.close();

        assertThat(cluster.ask(FIRST, createTable("t", 1)).status())
                .isEqualTo(Status.UNKNOWN_REQUEST);
    }
}
