package io.silkstone.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import java.util.List;
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
        return switch (random.nextInt(20)) {
            case 0 -> Commands.takeLead(millis, random.nextLong(), 1 + random.nextInt(3), 0);
            case 1, 2, 3 -> {
                int node = random.nextInt(5);
                yield Commands.enlist(
                        millis,
                        1 + random.nextInt(12),
                        random.nextInt(13),
                        LEASE,
                        "%040x".formatted(node),
                        "memory:" + node,
                        "");
            }
            case 4 -> Commands.down(chance(3) ? 0 : term, server(state));
            case 5, 6 -> Commands.createTable(call, table(), random.nextInt(6));
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
            default -> Commands.endExpiredLeases(term, millis);
        };
    }

    private long hash() {
        return chance(2) ? random.nextLong(16_384) << 50 : random.nextLong();
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
        Tablet tablet = tablet(state, TabletState.MIGRATING);
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
        for (Tablet tablet : map.tablets()) {
            ClusterMap.Server owner = map.server(tablet.owner());
            boolean isServed = tablet.state() != TabletState.LOST;
            assertThat(owner != null && owner.up()).as("%s", tablet).isEqualTo(isServed);
            boolean moves =
                    tablet.state() == TabletState.LEAVING
                            || tablet.state() == TabletState.MIGRATING;
            assertThat(tablet.peer().equals(ServerId.NONE)).isEqualTo(!moves);
            if (moves) {
                assertThat(map.server(tablet.peer()).up()).isTrue();
                assertThat(tablet.peer()).isNotEqualTo(tablet.owner());
            }
        }
    }
}
