package io.silkstone.client;

import static java.util.stream.Collectors.joining;

import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.LoadCodec;
import io.silkstone.rpc.OperatorRequests;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.Waitable;
import io.silkstone.rpc.messages.CountObjectsEncoder;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.GetUsageEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.UsageDecoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The tables of a cluster as one store. Everything that it asks goes through an {@link Rpc} that is
 * the caller's: who polls, and how threads wait, is decided there.
 *
 * <p>Reads may be served by whoever has the key; each change is made once, however often it has to
 * be asked for, or ends with UNKNOWN when nobody answered in time (RIFL, SOSP'15). Threads: any;
 * sessions as {@link KvSession} says.
 */
public final class ClusterStore implements KvStore, AutoCloseable {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int REQUEST_BYTES_MAX = 1_024;
    private static final long COORDINATOR_NANOS = 1_000_000_000;
    private static final long RECOVERY_PAUSE_NANOS = 5_000_000;
    private static final long LOAD_NANOS = 1_000_000_000;

    private final Rpc rpc;
    private final ClientOptions options;
    private final RandomGenerator random;
    private final OperatorRequests operator;
    private final Routes routes;
    private final ClientLease lease;
    private final Counter operations;
    private final Counter retries;
    private final Counter redirects;
    private final Counter unknown;

    /**
     * Asks nobody before it is asked itself.
     *
     * @param seeds addresses of servers or coordinators, of which at least one must be there when
     *     something is wanted
     * @param random for pauses and choices, and to be unlike other clients
     */
    public ClusterStore(
            Rpc rpc,
            List<String> seeds,
            ClientOptions options,
            RandomGenerator random,
            MetricRegistry metrics) {
        this.rpc = rpc;
        this.options = options;
        this.random = random;
        Leader leader = new Leader(rpc, seeds);
        operator =
                new OperatorRequests(
                        rpc, leader, options.timeoutNanos(), () -> 1 + random(Long.MAX_VALUE - 1));
        routes = new Routes(rpc, seeds, this::random, metrics.counter(ClientMetrics.REFRESHES));
        lease = new ClientLease(rpc, leader, random);
        operations = metrics.counter(ClientMetrics.OPERATIONS);
        retries = metrics.counter(ClientMetrics.RETRIES);
        redirects = metrics.counter(ClientMetrics.REDIRECTS);
        unknown = metrics.counter(ClientMetrics.UNKNOWN);
    }

    /** The newest map that is known here. */
    public ClusterMap map() {
        return routes.map();
    }

    /**
     * Fetches the map anew, and waits for it: that of the coordinator that leads, in which
     * everything is that was done before. Where nobody leads for a second it is a server's, which
     * may be as old as the server's last renewal, and the one that is known here when nobody tells
     * in time.
     */
    public ClusterMap refreshMap() {
        ClusterMap told = leadersMap(COORDINATOR_NANOS);
        return told == null ? mapOfAnyServer() : told;
    }

    /**
     * As {@link #refreshMap}, but only from the coordinator that leads: null when it has told none
     * in {@code nanos}.
     */
    ClusterMap leadersMap(long nanos) {
        try {
            ClusterMap told = operator.clusterMap(nanos);
            routes.learn(told);
            return Routes.isMap(told) ? routes.map() : null;
        } catch (ClusterRefused e) {
            return null;
        }
    }

    private ClusterMap mapOfAnyServer() {
        long deadline = rpc.now() + options.timeoutNanos();
        long answers = routes.answers();
        do {
            Refresh refresh = new Refresh();
            routes.refresh(refresh);
            rpc.await(refresh);
        } while (routes.answers() == answers && rpc.now() - deadline < 0 && !rpc.isClosed());
        return routes.map();
    }

    /** Waits a little. */
    void pause(long nanos) {
        Refresh over = new Refresh();
        rpc.after(nanos, over);
        rpc.await(over);
    }

    private final class Refresh extends Waitable implements Runnable {
        private volatile boolean done;

        @Override
        public void run() {
            done = true;
            rpc.wake(this);
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }

    /** It is the whole. */
    @Override
    public boolean isPart() {
        return false;
    }

    @Override
    public int valueBytesMax() {
        return options.valueBytesMax();
    }

    @Override
    public KvSession openSession() {
        return new ClusterSession(this);
    }

    @Override
    public Table createTable(String name, int tablets) throws StoreRefused {
        int id;
        try {
            id = operator.createTable(name, tablets, Cluster.DEFAULT_REPLICAS);
        } catch (ClusterRefused e) {
            throw new StoreRefused(e.getMessage());
        }
        return remote(id, name, refreshMap().table(name));
    }

    @Override
    public void dropTable(String name) throws StoreRefused {
        try {
            operator.dropTable(name);
        } catch (ClusterRefused e) {
            throw new StoreRefused(e.getMessage());
        }
        refreshMap();
    }

    @Override
    public void splitTablet(String table, long hash) throws StoreRefused {
        try {
            operator.splitTablet(table, hash);
        } catch (ClusterRefused e) {
            throw new StoreRefused(e.getMessage());
        }
        refreshMap();
    }

    /**
     * Gives the tablet in which {@code hash} lies to {@code server}: one that is lost, or one that
     * has no objects, as soon as its owner has let go of it. Returns when the server has it.
     *
     * @throws StoreRefused when it cannot be, or nobody answers
     */
    public void assignTablet(String table, long hash, ServerId server) throws StoreRefused {
        try {
            operator.assignTablet(table, hash, server);
        } catch (ClusterRefused e) {
            throw new StoreRefused(e.getMessage());
        }
        refreshMap();
    }

    /**
     * Moves the tablet in which {@code hash} lies to {@code server} while it is used. Returns when
     * the server serves it; objects may still be coming then.
     *
     * @return the epoch in which the server has it
     * @throws StoreRefused when it cannot be, or nobody answers
     */
    public long migrateTablet(String table, long hash, ServerId server) throws StoreRefused {
        long epoch;
        try {
            epoch = operator.migrateTablet(table, hash, server, 0);
        } catch (ClusterRefused e) {
            throw new StoreRefused(e.getMessage());
        }
        refreshMap();
        return epoch;
    }

    @Override
    public Table table(String name) {
        ClusterMap.Table table = routes.map().table(name);
        if (table == null) {
            table = refreshMap().table(name);
        }
        return table == null ? null : remote(table.id(), name, table);
    }

    /** What is {@code known} of a table may be null, or about another one of this name. */
    private Table remote(int id, String name, ClusterMap.Table known) {
        boolean isKnown = known != null && known.id() == id;
        return new RemoteTable(this, id, name, isKnown ? known.replicas() : 0);
    }

    @Override
    public List<Table> tables() {
        List<Table> tables = new ArrayList<>();
        for (ClusterMap.Table each : refreshMap().tables()) {
            tables.add(remote(each.id(), each.name(), each));
        }
        return tables;
    }

    @Override
    public List<Tablet> tablets() {
        ClusterMap map = refreshMap();
        List<Tablet> tablets = new ArrayList<>();
        for (ClusterMap.Table table : map.tables()) {
            for (ClusterMap.Tablet each : map.tablets()) {
                if (each.table() == table.id()) {
                    tablets.add(
                            new Tablet(
                                    table.name(),
                                    each.firstHash(),
                                    each.lastHash(),
                                    each.owner().toString(),
                                    state(each),
                                    each.epoch()));
                }
            }
        }
        return tablets;
    }

    /** Of two servers that say they have a tablet the one knows better that has had it since. */
    @Override
    public List<TabletLoad> loads() {
        record Place(int table, long firstHash) {}

        Map<Place, TabletLoad> newest = new LinkedHashMap<>();
        for (ServerLoad server : LoadCodec.ask(rpc, refreshMap(), LOAD_NANOS)) {
            for (TabletLoad each : server.tablets()) {
                newest.merge(
                        new Place(each.table(), each.firstHash()),
                        each,
                        (one, other) -> one.epoch() > other.epoch() ? one : other);
            }
        }
        return List.copyOf(newest.values());
    }

    private static String state(ClusterMap.Tablet tablet) {
        String state = tablet.state().name().toLowerCase(Locale.ROOT);
        if (!tablet.logs().isEmpty()) {
            String logs = tablet.logs().stream().map(ServerId::toString).collect(joining(", "));
            return state + (tablet.logs().size() == 1 ? " from log " : " from logs ") + logs;
        }
        boolean comes = tablet.state() == ClusterMap.TabletState.MIGRATING;
        return comes ? state + " from " + tablet.peer() : state;
    }

    /** Of all servers that answer. */
    @Override
    public Usage usage() {
        Operation operation = new Operation(this);
        GetUsageEncoder request = new GetUsageEncoder();
        UsageDecoder reply = new UsageDecoder();
        Usage sum = new Usage(0, 0, 0, 0, 0, 0);
        for (ClusterMap.Server server : refreshMap().servers()) {
            request.wrapAndApplyHeader(
                    operation.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder());
            if (server.up() && ask(operation, server.id(), BODY + request.encodedLength())) {
                Call call = operation.call();
                reply.wrap(
                        call.reply(),
                        call.replyOffset(),
                        call.replyBlockLength(),
                        call.replyVersion());
                sum =
                        new Usage(
                                sum.capacity() + reply.capacity(),
                                sum.allocated() + reply.allocated(),
                                sum.logLive() + reply.logLive(),
                                sum.logUsed() + reply.logUsed(),
                                sum.hashTables() + reply.hashTables(),
                                sum.objects() + reply.objects());
            }
        }
        operation.close();
        return sum;
    }

    /**
     * Objects of {@code table}. When the time of a request runs out before a moment at which
     * nothing moves and every owner answers, those of the servers that answered.
     */
    long countObjects(int table) {
        long deadline = rpc.now() + options.timeoutNanos();
        ClusterMap before = refreshMap();
        ObjectCount count = countObjects(table, before);
        ClusterMap after = refreshMap();
        // What moves from one server to another may have been counted by both, or by none.
        while ((!tabletsOf(table, before).equals(tabletsOf(table, after))
                        || after.isRecovering(table)
                        || !count.isWhole())
                && rpc.now() - deadline < 0) {
            if (after.isRecovering(table) || !count.isWhole()) {
                pause(RECOVERY_PAUSE_NANOS);
            }
            before = after;
            count = countObjects(table, before);
            after = refreshMap();
        }
        return count.sum();
    }

    /**
     * What servers said.
     *
     * @param sum objects of those that answered
     * @param isWhole whether every owner of a tablet did; one that has just ended, of which the map
     *     does not know yet, does not
     */
    private record ObjectCount(long sum, boolean isWhole) {}

    private static List<ClusterMap.Tablet> tabletsOf(int table, ClusterMap map) {
        return map.tablets().stream().filter(each -> each.table() == table).toList();
    }

    private ObjectCount countObjects(int table, ClusterMap map) {
        Operation operation = new Operation(this);
        CountObjectsEncoder request = new CountObjectsEncoder();
        DoneDecoder reply = new DoneDecoder();
        long sum = 0;
        boolean isWhole = true;
        for (ClusterMap.Server server : map.servers()) {
            request.wrapAndApplyHeader(
                            operation.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder())
                    .table(table)
                    .mapVersion(map.version());
            if (server.up() && ask(operation, server.id(), BODY + request.encodedLength())) {
                Call call = operation.call();
                reply.wrap(
                        call.reply(),
                        call.replyOffset(),
                        call.replyBlockLength(),
                        call.replyVersion());
                sum += reply.number();
            } else if (owns(server.id(), table, map)) {
                isWhole = false;
            }
        }
        operation.close();
        return new ObjectCount(sum, isWhole);
    }

    private static boolean owns(ServerId server, int table, ClusterMap map) {
        return tabletsOf(table, map).stream().anyMatch(each -> each.owner().equals(server));
    }

    private boolean ask(Operation operation, ServerId server, int length) {
        operation.start(0, 0, length, Operation.READ, server, Operation.NOBODY);
        rpc.await(operation);
        return operation.status() == Status.OK && operation.hasReply();
    }

    Rpc rpc() {
        return rpc;
    }

    ClientOptions options() {
        return options;
    }

    Routes routes() {
        return routes;
    }

    ClientLease lease() {
        return lease;
    }

    /** A number from 0 to below {@code bound}. */
    synchronized long random(long bound) {
        return random.nextLong(bound);
    }

    void countOperation() {
        operations.increment();
    }

    void countRetry() {
        retries.increment();
    }

    void countUnknown() {
        unknown.increment();
    }

    void countRedirect() {
        redirects.increment();
    }

    /** Gives the lease back. The {@link Rpc} stays open. */
    @Override
    public void close() {
        lease.close();
        routes.close();
    }
}
