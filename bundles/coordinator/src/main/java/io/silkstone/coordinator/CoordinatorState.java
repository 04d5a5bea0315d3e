package io.silkstone.coordinator;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.coordinator.ClientLeases.ClientLease;
import io.silkstone.coordinator.Membership.Member;
import io.silkstone.coordinator.Result.Move;
import io.silkstone.coordinator.Tablets.Held;
import io.silkstone.rpc.messages.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the coordinator knows, and how commands change it: the deterministic state machine. It looks
 * at no clock and draws no numbers; two that have applied the same commands are equal, and write
 * the same snapshot, byte for byte.
 *
 * <p><b>After RAMCloud</b> (TOCS 2015, section 7; Rumble and Ongaro's coordinator): a server list
 * of indices and generations, tables cut into tablets that are given to the servers in turn, leases
 * of clients. Where it differs:
 *
 * <ul>
 *   <li>RAMCloud's coordinator writes intentions into an external store and finishes what its
 *       predecessor began. Here each decision is one command in a replicated log, and there is
 *       nothing to finish.
 *   <li>Tablets have epochs instead of log positions: whoever has heard of a tablet in a higher
 *       epoch knows better, without a central version.
 *   <li>A node that comes back keeps its index, and has its tablets again unless others recover
 *       them.
 *   <li>A command of an operator carries its request's number: of a repetition, however late,
 *       nothing happens, and the answer is the one that was given before.
 * </ul>
 *
 * <p>Each method is one command; what is refused changes nothing. Threads: one at a time, except
 * {@link #lease} and {@link #hasExpiredLeases}.
 */
final class CoordinatorState {
    /** Calls of operators that are remembered. */
    static final int CALLS_MAX = 1_024;

    /** The number of a request that may be made again. */
    private static final long UNNAMED = 0;

    private static final Pattern NODE = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern ADDRESS = Pattern.compile("\\S{1,255}");
    private static final Pattern ENDPOINT = Pattern.compile("\\S{0,300}");

    private final Notices notices;
    private final Membership servers = new Membership();
    private final Tablets tablets;
    private final ClientLeases leases = new ClientLeases();
    private final Map<Long, Result> calls = new LinkedHashMap<>();
    private long cluster;
    private long mapVersion;
    private long term;
    private long millis;
    private int serversFirst;
    private int tabletsFirst;
    private int replicas;

    @FunctionalInterface
    private interface Request {
        Result apply() throws ClusterRefused;
    }

    /**
     * Nothing, of no cluster.
     *
     * @param notices told in sentences what an operator should hear
     */
    CoordinatorState(Notices notices) {
        this.notices = notices;
        tablets = new Tablets(notices);
    }

    void clear() {
        servers.clear();
        tablets.clear();
        leases.clear();
        calls.clear();
        header(0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * Begins a term; the first one founds the cluster.
     *
     * @param replicas of its tables when nothing else is said
     */
    Result takeLead(long now, long number, int serversFirst, int tabletsFirst, int replicas) {
        tick(now);
        term++;
        if (cluster == 0) {
            cluster = number;
            this.serversFirst = serversFirst;
            this.tabletsFirst = tabletsFirst;
            this.replicas = replicas;
            mapVersion++;
            notices.say(
                    "cluster %016x is founded; of its tables there are %s, unless told otherwise"
                            .formatted(
                                    cluster,
                                    replicas == 0 ? "no replicas" : replicas + " replicas"));
        }
        return Result.ok(term);
    }

    /** Whether {@code term} lasts. */
    Result confirm(long term) {
        return term == this.term ? Result.ok(term) : overtaken();
    }

    private static Result overtaken() {
        return Result.no(Status.NOT_LEADER, "");
    }

    /**
     * See {@link Membership}; a process may do this again, with another address too.
     *
     * @param former the boot of a process of the node that has certainly ended, so that nobody has
     *     to wait for its lease; 0 for none
     * @param cuts where tablets of that process are cut for their recovery
     */
    Result enlist(
            long now,
            long boot,
            long former,
            long leaseMicros,
            String node,
            String address,
            String redis,
            List<Cut> cuts) {
        tick(now);
        if (!NODE.matcher(node).matches()) {
            return Result.refused("a node's name has 40 hexadecimal digits");
        }
        if (!ADDRESS.matcher(address).matches() || !ENDPOINT.matcher(redis).matches()) {
            return Result.refused("an address has no spaces and at most 255 characters");
        }
        Member member = servers.at(node);
        if (member != null && member.formerBoots.contains(boot)) {
            return Result.no(
                    Status.NOT_A_MEMBER, "the node has started again since, as " + member.id());
        }
        if (member != null && member.boot == boot) {
            return enlistAgain(member, address, redis);
        }
        boolean isOver = member != null && member.up && former != 0 && member.boot == former;
        if (member != null && member.up && !isOver) {
            return Result.no(
                    Status.RETRY_LATER,
                    "the node is up as server %s at %s, and can start again when that has no lease"
                            .formatted(member.id(), member.address));
        }
        if (member == null) {
            if (servers.all().size() >= Membership.SERVERS_MAX && !forgetOne()) {
                return Result.refused(
                        "there are "
                                + Membership.SERVERS_MAX
                                + " servers, as many as there can be");
            }
            member = servers.add(node);
        }
        if (isOver) {
            sayDown(member, "is over: its node has started again");
        }
        ServerId ended = member.id();
        long endedEpoch = member.logEpoch;
        Membership.begin(member, boot, leaseMicros);
        member.address = address;
        member.redisEndpoint = redis;
        mapVersion++;
        notices.say("server " + member.id() + " is up at " + address);
        if (isOver) {
            // The node's next process is up by now, and can be the heir of the one before.
            tablets.down(ended, endedEpoch, servers.up(), cuts);
        }
        tablets.takeBack(member.id());
        tablets.handOn(servers.up());
        if (!tablets.hasDefault() && servers.up().size() >= serversFirst) {
            makeDefaultTable();
        }
        return Result.ok(member.id().packed(), member.leaseMicros);
    }

    private Result enlistAgain(Member member, String address, String redis) {
        if (!member.up) {
            return Result.no(
                    Status.NOT_A_MEMBER,
                    "server "
                            + member.id()
                            + " counts as down; start anew, with another boot number");
        }
        if (!member.address.equals(address) || !member.redisEndpoint.equals(redis)) {
            member.address = address;
            member.redisEndpoint = redis;
            mapVersion++;
        }
        return Result.ok(member.id().packed(), member.leaseMicros);
    }

    private boolean forgetOne() {
        for (Member member : servers.all()) {
            if (!member.up && !tablets.hasAny(member.index)) {
                servers.remove(member);
                return true;
            }
        }
        return false;
    }

    private void makeDefaultTable() {
        try {
            tablets.create(
                    KvStore.DEFAULT_TABLE,
                    tabletsFirst,
                    Cluster.DEFAULT_REPLICAS,
                    replicas,
                    servers.up());
        } catch (ClusterRefused e) {
            notices.warn("there is no default table: " + e.getMessage());
        }
    }

    /**
     * A server has no lease, or stops.
     *
     * @param term in which that was found; 0 if the server says so
     * @param cuts where tablets of it are cut for their recovery
     */
    Result down(long term, ServerId server, List<Cut> cuts) {
        if (term != 0 && term != this.term) {
            return overtaken();
        }
        Member member = servers.called(server);
        if (member != null && member.up) {
            down(member, term == 0 ? "has left" : "is down: it has no lease any more", cuts);
        }
        return Result.ok(0);
    }

    private void down(Member member, String why, List<Cut> cuts) {
        sayDown(member, why);
        member.up = false;
        mapVersion++;
        tablets.down(member.id(), member.logEpoch, servers.up(), cuts);
    }

    private void sayDown(Member member, String why) {
        notices.warn("server " + member.id() + " at " + member.address + " " + why);
    }

    /** See {@link Tablets#create}. */
    Result createTable(long call, String name, int wanted, int wantedReplicas) {
        return once(
                call,
                () -> {
                    int before = tablets.tables().size();
                    int table =
                            tablets.create(name, wanted, wantedReplicas, replicas, servers.up());
                    mapVersion += tablets.tables().size() - before;
                    return Result.ok(table);
                });
    }

    /** See {@link Tablets#drop}. */
    Result dropTable(long call, String name) {
        return once(
                call,
                () -> {
                    mapVersion += tablets.drop(name) ? 1 : 0;
                    return Result.ok(0);
                });
    }

    /** See {@link Tablets#split}. */
    Result splitTablet(long call, String table, long hash) {
        return once(
                call,
                () -> {
                    mapVersion += tablets.split(table, hash) ? 1 : 0;
                    return Result.ok(0);
                });
    }

    /** See {@link Tablets#assign}. */
    Result assignTablet(long call, String table, long hash, ServerId server) {
        return once(
                call,
                () -> {
                    requireUp(server);
                    Move move = tablets.assign(table, hash, server);
                    mapVersion++;
                    return move == null ? Result.ok(0) : Result.pending(move);
                });
    }

    private void requireUp(ServerId server) throws ClusterRefused {
        if (!isUp(server)) {
            throw new ClusterRefused("server " + server + " is not up");
        }
    }

    private boolean isUp(ServerId server) {
        Member member = servers.called(server);
        return member != null && member.up;
    }

    /** Applies what an operator wants, unless that has been done. */
    private Result once(long call, Request request) {
        Result known = call == UNNAMED ? null : calls.get(call);
        if (known != null) {
            return known;
        }
        Result result;
        try {
            result = request.apply();
        } catch (ClusterRefused e) {
            result = Result.refused(e.getMessage());
        }
        remember(call, result);
        return result;
    }

    void remember(long call, Result result) {
        if (call == UNNAMED) {
            return;
        }
        calls.put(call, result);
        if (calls.size() > CALLS_MAX) {
            calls.remove(calls.keySet().iterator().next());
        }
    }

    /** See {@link Tablets#left}. */
    Result tabletLeft(ServerId server, int table, long firstHash, long epoch, boolean released) {
        mapVersion +=
                isUp(server) && tablets.left(server, table, firstHash, epoch, released) ? 1 : 0;
        return Result.ok(0);
    }

    /** See {@link Tablets#take}. */
    Result takeTablet(
            ServerId server,
            ServerId source,
            int table,
            long firstHash,
            long lastHash,
            long epoch) {
        return once(
                UNNAMED,
                () -> {
                    requireUp(server);
                    long before = tablets.epochMax();
                    long taken = tablets.take(server, source, table, firstHash, lastHash, epoch);
                    mapVersion += taken > before ? 1 : 0;
                    return Result.ok(taken);
                });
    }

    /** See {@link Tablets#arrived}. */
    Result migrationEnded(ServerId server, int table, long firstHash, long epoch) {
        mapVersion += isUp(server) && tablets.arrived(server, table, firstHash, epoch) ? 1 : 0;
        return Result.ok(0);
    }

    /** See {@link Tablets#recall}. */
    Result recallTablet(ServerId server, int table, long firstHash, long epoch) {
        mapVersion += tablets.recall(server, table, firstHash, epoch) ? 1 : 0;
        return Result.ok(0);
    }

    /**
     * Copies of the log of {@code server} that were begun before {@code epoch} count no more when
     * the server is down, unless they have ended.
     */
    Result raiseLogEpoch(ServerId server, long epoch) {
        if (!isUp(server)) {
            return Result.no(
                    Status.NOT_A_MEMBER, "server " + server + " is none, or counts as down");
        }
        Member member = servers.called(server);
        member.logEpoch = Math.max(member.logEpoch, epoch);
        return Result.ok(member.logEpoch);
    }

    /** See {@link Tablets#acceptLoss}. */
    Result acceptLoss(long call, ServerId server) {
        return once(
                call,
                () -> {
                    long before = tablets.epochMax();
                    int depending = tablets.acceptLoss(server);
                    mapVersion += tablets.epochMax() > before ? 1 : 0;
                    return Result.ok(depending);
                });
    }

    /** The lease of the client that drew {@code boot}. */
    Result openLease(long now, long boot, long expiry) {
        tick(now);
        ClientLease lease = leases.open(boot, expiry);
        return lease == null
                ? Result.refused(
                        "there are "
                                + ClientLeases.LEASES_MAX
                                + " clients, as many as there can be")
                : Result.ok(lease.id(), lease.expiry());
    }

    Result extendLease(long id, long expiry) {
        ClientLease lease = leases.extend(id, expiry);
        return lease == null
                ? Result.no(Status.LEASE_EXPIRED, "")
                : Result.ok(lease.id(), lease.expiry());
    }

    Result endLease(long id) {
        leases.end(id);
        return Result.ok(0);
    }

    /** Ends the leases that have lasted until {@code now}. */
    Result endExpiredLeases(long term, long now) {
        if (term != this.term) {
            return overtaken();
        }
        tick(now);
        return Result.ok(leases.endExpired(now));
    }

    private void tick(long now) {
        millis = Math.max(millis, now);
    }

    /** Everything that others may know, as it is now. */
    ClusterMap map() {
        return new ClusterMap(
                cluster,
                mapVersion,
                servers.all().stream()
                        .map(
                                member ->
                                        new ClusterMap.Server(
                                                member.id(),
                                                member.up,
                                                member.node,
                                                member.address,
                                                member.redisEndpoint))
                        .toList(),
                tablets.tables().stream()
                        .map(
                                table ->
                                        new ClusterMap.Table(
                                                table.id(), table.name(), table.replicas()))
                        .toList(),
                tablets.all().stream().map(Held::tablet).toList(),
                List.copyOf(tablets.logs().values()));
    }

    /** How {@code move} has ended; null if it has not, OK or REFUSED if so. */
    Result outcome(Move move) {
        String trouble = tablets.outcome(move);
        if (trouble == null) {
            return null;
        }
        return trouble.isEmpty() ? Result.ok(0) : Result.refused(trouble);
    }

    /** The lease called {@code id}; null when there is none. Threads: any. */
    ClientLease lease(long id) {
        return leases.get(id);
    }

    /** Whether leases have lasted until {@code now} and are still there. Threads: any. */
    boolean hasExpiredLeases(long now) {
        return leases.areExpired(now);
    }

    Membership servers() {
        return servers;
    }

    Tablets tablets() {
        return tablets;
    }

    ClientLeases leases() {
        return leases;
    }

    Map<Long, Result> calls() {
        return calls;
    }

    List<ServerId> serversUp() {
        return servers.up();
    }

    /** Number of the cluster; 0 before it is founded. */
    long cluster() {
        return cluster;
    }

    /** Grows with each change of the map. */
    long mapVersion() {
        return mapVersion;
    }

    /** The term that lasts. */
    long term() {
        return term;
    }

    /** The latest time that a command had. */
    long millis() {
        return millis;
    }

    int serversFirst() {
        return serversFirst;
    }

    int tabletsFirst() {
        return tabletsFirst;
    }

    /** Of tables of which nothing else was said. */
    int replicas() {
        return replicas;
    }

    void header(
            long cluster,
            long mapVersion,
            long term,
            long millis,
            int serversFirst,
            int tabletsFirst,
            int replicas) {
        this.cluster = cluster;
        this.mapVersion = mapVersion;
        this.term = term;
        this.millis = millis;
        this.serversFirst = serversFirst;
        this.tabletsFirst = tabletsFirst;
        this.replicas = replicas;
    }
}
