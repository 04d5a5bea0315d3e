package io.silkstone.policies.balanceload;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalancePlan.Cut;
import io.silkstone.api.balance.BalancePlan.Move;
import io.silkstone.api.balance.BalanceStrategy;
import io.silkstone.api.balance.ClusterLoad;
import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes load from the busiest server and gives it to the idlest, tablet by tablet, while the one
 * has much more to do than the other.
 *
 * <p>Of the busiest server's tablets the one moves that leaves the two with the least difference.
 * Call the difference d: a tablet with a load of more than 3/4 d stays, since the other server
 * would be nearly as busy afterwards as this one is. That keeps tablets from going to and fro:
 * after a move of t the difference the other way is 2t - d, of which t is more than 3/4 as long as
 * t is less than 3/2 d; so the same tablet does not go back before its load has become twice what
 * it was. And the ratio keeps it from moving for differences that are no larger than errors of
 * measurement.
 *
 * <p>Where the busiest tablet has too much load for that, and none that could move has a twentieth
 * of the difference, it is cut where its load divides, and its parts are looked at the next time.
 * Where all of its operations are about one hash slot the others make way for it, and when there
 * are none left nothing helps, which is said.
 *
 * <p>It has no memory: what has moved lately rests because the mechanism says so.
 *
 * <p>Threads: any.
 */
public class LoadStrategy implements BalanceStrategy {
    /** What a tablet may have of the difference between two servers so that its move helps. */
    private static final double SHARE_MAX = 0.75;

    /** With less than that a tablet does not keep a busier one from being cut. */
    private static final double SHARE_MIN = 0.05;

    /** Of the target's memory; the rest is for what is written meanwhile. */
    private static final double MEMORY_MAX = 0.8;

    private volatile LoadOptions options;

    /** A strategy that works at once. */
    public LoadStrategy(LoadOptions options) {
        this.options = options;
    }

    /** Takes other settings, from the next plan on. */
    public final void configure(LoadOptions newOptions) {
        options = newOptions;
    }

    /** A server as it will be when what is planned has been done. */
    private static final class Server {
        final ServerId id;
        final long bytesLeft;
        final List<TabletLoad> tablets;
        long load;
        long bytesComing;

        Server(ServerLoad server) {
            id = server.id();
            bytesLeft = (long) (server.bytesCapacity() * MEMORY_MAX) - server.bytesAllocated();
            tablets = new ArrayList<>(server.tablets());
            load = server.operationsPerSecond();
        }

        boolean hasRoomFor(TabletLoad tablet) {
            return bytesComing + tablet.bytes() <= bytesLeft;
        }
    }

    @Override
    public BalancePlan plan(ClusterLoad cluster) {
        LoadOptions now = options;
        List<Server> servers =
                new ArrayList<>(cluster.servers().stream().map(Server::new).toList());
        if (servers.size() < 2) {
            return BalancePlan.nothing("There are no two servers that answer.");
        }
        Set<TabletLoad> still = new HashSet<>(cluster.resting());
        String before = difference(servers);
        TabletLoad hot = now.cut() && cluster.movesMax() > 0 ? toBeCut(servers, still) : null;
        if (hot != null && isUneven(servers, now)) {
            return new BalancePlan(
                    List.of(),
                    List.of(new Cut(hot, hot.cutHash())),
                    before + tooMany(hot) + ": it is cut at %016x.".formatted(hot.cutHash()));
        }
        List<Move> moves = new ArrayList<>();
        while (moves.size() < cluster.movesMax() && isUneven(servers, now)) {
            Move move = move(servers, still);
            if (move == null) {
                break;
            }
            moves.add(move);
            still.add(move.tablet());
        }
        if (!moves.isEmpty()) {
            String moved = moves.size() == 1 ? "1 tablet moves." : moves.size() + " tablets move.";
            return new BalancePlan(moves, List.of(), before + ' ' + moved);
        }
        if (!isUneven(servers, now)) {
            return BalancePlan.nothing(before + " That is even enough.");
        }
        return BalancePlan.nothing(before + whyNot(servers, cluster, now));
    }

    private static Server busiest(List<Server> servers) {
        return servers.stream().max(Comparator.comparingLong(each -> each.load)).orElseThrow();
    }

    private static Server idlest(List<Server> servers) {
        return servers.stream().min(Comparator.comparingLong(each -> each.load)).orElseThrow();
    }

    private static String difference(List<Server> servers) {
        Server busiest = busiest(servers);
        Server idlest = idlest(servers);
        if (busiest.load == idlest.load) {
            return "Each server has %d operations a second.".formatted(busiest.load);
        }
        return "Server %s has %d operations a second, server %s has %d."
                .formatted(busiest.id, busiest.load, idlest.id, idlest.load);
    }

    private static boolean isUneven(List<Server> servers, LoadOptions now) {
        long most = busiest(servers).load;
        return most >= now.leastLoad() && most > now.ratio() * idlest(servers).load;
    }

    /** The best move from the busiest server; made in {@code servers}, or null. */
    private static Move move(List<Server> servers, Set<TabletLoad> still) {
        Server source = busiest(servers);
        servers.sort(Comparator.comparingLong(each -> each.load));
        for (Server target : servers) {
            TabletLoad best = null;
            long least = Long.MAX_VALUE;
            double difference = source.load - target.load;
            for (TabletLoad each : source.tablets) {
                long load = each.operationsPerSecond();
                long after = Math.max(source.load - load, target.load + load);
                boolean helps = load > 0 && load <= SHARE_MAX * difference;
                if (helps && after < least && !still.contains(each) && target.hasRoomFor(each)) {
                    best = each;
                    least = after;
                }
            }
            if (best != null) {
                source.load -= best.operationsPerSecond();
                source.tablets.remove(best);
                target.load += best.operationsPerSecond();
                target.bytesComing += best.bytes();
                return new Move(best, source.id, target.id);
            }
        }
        return null;
    }

    private static double difference(Server busiest, List<Server> servers) {
        return busiest.load - idlest(servers).load;
    }

    private static TabletLoad hottest(Server server) {
        return server.tablets.stream()
                .max(Comparator.comparingLong(TabletLoad::operationsPerSecond))
                .orElse(null);
    }

    /** The busiest server's busiest tablet, if nothing else helps but to cut it; or null. */
    private static TabletLoad toBeCut(List<Server> servers, Set<TabletLoad> still) {
        Server busiest = busiest(servers);
        TabletLoad hottest = hottest(busiest);
        double difference = difference(busiest, servers);
        boolean mayBe =
                hottest != null
                        && hottest.cutHash() != TabletLoad.NO_CUT
                        && !still.contains(hottest)
                        && hottest.operationsPerSecond() > SHARE_MAX * difference;
        boolean isAlone =
                busiest.tablets.stream()
                        .mapToLong(TabletLoad::operationsPerSecond)
                        .noneMatch(
                                load ->
                                        load >= SHARE_MIN * difference
                                                && load <= SHARE_MAX * difference);
        return mayBe && isAlone ? hottest : null;
    }

    private static String tooMany(TabletLoad tablet) {
        return " Tablet %016x of table %d has %d of them, too many to be moved as a whole"
                .formatted(tablet.firstHash(), tablet.table(), tablet.operationsPerSecond());
    }

    /** Nothing moves, though load is uneven. */
    private static String whyNot(List<Server> servers, ClusterLoad cluster, LoadOptions now) {
        Server busiest = busiest(servers);
        TabletLoad hottest = hottest(busiest);
        if (hottest == null || cluster.movesMax() == 0 || cluster.resting().contains(hottest)) {
            return " What could move rests.";
        }
        if (hottest.operationsPerSecond() <= SHARE_MAX * difference(busiest, servers)) {
            return " No other server has memory for a tablet that could move.";
        }
        if (now.cut() && hottest.cutHash() != TabletLoad.NO_CUT) {
            return " What else could move rests, or no other server has memory for it.";
        }
        String why = now.cut() ? "they fall on one hash slot" : "it is not to be cut";
        return tooMany(hottest) + "; " + why + ", so it is left alone.";
    }
}
