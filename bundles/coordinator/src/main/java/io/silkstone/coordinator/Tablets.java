package io.silkstone.coordinator;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap.Log;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.coordinator.Result.Move;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Tables and their tablets. The hashes of a table are always covered, each by one tablet.
 *
 * <p><b>Epochs.</b> A tablet that replaces others (by another owner, by a cut, by the end of a move
 * that did not come about) has a higher epoch than these. So a tablet and its epoch stand for one
 * thing only: what is said of a tablet that was to leave in epoch 7 is about that move and no
 * other, however late it comes. When all objects of a tablet have come, or no more can come, its
 * epoch stays: its owner has served it in this one already, and goes on.
 *
 * <p><b>Migration.</b> A tablet is taken with one command, which names the owner and the epoch that
 * the taker has seen: the owner has stopped serving by then, and nobody else serves before the
 * command is applied. From then on owner and source are known together, for as long as the owner
 * depends on what the source still has. A recall and a taking name the same epoch, and each ends
 * it: only one of them has an effect.
 *
 * <p><b>Servers that go down.</b> What becomes of tables with replicas is said in {@link Lineage}.
 * The logs that tablets depend on are kept here with their epochs, until none does. A log of which
 * something is missing holds up whatever depends on it, unless an operator accepts the loss.
 *
 * <p>Threads: one at a time.
 */
final class Tablets {
    /** A group of a message has no more. */
    static final int TABLETS_MAX = 65_534;

    static final int TABLES_MAX = 8_192;

    /** A table has no more. */
    static final int REPLICAS_MAX = 3;

    /** The default table's. */
    static final int DEFAULT_ID = 1;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,255}");
    private static final long LOW_SLOT_BITS = (1L << Key.SLOT_SHIFT) - 1;
    private static final BigInteger HASHES = BigInteger.ONE.shiftLeft(Long.SIZE);

    /**
     * A table.
     *
     * @param wanted how many tablets were asked for when it was made
     * @param replicas how many servers besides the owner keep what is written to it
     */
    record Table(int id, String name, int wanted, int replicas) {}

    /** Why a tablet that was to leave by {@link #assign} did not. */
    enum Stayed {
        NO,
        HAD_OBJECTS,
        HEIR_DOWN,
        CALLED_OFF
    }

    /** A tablet, and how its last move ended. */
    record Held(Tablet tablet, Stayed stayed) {}

    private final Notices notices;
    private final TreeMap<Integer, Table> tables = new TreeMap<>();
    private final Map<String, Table> tablesByName = new HashMap<>();
    private final Map<Integer, TreeMap<Long, Held>> tabletsByTable = new HashMap<>();

    /** The logs on which tablets depend, all of servers that are down. */
    private final TreeMap<ServerId, Log> logs = new TreeMap<>();

    private int tableNext;
    private int turn;

    /** The highest epoch that any tablet ever had, also of tables that were dropped. */
    private long epochMax;

    private int count;

    /**
     * None.
     *
     * @param notices told in a sentence when data is lost
     */
    Tablets(Notices notices) {
        this.notices = notices;
        clear();
    }

    void clear() {
        tables.clear();
        tablesByName.clear();
        tabletsByTable.clear();
        logs.clear();
        tableNext = DEFAULT_ID + 1;
        turn = 0;
        epochMax = 0;
        count = 0;
    }

    /**
     * Makes a table, unless there is one just like it.
     *
     * @param wanted into how many equal ranges it is cut; 0 for one a server
     * @param replicas {@link Cluster#DEFAULT_REPLICAS} for {@code usual}, or as it is there already
     * @param usual how many there are when nothing is said
     * @param up who gets them, in turn
     * @return its id
     */
    int create(String name, int wanted, int replicas, int usual, List<ServerId> up)
            throws ClusterRefused {
        boolean isUsual = replicas == Cluster.DEFAULT_REPLICAS;
        require(
                NAME.matcher(name).matches(),
                "a table's name has 1 to 255 characters of A-Z a-z 0-9 . _ -, unlike '%s'",
                name.length() > 255 ? name.substring(0, 255) + "..." : name);
        Table known = tablesByName.get(name);
        if (known != null) {
            require(
                    known.wanted == wanted,
                    "there is a table called %s already, made of %s",
                    name,
                    known.wanted == 0 ? "one tablet a server" : known.wanted + " tablets");
            require(
                    isUsual || known.replicas == replicas,
                    "there is a table called %s already, with %d replicas",
                    name,
                    known.replicas);
            return known.id;
        }
        require(
                isUsual || replicas >= 0 && replicas <= REPLICAS_MAX,
                "a table has 0 to %d replicas, not %d",
                REPLICAS_MAX,
                replicas);
        boolean isDefault = name.equals(KvStore.DEFAULT_TABLE);
        require(!up.isEmpty(), "no server is up that could have the tablets of %s", name);
        require(tables.size() < TABLES_MAX, "there are %d tables; drop one first", TABLES_MAX);
        int ranges = wanted == 0 ? up.size() : wanted;
        require(
                !isDefault || ranges <= Key.SLOTS,
                "the table default has at most %d tablets, one a slot",
                Key.SLOTS);
        require(
                count + ranges <= TABLETS_MAX,
                "there would be %d tablets, and there can be %d",
                count + ranges,
                TABLETS_MAX);
        int id = isDefault ? DEFAULT_ID : tableNext++;
        Table table = new Table(id, name, wanted, isUsual ? usual : replicas);
        addTable(table);
        long unit = isDefault ? Key.SLOTS : 0;
        for (int range = 0; range < ranges; range++) {
            long first = border(range, ranges, unit);
            long last = border(range + 1, ranges, unit) - 1;
            ServerId owner = up.get(Math.floorMod(turn++, up.size()));
            put(
                    new Tablet(table.id, first, last, owner, 1, TabletState.NORMAL, ServerId.NONE),
                    Stayed.NO);
        }
        return table.id;
    }

    /** The first hash of a range: of {@code units} equal parts, or of all hashes if that is 0. */
    private static long border(int range, int ranges, long units) {
        if (units > 0) {
            return (range * units / ranges) << Key.SLOT_SHIFT;
        }
        return HASHES.multiply(BigInteger.valueOf(range))
                .divide(BigInteger.valueOf(ranges))
                .longValue();
    }

    /** Drops a table, if there is one. */
    boolean drop(String name) throws ClusterRefused {
        require(
                !name.equals(KvStore.DEFAULT_TABLE),
                "the table %s is there as long as the cluster; remove its objects instead",
                KvStore.DEFAULT_TABLE);
        Table table = tablesByName.remove(name);
        if (table == null) {
            return false;
        }
        tables.remove(table.id);
        count -= tabletsByTable.remove(table.id).size();
        forgetLogs();
        return true;
    }

    /** Cuts before {@code hash}; false when there is a cut already. */
    boolean split(String name, long hash) throws ClusterRefused {
        Table table = named(name);
        Held held = at(table.id, hash);
        Tablet whole = held.tablet;
        if (whole.firstHash() == hash) {
            return false;
        }
        require(
                table.id != DEFAULT_ID || (hash & LOW_SLOT_BITS) == 0,
                "the table default is cut at borders of slots only, and %016x is none",
                hash);
        require(isStill(whole), "%s; cut it afterwards", onItsWay(whole));
        require(count < TABLETS_MAX, "there are %d tablets, as many as there can be", TABLETS_MAX);
        cut(held, hash);
        return true;
    }

    private void cut(Held held, long hash) {
        Tablet whole = held.tablet;
        put(range(whole, whole.firstHash(), hash - 1), held.stayed);
        put(range(whole, hash, whole.lastHash()), held.stayed);
    }

    private static Tablet range(Tablet of, long firstHash, long lastHash) {
        return new Tablet(
                        of.table(),
                        firstHash,
                        lastHash,
                        of.owner(),
                        of.epoch() + 1,
                        of.state(),
                        ServerId.NONE)
                .withSince(of.since());
    }

    /**
     * Gives a tablet to {@code server}, which is up: at once if it is lost, else when its owner has
     * let go. To give it to its owner calls off what goes on.
     *
     * @return null when the server has it now, or what has to happen before
     */
    Move assign(String name, long hash, ServerId server) throws ClusterRefused {
        Tablet tablet = at(named(name).id, hash).tablet;
        require(
                tablet.state() != TabletState.MIGRATING && tablet.state() != TabletState.RECOVERING,
                "%s; assign it when it has come",
                onItsWay(tablet));
        if (tablet.state() == TabletState.LOST) {
            notices.warn(described(tablet) + " is lost; server " + server + " has it, empty");
            put(empty(tablet, server), Stayed.NO);
            return null;
        }
        if (tablet.owner().equals(server)) {
            if (tablet.state() == TabletState.LEAVING) {
                put(letGo(tablet, epochMax + 1), Stayed.CALLED_OFF);
            }
            return null;
        }
        if (tablet.state() == TabletState.NORMAL) {
            put(tablet.in(tablet.epoch(), tablet.owner(), TabletState.LEAVING, server), Stayed.NO);
        } else {
            require(
                    tablet.peer().equals(server),
                    "%s; give it to its owner %s to call that off",
                    onItsWay(tablet),
                    tablet.owner());
        }
        return new Move(tablet.table(), tablet.firstHash(), tablet.epoch(), server);
    }

    /**
     * An owner reports how a move ends for it.
     *
     * @return false when there is no such move (any more)
     */
    boolean left(ServerId server, int table, long firstHash, long epoch, boolean released) {
        Held held = known(server, table, firstHash, epoch, TabletState.LEAVING);
        if (held == null) {
            return false;
        }
        Tablet tablet = held.tablet;
        if (released) {
            // Results of requests on what was removed stay behind.
            put(empty(tablet, tablet.peer()), Stayed.NO);
        } else {
            put(kept(tablet), Stayed.HAD_OBJECTS);
        }
        return true;
    }

    /**
     * Gives a tablet to {@code server}, which is up, before its objects are there: they come from
     * {@code source}, who had it until now. To take it again changes nothing.
     *
     * @param epoch in which the source has it
     * @return the epoch in which {@code server} has it: above all that there were, if this is new
     */
    long take(
            ServerId server, ServerId source, int table, long firstHash, long lastHash, long epoch)
            throws ClusterRefused {
        require(tables.containsKey(table), "there is no table %d any more", table);
        Tablet tablet = at(table, firstHash).tablet;
        boolean isSame = tablet.firstHash() == firstHash && tablet.lastHash() == lastHash;
        boolean isTaken =
                tablet.state() == TabletState.MIGRATING
                        && tablet.owner().equals(server)
                        && tablet.peer().equals(source);
        if (isSame && isTaken) {
            return tablet.epoch();
        }
        require(isStill(tablet), "%s; take it afterwards", onItsWay(tablet));
        require(
                tablet.state() != TabletState.LOST,
                "%s is lost; assign it instead",
                described(tablet));
        require(
                isSame && tablet.owner().equals(source) && tablet.epoch() == epoch,
                "%s is with server %s in epoch %d, and not as server %s knew it in epoch %d",
                described(tablet),
                tablet.owner(),
                tablet.epoch(),
                server,
                epoch);
        require(!server.equals(source), "%s is with server %s already", described(tablet), server);
        put(tablet.in(epochMax + 1, server, TabletState.MIGRATING, source), Stayed.NO);
        notices.say(described(tablet) + " comes to server " + server + " from " + source);
        return epochMax;
    }

    /**
     * All objects of a tablet that {@code server} has in {@code epoch} have come, from the server
     * that had it or from the logs that it depended on.
     *
     * @return false when it is not on its way (any more)
     */
    boolean arrived(ServerId server, int table, long firstHash, long epoch) {
        Held held = known(server, table, firstHash, epoch, TabletState.MIGRATING);
        if (held == null) {
            held = known(server, table, firstHash, epoch, TabletState.RECOVERING);
        }
        if (held == null) {
            return false;
        }
        Tablet tablet = held.tablet;
        put(alone(tablet), held.stayed);
        forgetLogs();
        notices.say(described(tablet) + " has come to server " + server + " " + origin(tablet));
        return true;
    }

    /**
     * {@code server} keeps a tablet that somebody was to take from it in {@code epoch}.
     *
     * @return false when it is not there in this epoch (any more)
     */
    boolean recall(ServerId server, int table, long firstHash, long epoch) {
        Held held = known(server, table, firstHash, epoch, TabletState.NORMAL);
        if (held == null) {
            return false;
        }
        put(kept(held.tablet), held.stayed);
        notices.say(described(held.tablet) + " stays with server " + server + ": nobody took it");
        return true;
    }

    /** The tablet that is just so; null if there is none. */
    private Held known(ServerId owner, int table, long firstHash, long epoch, TabletState state) {
        TreeMap<Long, Held> all = tabletsByTable.get(table);
        Held held = all == null ? null : all.get(firstHash);
        boolean isSo =
                held != null
                        && held.tablet.state() == state
                        && held.tablet.epoch() == epoch
                        && held.tablet.owner().equals(owner);
        return isSo ? held : null;
    }

    /**
     * {@code server} is down. What it has of tables with replicas is recovered from its log, see
     * {@link Lineage}. Of others it is lost, unless somebody waits for it; and who takes a tablet
     * from it gets no more.
     *
     * @param logEpoch of its log
     * @param up who is up now, perhaps the next generation of it as well
     * @param cuts where tablets of it that are to be recovered are cut first, as far as they can be
     */
    void down(ServerId server, long logEpoch, List<ServerId> up, List<Cut> cuts) {
        Set<Cut> parts = cut(server, cuts);
        int lost = 0;
        int recovering = 0;
        long epoch = epochMax + 1;
        Heirs heirs = heirs(up);
        for (Held held : all()) {
            boolean hasReplicas = tables.get(held.tablet.table()).replicas > 0;
            boolean isPart = parts.contains(new Cut(held.tablet.table(), held.tablet.firstHash()));
            Tablet rest =
                    hasReplicas ? Lineage.without(server, held.tablet, epoch, isPart, heirs) : null;
            if (rest == null) {
                lost += lose(server, held, epoch) ? 1 : 0;
            } else {
                put(rest, Stayed.NO);
                recovering++;
            }
        }
        turn = heirs.turn();
        logs.put(server, new Log(server, logEpoch));
        forgetLogs();
        if (lost > 0) {
            notices.warn(lost + " tablets of server " + server + " are lost");
        }
        if (recovering > 0) {
            notices.warn(
                    recovering
                            + " tablets of server "
                            + server
                            + (up.isEmpty()
                                    ? " are to be recovered by the next server that comes up"
                                    : " are being recovered by others"));
        }
    }

    /**
     * Cuts tablets of {@code server}. What cannot be cut any more, since something has changed
     * after the cuts were decided, is left as it is: what was dropped, went to another, or is on
     * its way.
     *
     * @return where the parts begin
     */
    private Set<Cut> cut(ServerId server, List<Cut> cuts) {
        Set<Cut> parts = new HashSet<>();
        for (Cut cut : cuts) {
            Table table = tables.get(cut.table());
            Held held = table == null ? null : at(table.id, cut.hash());
            boolean isToBeCut =
                    held != null
                            && table.replicas > 0
                            && held.tablet.owner().equals(server)
                            && held.tablet.state() == TabletState.NORMAL
                            && held.tablet.firstHash() != cut.hash()
                            && (cut.hash() & LOW_SLOT_BITS) == 0
                            && count < TABLETS_MAX;
            if (isToBeCut) {
                cut(held, cut.hash());
                parts.add(new Cut(table.id, held.tablet.firstHash()));
                parts.add(cut);
            }
        }
        if (!parts.isEmpty()) {
            notices.say(
                    "tablets of server " + server + " are recovered in " + parts.size() + " parts");
        }
        return parts;
    }

    private Heirs heirs(List<ServerId> up) {
        return new Heirs(up, all().stream().map(Held::tablet).toList(), turn);
    }

    /** Whether a tablet without replicas is lost now that {@code server} is down. */
    private boolean lose(ServerId server, Held held, long epoch) {
        Tablet tablet = held.tablet;
        if (tablet.peer().equals(server) && tablet.state() == TabletState.MIGRATING) {
            notices.warn(
                    described(tablet)
                            + " was coming from server "
                            + server
                            + ", which is down; server "
                            + tablet.owner()
                            + " keeps what it has: the objects that had not come are lost");
            put(alone(tablet), held.stayed);
        } else if (tablet.peer().equals(server)) {
            put(letGo(tablet, epoch), Stayed.HEIR_DOWN);
        } else if (!tablet.owner().equals(server) || tablet.state() == TabletState.LOST) {
            return false;
        } else if (tablet.state() == TabletState.LEAVING) {
            notices.warn(
                    described(tablet)
                            + " was to leave server "
                            + server
                            + ", which is down; server "
                            + tablet.peer()
                            + " has it, empty: its objects are lost");
            put(empty(tablet, tablet.peer(), epoch), Stayed.NO);
        } else {
            put(tablet.in(tablet.epoch(), server, TabletState.LOST, ServerId.NONE), Stayed.NO);
            return true;
        }
        return false;
    }

    /**
     * What is left of the log of {@code server} has to do. Tablets that depend on it go on in a new
     * epoch, and nobody knows what was changed before: an object may be found in a part of the log
     * that is left, and the result of the request that wrote it be lost. To accept it again changes
     * nothing.
     *
     * @return how many tablets depend on it
     */
    int acceptLoss(ServerId server) throws ClusterRefused {
        Log log = logs.get(server);
        require(log != null, "no tablet depends on a log of server %s", server);
        List<Held> depending =
                all().stream().filter(held -> held.tablet.logs().contains(server)).toList();
        if (!log.lossAccepted()) {
            long epoch = epochMax + 1;
            depending.forEach(held -> put(Lineage.withLoss(held.tablet, epoch), held.stayed));
            logs.put(server, new Log(server, log.epoch(), true));
            notices.warn(
                    "what is left of the log of server "
                            + server
                            + " has to do for "
                            + depending.size()
                            + " tablets, as an operator says: what is missing of it is LOST");
        }
        return depending.size();
    }

    /** Logs on which nothing depends any more need not be kept. */
    private void forgetLogs() {
        if (logs.isEmpty()) {
            return;
        }
        Set<ServerId> needed = new HashSet<>();
        all().forEach(held -> needed.addAll(held.tablet.logs()));
        logs.keySet().retainAll(needed);
    }

    /** Somebody is up: tablets that had to wait for that are recovered. */
    void handOn(List<ServerId> up) {
        int handedOn = 0;
        long epoch = epochMax + 1;
        Heirs heirs = heirs(up);
        for (Held held : all()) {
            Tablet tablet = held.tablet;
            if (tablet.state() == TabletState.RECOVERING && !heirs.isUp(tablet.owner())) {
                put(Lineage.handedOn(tablet, heirs.next(tablet.owner()), epoch), Stayed.NO);
                handedOn++;
            }
        }
        turn = heirs.turn();
        if (handedOn > 0) {
            notices.warn(handedOn + " tablets are being recovered that waited for a server");
        }
    }

    /** {@code server} is the next generation of one that is down: it has its lost tablets again. */
    void takeBack(ServerId server) {
        int back = 0;
        long epoch = epochMax + 1;
        for (Held held : all()) {
            Tablet tablet = held.tablet;
            if (tablet.state() == TabletState.LOST && tablet.owner().index() == server.index()) {
                put(empty(tablet, server, epoch), Stayed.NO);
                back++;
            }
        }
        if (back > 0) {
            notices.warn(
                    "server "
                            + server
                            + " has taken back "
                            + back
                            + " tablets, EMPTY: the objects that were in them are LOST");
        }
    }

    /** Whether a server with this index has tablets, or had some that are not recovered yet. */
    boolean hasAny(int serverIndex) {
        return logs.keySet().stream().anyMatch(server -> server.index() == serverIndex)
                || all().stream().anyMatch(held -> held.tablet.owner().index() == serverIndex);
    }

    /** How {@code move} has ended: null if it has not, an empty text if as it was to. */
    String outcome(Move move) {
        TreeMap<Long, Held> table = tabletsByTable.get(move.table());
        if (table == null) {
            return "the table was dropped";
        }
        Held held = table.floorEntry(move.firstHash()).getValue();
        Tablet tablet = held.tablet;
        if (tablet.epoch() == move.epoch() && tablet.state() == TabletState.LEAVING) {
            return null;
        }
        if (tablet.owner().equals(move.heir())) {
            return "";
        }
        return described(tablet)
                + switch (held.stayed) {
                    case HAD_OBJECTS -> " has objects and stays with server " + tablet.owner();
                    case HEIR_DOWN ->
                            " stays with server "
                                    + tablet.owner()
                                    + ": server "
                                    + move.heir()
                                    + " went down";
                    case CALLED_OFF ->
                            " stays with server " + tablet.owner() + ": it was called off";
                    case NO -> " has gone to server " + tablet.owner() + " meanwhile";
                };
    }

    /**
     * The same range with an owner that has nothing of it, in an epoch above that of every tablet
     * there ever was, not just of this one: a server counts versions for all its tablets together,
     * from the highest of their epochs on, and the next owner has to begin above what it came to.
     */
    private Tablet empty(Tablet tablet, ServerId owner) {
        return empty(tablet, owner, epochMax + 1);
    }

    private static Tablet empty(Tablet tablet, ServerId owner, long epoch) {
        return new Tablet(
                tablet.table(),
                tablet.firstHash(),
                tablet.lastHash(),
                owner,
                epoch,
                TabletState.NORMAL,
                ServerId.NONE);
    }

    /** Its owner's, in the same epoch, and nobody else has to do with it. */
    private static Tablet alone(Tablet tablet) {
        return tablet.in(tablet.epoch(), tablet.owner(), TabletState.NORMAL, ServerId.NONE);
    }

    /**
     * Its owner's again, which may have let go of it without anybody's having heard of that, and so
     * of the results of requests on it.
     */
    private static Tablet letGo(Tablet tablet, long epoch) {
        return tablet.in(epoch, tablet.owner(), TabletState.NORMAL, ServerId.NONE).withSince(epoch);
    }

    /** Its owner's again, in a new epoch: nobody was given it. */
    private Tablet kept(Tablet tablet) {
        return tablet.in(epochMax + 1, tablet.owner(), TabletState.NORMAL, ServerId.NONE);
    }

    private static boolean isStill(Tablet tablet) {
        return tablet.state() == TabletState.NORMAL || tablet.state() == TabletState.LOST;
    }

    private Table named(String name) throws ClusterRefused {
        Table table = tablesByName.get(name);
        require(
                table != null,
                "there is no table called %s",
                name.length() > 255 ? name.substring(0, 255) + "..." : name);
        return table;
    }

    private Held at(int table, long hash) {
        return tabletsByTable.get(table).floorEntry(hash).getValue();
    }

    private String described(Tablet tablet) {
        return String.format(
                Locale.ROOT,
                "tablet %016x-%016x of table %s",
                tablet.firstHash(),
                tablet.lastHash(),
                tables.get(tablet.table()).name);
    }

    private String onItsWay(Tablet tablet) {
        if (tablet.state() == TabletState.RECOVERING) {
            return "%s is being recovered by server %s %s"
                    .formatted(described(tablet), tablet.owner(), origin(tablet));
        }
        return described(tablet)
                + " is on its way "
                + (tablet.state() == TabletState.LEAVING
                        ? "to server " + tablet.peer()
                        : origin(tablet));
    }

    /** Where its objects come from. */
    private static String origin(Tablet tablet) {
        return tablet.logs().isEmpty()
                ? "from server " + tablet.peer()
                : "from the logs of "
                        + tablet.logs().stream()
                                .map(ServerId::toString)
                                .collect(Collectors.joining(" and "));
    }

    private static void require(boolean holds, String message, Object... arguments)
            throws ClusterRefused {
        if (!holds) {
            throw new ClusterRefused(String.format(Locale.ROOT, message, arguments));
        }
    }

    void addTable(Table table) {
        tables.put(table.id, table);
        tablesByName.put(table.name, table);
        tabletsByTable.put(table.id, new TreeMap<>(Long::compareUnsigned));
    }

    void put(Tablet tablet, Stayed stayed) {
        Held former =
                tabletsByTable
                        .get(tablet.table())
                        .put(tablet.firstHash(), new Held(tablet, stayed));
        count += former == null ? 1 : 0;
        epochMax = Math.max(epochMax, tablet.epoch());
    }

    boolean hasDefault() {
        return tables.containsKey(DEFAULT_ID);
    }

    Collection<Table> tables() {
        return tables.values();
    }

    /** By table and first hash. */
    List<Held> all() {
        List<Held> all = new ArrayList<>(count);
        tables.keySet().forEach(table -> all.addAll(tabletsByTable.get(table).values()));
        return all;
    }

    /** The logs on which tablets depend. */
    SortedMap<ServerId, Log> logs() {
        return logs;
    }

    int tableNext() {
        return tableNext;
    }

    int turn() {
        return turn;
    }

    long epochMax() {
        return epochMax;
    }

    void counters(int tableNext, int turn, long epochMax) {
        this.tableNext = tableNext;
        this.turn = turn;
        this.epochMax = epochMax;
    }
}
