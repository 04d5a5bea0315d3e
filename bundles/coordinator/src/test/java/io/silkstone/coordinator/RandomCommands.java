package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.UnsafeBuffer;

/** Commands as a seed has them, sensible ones mostly. */
final class RandomCommands {
    private static final long LEASE = 1_000_000;

    private final RandomGenerator random;
    private long millis = 1_000;
    private long calls;

    RandomCommands(RandomGenerator random) {
        this.random = random;
    }

    boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    byte[] next(CoordinatorState state) {
        millis += random.nextInt(100);
        long call = chance(8) ? Math.max(1, calls - random.nextInt(5)) : ++calls;
        long term = chance(10) ? state.term() - 1 : state.term();
        long hash = hash();
        return switch (random.nextInt(22)) {
            case 0 ->
                    Commands.takeLead(
                            millis, random.nextLong(), 1 + random.nextInt(3), 0, random.nextInt(3));
            case 1, 2, 3 -> {
                int node = random.nextInt(5);
                yield Commands.enlist(
                        millis,
                        1 + random.nextInt(12),
                        random.nextInt(13),
                        LEASE,
                        "%040x".formatted(node),
                        "memory:" + node,
                        "",
                        cuts(state));
            }
            case 4 -> Commands.down(chance(3) ? 0 : term, server(state), cuts(state));
            case 5, 6 ->
                    Commands.createTable(call, table(), random.nextInt(6), random.nextInt(6) - 1);
            case 7 -> Commands.dropTable(call, table());
            case 8 -> Commands.splitTablet(call, table(), hash);
            case 9, 10 -> Commands.assignTablet(call, table(), hash, server(state));
            case 11, 12 -> left(state);
            case 13 -> Commands.openLease(millis, random.nextInt(9), millis + 500);
            case 14 ->
                    chance(2)
                            ? Commands.extendLease(1 + random.nextInt(20), millis + 700)
                            : Commands.endLease(1 + random.nextInt(20));
            case 15, 16 -> taken(state);
            case 17 -> migrationEnded(state);
            case 18 -> recalled(state);
            case 19 -> Commands.raiseLogEpoch(server(state), random.nextInt(9));
            case 20 -> Commands.acceptLoss(call, deadServer(state));
            default -> Commands.endExpiredLeases(term, millis);
        };
    }

    private long hash() {
        return chance(2) ? random.nextLong(16_384) << 50 : random.nextLong();
    }

    /** Through tablets that there are, at borders of slots and elsewhere. */
    private List<Cut> cuts(CoordinatorState state) {
        List<Cut> cuts = new ArrayList<>();
        for (int cut = random.nextInt(4); cut > 0; cut--) {
            cuts.add(new Cut(tablet(state, TabletState.NORMAL).table(), hash()));
        }
        return cuts;
    }

    private String table() {
        return random.nextInt(4) == 0 ? "default" : "t" + random.nextInt(4);
    }

    private ServerId server(CoordinatorState state) {
        List<ServerId> up = state.serversUp();
        return up.isEmpty() || chance(5)
                ? new ServerId(random.nextInt(6), 1 + random.nextInt(2))
                : up.get(random.nextInt(up.size()));
    }

    /** One whose log tablets depend on, if there are any. */
    private ServerId deadServer(CoordinatorState state) {
        List<ClusterMap.Log> logs = state.map().logs();
        return logs.isEmpty() || chance(5)
                ? server(state)
                : logs.get(random.nextInt(logs.size())).server();
    }

    /** One in the state that is wanted, as it is or as somebody knew it; or any nonsense. */
    private Tablet tablet(CoordinatorState state, TabletState wanted) {
        List<Tablet> those =
                state.map().tablets().stream().filter(tablet -> tablet.state() == wanted).toList();
        if (those.isEmpty()) {
            int table = random.nextInt(4);
            return new Tablet(table, hash(), -1, server(state), 1, wanted, ServerId.NONE);
        }
        Tablet tablet = those.get(random.nextInt(those.size()));
        return new Tablet(
                tablet.table(),
                tablet.firstHash(),
                tablet.lastHash(),
                tablet.owner(),
                tablet.epoch() - (chance(6) ? 1 : 0),
                tablet.state(),
                tablet.peer());
    }

    private byte[] left(CoordinatorState state) {
        Tablet tablet = tablet(state, TabletState.LEAVING);
        return Commands.tabletLeft(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch(), chance(2));
    }

    private byte[] taken(CoordinatorState state) {
        Tablet tablet = tablet(state, chance(4) ? TabletState.MIGRATING : TabletState.NORMAL);
        boolean isTaken = tablet.state() == TabletState.MIGRATING;
        return Commands.takeTablet(
                isTaken ? tablet.owner() : server(state),
                isTaken ? tablet.peer() : tablet.owner(),
                tablet.table(),
                tablet.firstHash(),
                tablet.lastHash(),
                tablet.epoch());
    }

    private byte[] migrationEnded(CoordinatorState state) {
        Tablet tablet = tablet(state, chance(3) ? TabletState.MIGRATING : TabletState.RECOVERING);
        return Commands.migrationEnded(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch());
    }

    private byte[] recalled(CoordinatorState state) {
        Tablet tablet = tablet(state, chance(4) ? TabletState.MIGRATING : TabletState.NORMAL);
        return Commands.recallTablet(
                tablet.owner(), tablet.table(), tablet.firstHash(), tablet.epoch());
    }

    static Result apply(byte[] command, CoordinatorState state) {
        return Commands.apply(new UnsafeBuffer(command), state);
    }

    /** What holds after any command. */
    static void assertSound(CoordinatorState state) {
        ClusterMap map = state.map();
        for (ClusterMap.Table table : map.tables()) {
            long next = 0;
            for (Tablet tablet : map.tablets()) {
                if (tablet.table() == table.id()) {
                    assertThat(tablet.firstHash()).isEqualTo(next);
                    next = tablet.lastHash() + 1;
                }
            }
            assertThat(next).as("all hashes of %s", table.name()).isZero();
        }
        Map<Integer, Integer> replicas = new HashMap<>();
        map.tables().forEach(table -> replicas.put(table.id(), table.replicas()));
        boolean isAnybodyUp = !state.serversUp().isEmpty();
        Set<ServerId> needed = new TreeSet<>();
        for (Tablet tablet : map.tablets()) {
            boolean isOwnerUp = isUp(map, tablet.owner());
            if (tablet.state() == TabletState.RECOVERING) {
                assertThat(isOwnerUp).as("%s", tablet).isEqualTo(isAnybodyUp);
            } else {
                boolean isServed = tablet.state() != TabletState.LOST;
                assertThat(isOwnerUp).as("%s", tablet).isEqualTo(isServed);
            }
            assertPeerFits(tablet, map);
            assertLogsFit(tablet, map, replicas.get(tablet.table()));
            needed.addAll(tablet.logs());
        }
        assertThat(map.logs()).extracting(ClusterMap.Log::server).containsExactlyElementsOf(needed);
    }

    private static boolean isUp(ClusterMap map, ServerId server) {
        ClusterMap.Server known = map.server(server);
        return known != null && known.up();
    }

    private static void assertPeerFits(Tablet tablet, ClusterMap map) {
        boolean hasPeer = !tablet.peer().equals(ServerId.NONE);
        if (hasPeer) {
            assertThat(isUp(map, tablet.peer())).as("%s", tablet).isTrue();
        }
        switch (tablet.state()) {
            case NORMAL, LOST -> assertThat(hasPeer).as("%s", tablet).isFalse();
            case LEAVING, MIGRATING -> assertThat(hasPeer).as("%s", tablet).isTrue();
            case RECOVERING ->
                    assertThat(tablet.peer()).as("%s", tablet).isIn(ServerId.NONE, tablet.owner());
            default -> throw new AssertionError(tablet);
        }
        if (tablet.state() != TabletState.RECOVERING) {
            assertThat(tablet.peer()).as("%s", tablet).isNotEqualTo(tablet.owner());
        }
    }

    private static void assertLogsFit(Tablet tablet, ClusterMap map, int replicas) {
        if (tablet.state() == TabletState.RECOVERING) {
            assertThat(tablet.logs()).as("%s", tablet).isNotEmpty();
        } else {
            assertThat(tablet.logs()).as("%s", tablet).isEmpty();
        }
        if (replicas == 0) {
            assertThat(tablet.logs()).as("%s", tablet).isEmpty();
        } else {
            assertThat(tablet.state()).as("%s", tablet).isNotEqualTo(TabletState.LOST);
        }
        assertThat(tablet.logs())
                .as("%s", tablet)
                .isSorted()
                .doesNotHaveDuplicates()
                .hasSizeLessThanOrEqualTo(2)
                .noneMatch(server -> isUp(map, server));
    }

    /** What holds of two states, one command apart or more. */
    static void assertFollows(ClusterMap before, ClusterMap after) {
        for (Tablet was : before.tablets()) {
            Tablet is = after.tablet(was.table(), was.firstHash());
            if (is == null) {
                continue;
            }
            assertThat(is.epoch()).as("%s, then %s", was, is).isGreaterThanOrEqualTo(was.epoch());
            boolean isOther =
                    !is.owner().equals(was.owner())
                            || is.state() == TabletState.RECOVERING
                                    && was.state() != TabletState.RECOVERING;
            if (isOther) {
                assertThat(is.epoch()).as("%s, then %s", was, is).isGreaterThan(was.epoch());
            }
        }
        for (ClusterMap.Log was : before.logs()) {
            after.logs().stream()
                    .filter(log -> log.server().equals(was.server()))
                    .forEach(log -> assertThat(log).isIn(was, accepted(was)));
        }
    }

    private static ClusterMap.Log accepted(ClusterMap.Log log) {
        return new ClusterMap.Log(log.server(), log.epoch(), true);
    }
}
