package io.silkstone.coordinator.balance;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalancePlan.Cut;
import io.silkstone.api.balance.BalancePlan.Move;
import io.silkstone.api.balance.BalanceView;
import io.silkstone.api.balance.Balancer;
import io.silkstone.api.balance.ClusterLoad;
import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.base.NanoClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Has tablets cut and moved as the strategy in its slot says, once in a period, where the
 * coordinator leads.
 *
 * <p><b>What it is not.</b> Nothing of it is in the coordinator's log, and nothing depends on it:
 * it is an operator that does not sleep. It asks servers what they have to do, and tells a server
 * to fetch a tablet, in the ways that operators have; what makes a move safe is the migration's. So
 * two of them that both take themselves for the leader's do no harm but moves that are not needed,
 * and each asks the leader for the map before a move, which only one can get.
 *
 * <p><b>What keeps tablets from going to and fro</b>, whatever the strategy is: a tablet rests for
 * a while when it was seen to come, whoever had it come, and so does one that could not be moved; a
 * leader that begins has seen nothing, so all of them rest. Nothing is planned while as many
 * tablets are on their way as may be, nor within some seconds of the last change: figures look back
 * so long, and would show a load in two places, or in none. What somebody else has copied before it
 * changes hands is not to be seen in the map, and not known here.
 *
 * <p>Threads: {@link #doWork} one, over and over; the rest any that may wait.
 */
public final class LoadBalancer implements Balancer {
    private static final Logger LOG = System.getLogger(LoadBalancer.class.getName());

    /** Figures look back over five seconds, and tablets are looked at every second or so. */
    private static final long STALE_NANOS = 6_000_000_000L;

    /** A copy that is not over by then does not count any more. */
    private static final long COPY_NANOS_MAX = 120_000_000_000L;

    private final ClusterAccess cluster;
    private final BalanceSlot slot;
    private final NanoClock clock;
    private final Residence residence = new Residence();

    /** Moves that were begun here and are not to be seen in the map: copies, and refusals. */
    private final List<Begun> begun = new ArrayList<>();

    private volatile BalanceOptions options;
    private volatile boolean enabled;
    private long lookAt;
    private String logged = "";

    /** A tablet that was to move, and rests or is copied since. */
    private record Begun(Move move, long at, boolean copying) {
        boolean is(TabletLoad tablet) {
            return move.tablet().table() == tablet.table()
                    && move.tablet().firstHash() == tablet.firstHash();
        }
    }

    /** What is asked and told of a cluster. */
    public interface ClusterAccess {
        /** Whether the coordinator of this process leads. */
        boolean isLeading();

        /** Where the one is that leads, as far as that is known; for people. */
        String leader();

        /** What the coordinator of this process knows. */
        ClusterMap map();

        /** Asks all servers that are up; returns what those say that answer. */
        List<ServerLoad> loads(ClusterMap map);

        /**
         * Has {@code target} fetch a tablet.
         *
         * @return 0 when it is copied before it is the target's
         */
        long move(String table, long hash, ServerId target) throws ClusterRefused;

        /** Cuts a tablet. */
        void cut(String table, long hash) throws ClusterRefused;
    }

    /** Of {@code cluster}, as the strategy in {@code slot} says. */
    public LoadBalancer(
            ClusterAccess cluster, BalanceSlot slot, BalanceOptions options, NanoClock clock) {
        this.cluster = cluster;
        this.slot = slot;
        this.clock = clock;
        lookAt = clock.nanoTime() + options.periodNanos();
        configure(options);
    }

    /** Goes by other settings from now on. */
    public void configure(BalanceOptions newOptions) {
        options = newOptions;
        enabled = newOptions.enabled();
    }

    @Override
    public void enable(boolean enable) throws ClusterRefused {
        requireLead();
        if (enable && slot.inUse().name().equals(slot.builtIn())) {
            throw new ClusterRefused(
                    "the strategy in use is "
                            + slot.builtIn()
                            + ", which moves nothing; choose another one before, as with"
                            + " `policy:use balance load`");
        }
        enabled = enable;
    }

    private void requireLead() throws ClusterRefused {
        if (!cluster.isLeading()) {
            String leader = cluster.leader();
            throw new ClusterRefused(
                    "the coordinator of this node does not lead"
                            + (leader.isEmpty() ? "" : "; ask in the node at " + leader));
        }
    }

    @Override
    public BalanceView look() throws ClusterRefused {
        requireLead();
        return view(options);
    }

    /** Looks at where tablets are, and once in a period at what they have to do. */
    public void doWork() {
        long now = clock.nanoTime();
        if (!cluster.isLeading()) {
            forget();
            enabled = options.enabled();
            return;
        }
        observe(now);
        if (!enabled || now - lookAt < 0) {
            return;
        }
        BalanceOptions current = options;
        lookAt = now + current.periodNanos();
        if (now - changedAt() < STALE_NANOS) {
            return;
        }
        BalanceView view = view(current);
        log(view);
        if (!current.dryRun()) {
            act(view.plan(), current);
        }
    }

    /** One step after the other, each of which may take a while, as long as they are wanted. */
    private void act(BalancePlan plan, BalanceOptions wanted) {
        for (Move each : plan.moves()) {
            if (isWanted(wanted)) {
                move(each);
            }
        }
        for (Cut each : plan.cuts()) {
            if (isWanted(wanted)) {
                cut(each);
            }
        }
    }

    private boolean isWanted(BalanceOptions wanted) {
        return enabled && options == wanted && cluster.isLeading();
    }

    /** Begins nothing any more. */
    void stop() {
        enabled = false;
    }

    private synchronized void forget() {
        residence.forget();
        begun.clear();
    }

    private synchronized void observe(long now) {
        ClusterMap map = cluster.map();
        residence.observe(map, now);
        long coolDown = options.coolDownNanos();
        begun.removeIf(each -> isOver(each, map, now, coolDown));
    }

    /** What has come is resting by what the map says. */
    private static boolean isOver(Begun begun, ClusterMap map, long now, long coolDown) {
        TabletLoad what = begun.move.tablet();
        Tablet tablet = map.tablet(what.table(), what.firstHash());
        return tablet == null
                || !tablet.owner().equals(begun.move.source())
                || now - begun.at > (begun.copying ? COPY_NANOS_MAX : coolDown);
    }

    private synchronized long changedAt() {
        return residence.changedAt();
    }

    private BalanceView view(BalanceOptions current) {
        ClusterMap map = cluster.map();
        List<ServerLoad> loads = cluster.loads(map);
        long now = clock.nanoTime();
        int underWay = underWay(map);
        Set<TabletLoad> resting = new HashSet<>();
        for (ServerLoad server : loads) {
            for (TabletLoad tablet : server.tablets()) {
                if (rests(map, server.id(), tablet, now, current)) {
                    resting.add(tablet);
                }
            }
        }
        ClusterLoad load =
                new ClusterLoad(loads, resting, Math.max(0, current.movesAtOnce() - underWay));
        String strategy = slot.inUse().name() + ' ' + slot.inUse().version();
        BalancePlan plan = checked(slot.plan(load), load, map);
        return new BalanceView(enabled, current.dryRun(), strategy, load, plan, underWay);
    }

    /** What is on its way, and what is copied, of which the map does not tell. */
    private synchronized int underWay(ClusterMap map) {
        long moving =
                map.tablets().stream()
                        .filter(
                                each ->
                                        each.state() == TabletState.MIGRATING
                                                || each.state() == TabletState.LEAVING)
                        .count();
        return (int) (moving + begun.stream().filter(Begun::copying).count());
    }

    private synchronized boolean rests(
            ClusterMap map, ServerId owner, TabletLoad load, long now, BalanceOptions current) {
        Tablet tablet = map.tablet(load.table(), load.firstHash());
        boolean isKnown =
                tablet != null
                        && tablet.state() == TabletState.NORMAL
                        && tablet.owner().equals(owner)
                        && tablet.firstHash() == load.firstHash()
                        && tablet.lastHash() == load.lastHash();
        return !isKnown
                || now - residence.since(load.table(), load.firstHash(), now)
                        < current.coolDownNanos()
                || begun.stream().anyMatch(each -> each.is(load));
    }

    /** The plan without what may not be. */
    private static BalancePlan checked(BalancePlan plan, ClusterLoad load, ClusterMap map) {
        Set<TabletLoad> free =
                load.servers().stream()
                        .flatMap(each -> each.tablets().stream())
                        .filter(each -> !load.resting().contains(each))
                        .collect(Collectors.toCollection(HashSet::new));
        List<Move> moves = new ArrayList<>();
        for (Move each : plan.moves()) {
            ClusterMap.Server target = map.server(each.target());
            boolean mayBe =
                    moves.size() < load.movesMax()
                            && target != null
                            && target.up()
                            && !each.target().equals(each.source())
                            && isOwner(load, each)
                            && free.remove(each.tablet());
            if (mayBe) {
                moves.add(each);
            }
        }
        List<Cut> cuts =
                plan.cuts().stream()
                        .filter(each -> isInside(each) && free.remove(each.tablet()))
                        .limit(load.movesMax())
                        .toList();
        return new BalancePlan(moves, cuts, plan.reason());
    }

    private static boolean isOwner(ClusterLoad load, Move move) {
        return load.servers().stream()
                .anyMatch(
                        each ->
                                each.id().equals(move.source())
                                        && each.tablets().contains(move.tablet()));
    }

    private static boolean isInside(Cut cut) {
        return Long.compareUnsigned(cut.tablet().firstHash(), cut.hash()) < 0
                && Long.compareUnsigned(cut.hash(), cut.tablet().lastHash()) <= 0;
    }

    /** Once for each plan, however often it is made: without the figures, which always differ. */
    private void log(BalanceView view) {
        BalancePlan plan = view.plan();
        String what =
                Stream.concat(
                                plan.moves().stream()
                                        .map(each -> place(each.tablet()) + " to " + each.target()),
                                plan.cuts().stream().map(each -> place(each.tablet()) + " in two"))
                        .collect(Collectors.joining(", "));
        if (!what.isEmpty() && !what.equals(logged)) {
            LOG.log(
                    Level.INFO,
                    "{0}{1}: {2}",
                    view.dryRun() ? "it would be done, if this were no dry run: " : "",
                    what,
                    plan.reason());
        }
        logged = what;
    }

    private String place(TabletLoad tablet) {
        return "%s 0x%016x".formatted(table(tablet), tablet.firstHash());
    }

    /** The table's name: its number when it was dropped meanwhile. */
    private String table(TabletLoad tablet) {
        return cluster.map().tables().stream()
                .filter(each -> each.id() == tablet.table())
                .map(ClusterMap.Table::name)
                .findFirst()
                .orElse(Integer.toString(tablet.table()));
    }

    private void move(Move move) {
        boolean copying = false;
        try {
            copying =
                    cluster.move(table(move.tablet()), move.tablet().firstHash(), move.target())
                            == 0;
        } catch (ClusterRefused e) {
            LOG.log(
                    Level.WARNING,
                    "{0} does not move from {1} to {2}: {3}",
                    place(move.tablet()),
                    move.source(),
                    move.target(),
                    e.getMessage());
        }
        synchronized (this) {
            begun.add(new Begun(move, clock.nanoTime(), copying));
        }
    }

    private void cut(Cut cut) {
        try {
            cluster.cut(table(cut.tablet()), cut.hash());
        } catch (ClusterRefused e) {
            LOG.log(
                    Level.WARNING,
                    "{0} is not cut at 0x{1}: {2}",
                    place(cut.tablet()),
                    Long.toHexString(cut.hash()),
                    e.getMessage());
        }
    }
}
