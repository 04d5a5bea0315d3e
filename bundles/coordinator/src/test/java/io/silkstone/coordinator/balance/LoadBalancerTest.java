package io.silkstone.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalancePlan.Cut;
import io.silkstone.api.balance.BalancePlan.Move;
import io.silkstone.api.balance.BalanceStrategy;
import io.silkstone.api.balance.BalanceView;
import io.silkstone.api.balance.ClusterLoad;
import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.base.NanoClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever the strategy says: what may not be is left out, and what has moved rests. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoadBalancerTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final ServerId FIRST = new ServerId(1, 1);
    private static final ServerId SECOND_SERVER = new ServerId(2, 1);
    private static final ServerId DOWN = new ServerId(3, 1);
    private static final int TABLETS = 4;

    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final List<String> done = new ArrayList<>();
    private final BalanceSlot slot = new BalanceSlot(NanoClock.SYSTEM);
    private final Servers servers = new Servers();
    private long now = 1;
    private LoadBalancer balancer = balancer(true, false);

    /** Two servers that are up, with tablets of one hash each. */
    private final class Servers implements LoadBalancer.ClusterAccess {
        final List<Tablet> tablets = new ArrayList<>();
        boolean leading = true;
        boolean copies;
        String refusal;

        Servers() {
            for (int index = 0; index < TABLETS; index++) {
                tablets.add(tablet(index, FIRST, 1, TabletState.NORMAL));
            }
        }

        private Tablet tablet(int index, ServerId owner, long epoch, TabletState state) {
            long last = index == TABLETS - 1 ? -1 : index * 100 + 99;
            return new Tablet(1, index * 100, last, owner, epoch, state, ServerId.NONE);
        }

        void set(int index, ServerId owner, TabletState state) {
            tablets.set(index, tablet(index, owner, tablets.get(index).epoch() + 1, state));
        }

        @Override
        public boolean isLeading() {
            return leading;
        }

        @Override
        public String leader() {
            return "aeron:127.0.0.1:7701";
        }

        @Override
        public ClusterMap map() {
            return new ClusterMap(
                    7,
                    1,
                    List.of(server(FIRST, true), server(SECOND_SERVER, true), server(DOWN, false)),
                    List.of(new ClusterMap.Table(1, "default")),
                    tablets);
        }

        private ClusterMap.Server server(ServerId id, boolean up) {
            return new ClusterMap.Server(id, up, "a".repeat(40), "x", "");
        }

        @Override
        public List<ServerLoad> loads(ClusterMap map) {
            return List.of(load(map, FIRST), load(map, SECOND_SERVER));
        }

        private ServerLoad load(ClusterMap map, ServerId id) {
            List<TabletLoad> own = new ArrayList<>();
            for (Tablet each : map.tablets()) {
                if (each.owner().equals(id)) {
                    own.add(
                            new TabletLoad(
                                    1, each.firstHash(), each.lastHash(), 1, 1, 1, 100, 0, 0));
                }
            }
            return new ServerLoad(id, 1_000, 0, own);
        }

        @Override
        public long move(String table, long hash, ServerId target) throws ClusterRefused {
            done.add("%s %d to %s".formatted(table, hash, target));
            if (refusal != null) {
                throw new ClusterRefused(refusal);
            }
            if (!copies) {
                set((int) hash / 100, target, TabletState.NORMAL);
            }
            return copies ? 0 : 5;
        }

        @Override
        public void cut(String table, long hash) throws ClusterRefused {
            done.add("%s cut at %d".formatted(table, hash));
        }
    }

    private LoadBalancer balancer(boolean enabled, boolean dryRun) {
        return new LoadBalancer(
                servers,
                slot,
                new BalanceOptions(enabled, dryRun, SECOND, 1, 60 * SECOND),
                () -> now);
    }

    private void use(Function<ClusterLoad, BalancePlan> strategy) throws Exception {
        BalanceStrategy policy =
                load ->
                        load.servers().isEmpty()
                                ? BalancePlan.nothing("trial")
                                : strategy.apply(load);
        slot.use(
                new PolicyId(BalanceSlot.KIND, "steered", "1.0.0", 7),
                policy,
                (failed, next, reason) -> faults.add(next + ": " + reason));
    }

    /** All tablets of each server are to be the other one's. */
    private static BalancePlan exchange(ClusterLoad load) {
        List<Move> moves = new ArrayList<>();
        for (ServerLoad server : load.servers()) {
            ServerId target = server.id().equals(FIRST) ? SECOND_SERVER : FIRST;
            server.tablets().forEach(each -> moves.add(new Move(each, server.id(), target)));
        }
        return new BalancePlan(moves, List.of(), "exchanged");
    }

    private void pass(long seconds) {
        for (long half = 0; half < 2 * seconds; half++) {
            now += SECOND / 2;
            balancer.doWork();
        }
    }

    @Test
    void aLeaderThatBegins_movesNothingUntilItHasSeenAllRest() throws Exception {
        use(LoadBalancerTest::exchange);
        pass(59);
        assertThat(done).isEmpty();
        pass(3);
        assertThat(done).containsExactly("default 0 to 2.1");
        servers.leading = false;
        pass(1);
        servers.leading = true;
        pass(59);
        assertThat(done).hasSize(1);
    }

    @Test
    void moves_comeOneAfterTheOther_andRestThen() throws Exception {
        use(LoadBalancerTest::exchange);
        pass(61);
        assertThat(done).hasSize(1);
        pass(5);
        assertThat(done).as("figures are of before").hasSize(1);
        pass(35);
        assertThat(done)
                .containsExactly(
                        "default 0 to 2.1",
                        "default 100 to 2.1",
                        "default 200 to 2.1",
                        "default 300 to 2.1");
        pass(20);
        assertThat(done).hasSize(4);
        pass(30);
        assertThat(done).hasSize(8).contains("default 0 to 1.1");
    }

    @Test
    void tabletsOnTheirWay_keepOthersFromMoving() throws Exception {
        use(LoadBalancerTest::exchange);
        servers.set(3, SECOND_SERVER, TabletState.MIGRATING);
        pass(200);
        assertThat(done).isEmpty();
        servers.set(3, SECOND_SERVER, TabletState.NORMAL);
        pass(10);
        assertThat(done).hasSize(1);
    }

    @Test
    void copies_keepOthersFromMoving_untilTheyMustHaveFailed() throws Exception {
        use(LoadBalancerTest::exchange);
        servers.copies = true;
        pass(62);
        assertThat(done).hasSize(1);
        pass(110);
        assertThat(done).hasSize(1);
        pass(20);
        assertThat(done).hasSizeGreaterThan(1);
    }

    @Test
    void whatIsRefused_restsToo() throws Exception {
        use(LoadBalancerTest::exchange);
        servers.refusal = "no";
        pass(70);
        assertThat(done).hasSizeBetween(2, TABLETS).doesNotHaveDuplicates();
    }

    @Test
    void whatMayNotBe_isLeftOut() throws Exception {
        TabletLoad stranger = new TabletLoad(1, 7, 8, 1, 1, 1, 1, 0, 0);
        pass(70);
        use(
                load -> {
                    TabletLoad own = load.servers().getFirst().tablets().getFirst();
                    return new BalancePlan(
                            List.of(
                                    new Move(stranger, FIRST, SECOND_SERVER),
                                    new Move(own, SECOND_SERVER, FIRST),
                                    new Move(own, FIRST, FIRST),
                                    new Move(own, FIRST, DOWN),
                                    new Move(own, FIRST, new ServerId(9, 1))),
                            List.of(
                                    new Cut(own, own.firstHash()),
                                    new Cut(own, own.lastHash() + 1),
                                    new Cut(stranger, 8)),
                            "nonsense");
                });
        assertThat(balancer.look().plan().isEmpty()).isTrue();
        use(
                load -> {
                    TabletLoad own = load.servers().getFirst().tablets().getFirst();
                    return new BalancePlan(List.of(), List.of(new Cut(own, 50)), "a cut");
                });
        pass(1);
        assertThat(done).containsExactly("default cut at 50");
    }

    @Test
    void dryRun_doesNothing() throws Exception {
        balancer = balancer(true, true);
        use(LoadBalancerTest::exchange);
        pass(70);
        assertThat(done).isEmpty();
        BalanceView view = balancer.look();
        assertThat(view.dryRun()).isTrue();
        assertThat(view.plan().moves()).hasSize(1);
        assertThat(view.load().resting()).isEmpty();
    }

    @Test
    void asShipped_nothingIsDoneUntilItIsSwitchedOn() throws Exception {
        balancer = balancer(false, false);
        assertThat(BalanceOptions.DEFAULTS.enabled()).isFalse();
        assertThatThrownBy(() -> balancer.enable(true)).hasMessageContaining("moves nothing");
        use(LoadBalancerTest::exchange);
        pass(70);
        assertThat(done).isEmpty();
        balancer.enable(true);
        pass(1);
        assertThat(done).hasSize(1);
        balancer.enable(false);
        pass(60);
        assertThat(done).hasSize(1);
        balancer.enable(true);
        servers.leading = false;
        pass(1);
        servers.leading = true;
        pass(120);
        assertThat(done).as("what was said to who led before").hasSize(1);
    }

    @Test
    void whereItDoesNotLead_itSaysWhoDoes() {
        servers.leading = false;
        assertThatThrownBy(balancer::look)
                .isInstanceOf(ClusterRefused.class)
                .hasMessageContaining("aeron:127.0.0.1:7701");
        assertThatThrownBy(() -> balancer.enable(true)).isInstanceOf(ClusterRefused.class);
    }

    @Test
    void aStrategyThatFails_isLeft_andNothingMoves() throws Exception {
        use(
                load -> {
                    throw new IllegalStateException("broken");
                });
        pass(62);
        assertThat(done).isEmpty();
        assertThat(slot.inUse().name()).isEqualTo(BuiltInStrategy.NAME);
        assertThat(faults).hasSize(1);
        assertThat(faults.getFirst()).contains("broken");
    }

    @Test
    void partsOfATabletThatWasCut_haveBeenWhereItWas() {
        Residence residence = new Residence();
        residence.observe(servers.map(), 5);
        Tablet whole = servers.tablets.getFirst();
        servers.tablets.set(
                0, new Tablet(1, 0, 49, whole.owner(), 2, TabletState.NORMAL, ServerId.NONE));
        servers.tablets.add(
                new Tablet(1, 50, 99, whole.owner(), 2, TabletState.NORMAL, ServerId.NONE));
        residence.observe(servers.map(), 9);
        assertThat(residence.since(1, 0, 0)).isEqualTo(5);
        assertThat(residence.since(1, 50, 0)).isEqualTo(5);
        assertThat(residence.changedAt()).isEqualTo(5);
        servers.set(1, SECOND_SERVER, TabletState.NORMAL);
        residence.observe(servers.map(), 11);
        assertThat(residence.since(1, 100, 0)).isEqualTo(11);
        assertThat(residence.since(1, 200, 0)).isEqualTo(5);
    }
}
