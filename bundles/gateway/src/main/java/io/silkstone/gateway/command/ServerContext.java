package io.silkstone.gateway.command;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.gateway.acl.AclUsers;
import io.silkstone.gateway.cluster.ClusterReport;
import io.silkstone.gateway.cluster.Routes;
import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.MemoryRefused;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HexFormat;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** What all threads of a gateway share. Threads: any. */
public final class ServerContext {
    /** What the server is, for those who ask. */
    public record Identity(String version, String nodeId, boolean cluster, String host, int port) {}

    /** Calls to other nodes that a request for one key may have under way, at most. */
    static final int CALLS_OF_A_KEY = 2;

    /** The same of a request that reads several keys, which asks several nodes at a time. */
    static final int CALLS_OF_SEVERAL_KEYS = 10;

    /**
     * Calls of all requests that are passed on. Half of what a node has: the others are for its own
     * life in the cluster, and for whoever else works on the cluster's tables.
     */
    static final int CALLS_ELSEWHERE_MAX = 512;

    private static final int RUN_ID_BYTES = 20;
    private static final System.Logger LOG = System.getLogger(ServerContext.class.getName());

    final KvStore store;
    final KvStore.Table table;
    final ThreadRuntime threads;
    final AclUsers users;
    final CommandTable commands;
    final CommandStatistics statistics;
    final SlowLog slowLog = new SlowLog();
    final Settings settings;
    final InstantSource clock;
    final LongSupplier nanoTime;
    final RandomGenerator random;
    final long startedMillis;

    /**
     * Drawn at each start: by this clients see that a node which was started again has lost what it
     * held in memory. A node that loses its keys while it runs, since the coordinator gave it up,
     * keeps its run id; its generation in the cluster's map tells that.
     */
    final String runId;

    /** Password checks that wait. */
    final PasswordLine passwordLine;

    /** Calls that requests may still make which are passed on; taken without waiting. */
    final Semaphore callsElsewhere = new Semaphore(CALLS_ELSEWHERE_MAX);

    /** What clients make the node hold outside the heap. */
    final MemoryBudget memory = MemoryBudget.ofDirectMemory();

    /** What they make it hold on the heap, where that depends on them. */
    final MemoryBudget heap = MemoryBudget.ofHeap();

    private final ConcurrentMap<Long, Client> clients = new ConcurrentHashMap<>();
    private final AtomicLong nextClient = new AtomicLong(1);
    private final AtomicLong connectionsEver = new AtomicLong();
    private final AtomicLong bugs = new AtomicLong();
    private final AtomicLong connectionsRefused = new AtomicLong();
    private volatile Identity identity;
    private volatile Cluster cluster;
    private volatile Routes routes;
    private volatile KvStore clusterStore;
    private volatile boolean proxy;

    /** Over the services that the gateway was given. */
    public ServerContext(
            KvStore store,
            ThreadRuntime threads,
            CommandTable commands,
            AclUsers users,
            Settings settings,
            Identity identity,
            InstantSource clock,
            LongSupplier nanoTime,
            RandomGenerator random) {
        this.store = store;
        this.table = store.table(KvStore.DEFAULT_TABLE);
        this.threads = threads;
        this.passwordLine = new PasswordLine(threads);
        this.commands = commands;
        this.statistics = new CommandStatistics(commands);
        this.users = users;
        this.settings = settings;
        this.identity = identity;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.random = random;
        this.startedMillis = clock.millis();
        byte[] drawn = new byte[RUN_ID_BYTES];
        random.nextBytes(drawn);
        this.runId = HexFormat.of().formatHex(drawn);
    }

    /** What the server is. */
    public Identity identity() {
        return identity;
    }

    /** Sets it, when the port is known. */
    public void identity(Identity known) {
        identity = known;
    }

    /**
     * The cluster that the node belongs to from now on; null when it has left the one it had. A
     * node that ever had one serves nothing without it: what it holds may be others' by then.
     */
    public synchronized void cluster(Cluster joined) {
        Cluster before = cluster;
        if (joined == null && before == null) {
            return;
        }
        routes = joined == null ? Routes.NONE : Routes.of(joined);
        cluster = joined;
    }

    /**
     * The node belongs to a cluster, which it does not know yet: before {@link #cluster} says more,
     * it serves nothing.
     */
    public synchronized void awaitCluster() {
        if (routes == null) {
            routes = Routes.NONE;
        }
    }

    /** The tables of the whole cluster, or null where they cannot be reached from here. */
    public void clusterStore(KvStore tables) {
        clusterStore = tables;
    }

    /** Whether requests for keys of other nodes are passed on to them. */
    public void proxy(boolean wanted) {
        proxy = wanted;
    }

    /** Where requests for keys of other nodes are passed on; null when they are not. */
    KvStore proxied() {
        return proxy ? clusterStore : null;
    }

    /** Where keys are, as of now; null while the node belongs to no cluster. */
    Routes routes() {
        Cluster current = cluster;
        Routes known = routes;
        if (current == null || known.isOf(current)) {
            return known;
        }
        synchronized (this) {
            if (cluster == current) {
                routes = Routes.of(current);
            }
            return routes;
        }
    }

    /** Whether clients are to believe that this is a cluster. */
    boolean isClustered() {
        return routes != null || identity.cluster();
    }

    /** What clients are told of the cluster; of one of this node alone where there is no other. */
    ClusterReport clusterReport() {
        Identity known = identity;
        Routes current = routes();
        return new ClusterReport(
                current == null
                        ? Routes.alone(known.nodeId(), known.host(), known.port())
                        : current,
                known.nodeId(),
                known.host(),
                known.port());
    }

    /** The users. */
    public AclUsers users() {
        return users;
    }

    /** The settings that clients may change. */
    public Settings settings() {
        return settings;
    }

    /** Milliseconds since 1970. */
    public long nowMillis() {
        return clock.millis();
    }

    /** Nanoseconds since some point in time. */
    public long nanoTime() {
        return nanoTime.getAsLong();
    }

    /** A new client's number. */
    public long nextClientId() {
        return nextClient.getAndIncrement();
    }

    /** A client came. */
    public void add(Client client) {
        connectionsEver.incrementAndGet();
        clients.put(client.id(), client);
    }

    /** A client went. */
    public void remove(Client client) {
        clients.remove(client.id());
    }

    /** Whether {@code client} is still there. */
    boolean has(Client client) {
        return clients.containsKey(client.id());
    }

    /** The clients now. */
    public Collection<Client> clients() {
        return clients.values();
    }

    /** What clients may make the node hold outside the heap. */
    public MemoryBudget memory() {
        return memory;
    }

    /** What clients may make the node hold on the heap. */
    public MemoryBudget heap() {
        return heap;
    }

    /** A request of {@code client} failed half-way, so that its connection ends. */
    void failed(Client client, Throwable failure) {
        if (failure instanceof MemoryRefused || failure instanceof OutOfMemoryError) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "Client {0} is disconnected: there is no memory for its request: {1}",
                    client.link().peer(),
                    failure.getMessage());
        } else {
            bug(failure);
        }
    }

    /** A request failed by a bug in the gateway: says so, and counts it. */
    void bug(Throwable failure) {
        bugs.incrementAndGet();
        LOG.log(System.Logger.Level.ERROR, "A request failed by a bug in the gateway", failure);
    }

    /** Requests that failed by a bug. */
    public long bugs() {
        return bugs.get();
    }

    /** A client was turned away. */
    public void refused() {
        connectionsRefused.incrementAndGet();
    }

    long connectionsRefused() {
        return connectionsRefused.get();
    }

    long connectionsEver() {
        return connectionsEver.get();
    }

    /** Longest value that the store takes, and longest argument. */
    int valueBytesMax() {
        return store.valueBytesMax();
    }

    /** Counts of commands, by the threads that execute them. */
    public CommandStatistics statistics() {
        return statistics;
    }

    /** The default table's tablet that {@code hash} lies in now. */
    KvStore.Tablet tabletOf(long hash) {
        for (KvStore.Tablet tablet : store.tablets()) {
            if (tablet.table().equals(KvStore.DEFAULT_TABLE) && covers(tablet, hash)) {
                return tablet;
            }
        }
        throw new IllegalStateException("no tablet has hash " + Long.toHexString(hash));
    }

    static boolean covers(KvStore.Tablet tablet, long hash) {
        return Long.compareUnsigned(tablet.firstHash(), hash) <= 0
                && Long.compareUnsigned(hash, tablet.lastHash()) <= 0;
    }
}
