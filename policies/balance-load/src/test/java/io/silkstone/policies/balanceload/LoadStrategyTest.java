package io.silkstone.policies.balanceload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalancePlan.Move;
import io.silkstone.api.balance.ClusterLoad;
import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadStrategyTest {
    private static final long CAPACITY = 1 << 30;

    private final LoadStrategy strategy = new LoadStrategy(LoadOptions.DEFAULTS);
    private int tablets;

    private static ServerId id(int index) {
        return new ServerId(index, 1);
    }

    private TabletLoad tablet(long load) {
        return tablet(load, TabletLoad.NO_CUT);
    }

    private TabletLoad tablet(long load, long cutHash) {
        int number = ++tablets;
        return new TabletLoad(1, number, number, 1, 100, 10_000, load, cutHash, load / 2);
    }

    private ServerLoad server(int index, long... loads) {
        List<TabletLoad> all = new ArrayList<>();
        for (long load : loads) {
            all.add(tablet(load));
        }
        return new ServerLoad(id(index), CAPACITY, 0, all);
    }

    private static ClusterLoad cluster(int movesMax, ServerLoad... servers) {
        return new ClusterLoad(List.of(servers), Set.of(), movesMax);
    }

    @Test
    void plan_ofOneServer_isNothing() {
        assertThat(strategy.plan(cluster(4, server(1, 9_000))).isEmpty()).isTrue();
    }

    @Test
    void plan_whereLoadIsEvenEnough_isNothing() {
        BalancePlan plan = strategy.plan(cluster(4, server(1, 1_400, 1_500), server(2, 2_000)));
        assertThat(plan.isEmpty()).isTrue();
        assertThat(plan.reason())
                .isEqualTo(
                        "Server 1.1 has 2900 operations a second, server 2.1 has 2000. That is even"
                                + " enough.");
    }

    @Test
    void plan_whereNobodyIsBusy_isNothing() {
        assertThat(strategy.plan(cluster(4, server(1), server(2))).reason())
                .isEqualTo("Each server has 0 operations a second. That is even enough.");
        assertThat(strategy.plan(cluster(4, server(1, 500, 499), server(2))).isEmpty()).isTrue();
    }

    @Test
    void plan_movesWhatLeavesTheLeastDifference() {
        ServerLoad busy = server(1, 100, 6_000, 4_500, 3_000);
        BalancePlan plan = strategy.plan(cluster(1, busy, server(2, 200), server(3, 5_000)));
        assertThat(plan.moves()).containsExactly(new Move(busy.tablets().get(1), id(1), id(2)));
        assertThat(plan.reason())
                .isEqualTo(
                        "Server 1.1 has 13600 operations a second, server 2.1 has 200. 1 tablet"
                                + " moves.");
    }

    @Test
    void plan_ofSeveralMoves_countsThoseBefore() {
        BalancePlan plan =
                strategy.plan(cluster(9, server(1, 1_000, 1_000, 1_000, 1_000), server(2)));
        assertThat(plan.moves()).hasSize(2);
        assertThat(plan.cuts()).isEmpty();
    }

    @Test
    void plan_leavesAloneWhatRests() {
        ServerLoad busy = server(1, 1_000, 1_000);
        BalancePlan plan =
                strategy.plan(
                        new ClusterLoad(List.of(busy, server(2)), Set.copyOf(busy.tablets()), 4));
        assertThat(plan.isEmpty()).isTrue();
        assertThat(plan.reason()).endsWith("What could move rests.");
    }

    @Test
    void plan_leavesMemoryToTheTarget() {
        ServerLoad full = new ServerLoad(id(2), CAPACITY, CAPACITY * 8 / 10 - 9_999, List.of());
        ServerLoad busy = server(1, 2_000, 2_000);
        assertThat(strategy.plan(cluster(1, busy, full)).reason())
                .endsWith("No other server has memory for a tablet that could move.");
        assertThat(strategy.plan(cluster(1, busy, full, server(3, 100))).moves())
                .extracting(Move::target)
                .containsExactly(id(3));
    }

    @Test
    void plan_ofOneTabletThatHasAll_cutsItWhereItsLoadDivides() {
        TabletLoad hot = tablet(9_000, 77);
        ServerLoad busy = new ServerLoad(id(1), CAPACITY, 0, List.of(tablet(99), hot));
        BalancePlan plan = strategy.plan(cluster(1, busy, server(2)));
        assertThat(plan.moves()).isEmpty();
        assertThat(plan.cuts()).containsExactly(new BalancePlan.Cut(hot, 77));
        assertThat(strategy.plan(cluster(0, busy, server(2))).isEmpty()).isTrue();
        strategy.configure(new LoadOptions(1.5, 1_000, false));
        assertThat(strategy.plan(cluster(1, busy, server(2))).cuts()).isEmpty();
    }

    @Test
    void plan_ofTabletsThatAreAllTooBusy_cutsTheBusiest() {
        TabletLoad hot = tablet(6_100, 77);
        ServerLoad busy = new ServerLoad(id(1), CAPACITY, 0, List.of(tablet(5_000, 66), hot));
        BalancePlan plan = strategy.plan(cluster(1, busy, server(2, 5_900)));
        assertThat(plan.moves()).as("the other would be as busy then").isEmpty();
        assertThat(plan.cuts()).containsExactly(new BalancePlan.Cut(hot, 77));
    }

    @Test
    void plan_ofOneSlotThatHasAll_saysThatItIsLeftAlone() {
        BalancePlan plan = strategy.plan(cluster(1, server(1, 9_000, 10), server(2, 20)));
        assertThat(plan.moves()).as("what is little is moved out of the way").hasSize(1);
        plan = strategy.plan(cluster(1, server(1, 9_000), server(2, 30)));
        assertThat(plan.isEmpty()).isTrue();
        assertThat(plan.reason()).endsWith("they fall on one hash slot, so it is left alone.");
    }

    @Test
    void options_areChecked() {
        assertThatThrownBy(() -> new LoadOptions(1.0, 1, true)).hasMessageContaining("ratio");
        assertThatThrownBy(() -> new LoadOptions(2, 0, true)).hasMessageContaining("least.load");
    }

    /** A cluster with errors of measurement, in which what is planned is done. */
    private final class Model {
        final SplittableRandom random;
        final List<List<TabletLoad>> servers = new ArrayList<>();
        final double noise;
        int moves;

        Model(long seed, double noise) {
            random = new SplittableRandom(seed);
            this.noise = noise;
            int count = random.nextInt(2, 9);
            int all = random.nextInt(4, 200);
            for (int index = 0; index < count; index++) {
                servers.add(new ArrayList<>());
            }
            // Few servers have most of it, and few tablets too.
            for (int index = 0; index < all; index++) {
                long load = (long) (20_000 / (1.0 + random.nextInt(all)));
                servers.get(random.nextInt(random.nextInt(count) + 1)).add(tablet(load));
            }
        }

        long load(List<TabletLoad> server) {
            return server.stream().mapToLong(TabletLoad::operationsPerSecond).sum();
        }

        long most() {
            return servers.stream().mapToLong(this::load).max().orElseThrow();
        }

        private TabletLoad seen(TabletLoad real) {
            double factor = 1 + noise * (2 * random.nextDouble() - 1);
            return new TabletLoad(
                    real.table(),
                    real.firstHash(),
                    real.lastHash(),
                    real.epoch(),
                    real.objects(),
                    real.bytes(),
                    Math.round(real.operationsPerSecond() * factor),
                    real.cutHash(),
                    0);
        }

        /** Returns how many tablets moved. */
        int step() {
            List<ServerLoad> seen = new ArrayList<>();
            for (int index = 0; index < servers.size(); index++) {
                List<TabletLoad> tablets = servers.get(index).stream().map(this::seen).toList();
                seen.add(new ServerLoad(id(index + 1), CAPACITY, 0, tablets));
            }
            BalancePlan plan = strategy.plan(new ClusterLoad(seen, Set.of(), 2));
            for (Move move : plan.moves()) {
                List<TabletLoad> source = servers.get(move.source().index() - 1);
                TabletLoad real =
                        source.stream()
                                .filter(each -> each.firstHash() == move.tablet().firstHash())
                                .findFirst()
                                .orElseThrow();
                source.remove(real);
                servers.get(move.target().index() - 1).add(real);
            }
            moves += plan.moves().size();
            return plan.moves().size();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void model_withoutErrors_comesToRestAndIsNeverWorseOff(long base) {
        for (long seed = base * 1_000; seed < base * 1_000 + 200; seed++) {
            Model model = new Model(seed, 0);
            long all = model.servers.stream().mapToLong(model::load).sum();
            long most = model.most();
            int steps = 0;
            while (model.step() > 0) {
                assertThat(model.most()).as("seed %d", seed).isLessThanOrEqualTo(most);
                most = model.most();
                assertThat(++steps).as("seed %d", seed).isLessThan(1_000);
            }
            Set<Long> hashes = new HashSet<>();
            model.servers.forEach(server -> server.forEach(each -> hashes.add(each.firstHash())));
            assertThat(hashes).as("seed %d", seed).hasSize(count(model));
            assertThat(model.servers.stream().mapToLong(model::load).sum()).isEqualTo(all);
            assertEvenOrStuck(model, seed);
        }
    }

    private static int count(Model model) {
        return model.servers.stream().mapToInt(List::size).sum();
    }

    /** Even enough, or all that the busiest has is too much to be moved. */
    private void assertEvenOrStuck(Model model, long seed) {
        long most = model.most();
        long least = model.servers.stream().mapToLong(model::load).min().orElseThrow();
        List<TabletLoad> busiest =
                model.servers.stream()
                        .filter(each -> model.load(each) == most)
                        .findFirst()
                        .orElseThrow();
        boolean isEven = most < 1_000 || most <= 1.5 * least;
        boolean isStuck =
                busiest.stream()
                        .allMatch(
                                each ->
                                        each.operationsPerSecond() == 0
                                                || each.operationsPerSecond()
                                                        > 0.75 * (most - least));
        assertThat(isEven || isStuck).as("seed %d: %d and %d", seed, most, least).isTrue();
    }

    @Test
    void model_withErrors_doesNotMoveForEver() {
        for (long seed = 1; seed <= 100; seed++) {
            Model model = new Model(seed, 0.1);
            for (int step = 0; step < 300; step++) {
                model.step();
            }
            int moves = model.moves;
            for (int step = 0; step < 200; step++) {
                model.step();
            }
            assertThat(model.moves - moves).as("seed %d", seed).isLessThanOrEqualTo(2);
        }
    }
}
