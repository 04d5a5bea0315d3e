package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Call;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.MapCodec;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.EnlistEncoder;
import io.silkstone.rpc.messages.EnlistedDecoder;
import io.silkstone.rpc.messages.GetClusterMapEncoder;
import io.silkstone.rpc.messages.LeaseRenewedDecoder;
import io.silkstone.rpc.messages.LeaveEncoder;
import io.silkstone.rpc.messages.MapNewsDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.RenewLeaseEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.TabletReleasedEncoder;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Makes a store a server of the cluster, and keeps it one.
 *
 * <p><b>The lease.</b> A server may serve while it has a lease from the coordinator, which counts
 * from the moment at which the request for it was sent; the coordinator gives its tablets to others
 * only when the lease is certainly over by its own clock. So at no time two servers serve a key,
 * however long one of them was stopped or cut off. Whoever serves executes a request, then looks at
 * {@link #mayServe}, then replies: what a stopped process did just after its lease had ended is
 * never told to anybody.
 *
 * <p><b>The tablets.</b> The coordinator's map says who has what. Two user threads work here: one
 * renews the lease and is told when there is a newer map; the other fetches it and brings the store
 * in line, which may take a while. A third one looks now and then how large tablets are, if the
 * coordinator cuts any: the lease is renewed with what it saw last, so that the coordinator knows
 * what to cut when this server goes down.
 *
 * <p><b>Expelled.</b> A server that the coordinator has given up is told so when it renews. What it
 * has counts as lost and may be served by others, so it drops everything and enlists afresh, under
 * a new generation.
 */
public final class Membership {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int REQUEST_BYTES_MAX = 2_048;
    private static final long ASK_NANOS = 2_000_000_000L;
    private static final long PAUSE_NANOS = 20_000_000;
    private static final long LEAVE_NANOS = 1_000_000_000;

    /** Renewals in the time of one lease, at least. */
    private static final int RENEWALS = 4;

    /**
     * Longest time between two renewals: they also tell of newer maps, should the coordinator's
     * word of one get lost, and what is left of a lease when the coordinator goes is what that has
     * to come back.
     */
    private static final long RENEW_NANOS_MAX = 750_000_000;

    /**
     * So many of the largest tablets are told of: any other has less than one in so many of what
     * this server has, and is recovered as it is.
     */
    private static final int SIZES_MAX = 32;

    /** Longest time between two looks at what tablets hold; else they come once a lease. */
    private static final long SIZES_NANOS_MAX = 3_000_000_000L;

    /** A look takes no more than one in so many of the time. */
    private static final int SIZES_SHARE = 50;

    private static final Logger LOG = System.getLogger(Membership.class.getName());

    private final MasterOptions options;
    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Holdings holdings;
    private final Predecessor predecessor;
    private final Leader leader;
    private final long boot;
    private final Question leaseAsking;
    private final Question mapAsking;
    private volatile ServerId self = ServerId.NONE;
    private volatile ClusterMap map = ClusterMap.NONE;
    private volatile long leaseEnd;
    private volatile boolean leased;
    private volatile long mapVersionWanted;
    private volatile long clusterMillis;
    private volatile long clusterMillisAt;
    private volatile boolean closing;
    private volatile String status = "not enlisted yet";

    /** The server whose holdings the map's thread is to drop; NONE when that is done. */
    private volatile ServerId dropped = ServerId.NONE;

    /** How often this process has enlisted afresh, each time as if it had been started again. */
    private int generationsLost;

    /** The boot of which the predecessor's record knows; NONE before the first. */
    private long recordedBoot = Predecessor.NONE;

    private volatile long leaseNanos;
    private volatile long leaseThread = ThreadRuntime.NONE;
    private volatile long mapThread = ThreadRuntime.NONE;
    private volatile long sizesThread = ThreadRuntime.NONE;

    /** The largest tablets, as they were when they were looked at last. */
    private volatile List<TabletLoad> sizes = List.of();

    /** Whether the coordinator does anything with them, by what it said last. */
    private volatile boolean sizesWanted;

    /** What a server owns; implemented by the store. One thread at a time. */
    public interface Holdings {
        /**
         * Brings what is owned in line with {@code map} for server {@code self}: tables that are
         * not in it go, tablets that others have go, those that are its own come, empty.
         */
        void apply(ClusterMap map, ServerId self);

        /**
         * Lets go of {@code tablet} if there is nothing in it.
         *
         * @return whether it is not served here any more
         */
        boolean release(Tablet tablet);

        /** Drops everything. */
        void drop();

        /**
         * What the coordinator is to know of, should this server go down: about what its tablets
         * with replicas hold. Takes a while. Another thread than those.
         */
        default List<TabletLoad> sizes() {
            return List.of();
        }
    }

    /** Of a server that begins to enlist at {@link #start}. */
    public Membership(
            MasterOptions options,
            Rpc rpc,
            ThreadRuntime threads,
            Holdings holdings,
            RandomGenerator random) {
        this(options, rpc, threads, holdings, Predecessor.UNKNOWN, random);
    }

    /** As the other; the coordinator does not wait for a {@code predecessor} that has ended. */
    public Membership(
            MasterOptions options,
            Rpc rpc,
            ThreadRuntime threads,
            Holdings holdings,
            Predecessor predecessor,
            RandomGenerator random) {
        this.options = options;
        this.rpc = rpc;
        this.threads = threads;
        this.holdings = holdings;
        this.predecessor = predecessor;
        leader = new Leader(rpc, options.coordinators());
        boot = random.nextLong();
        leaseAsking = new Question(rpc, Priority.HIGH);
        mapAsking = new Question(rpc, Priority.HIGH);
    }

    /**
     * Begins to enlist, and goes on for as long as it takes.
     *
     * @throws IllegalStateException when there are no threads for that
     */
    public void start() {
        mapThread = threads.create(ThreadRuntime.NORMAL, this::keepMap);
        leaseThread = threads.create(ThreadRuntime.NORMAL, this::keepLease);
        sizesThread = threads.create(ThreadRuntime.NORMAL, this::keepSizes);
        if (mapThread == ThreadRuntime.NONE
                || leaseThread == ThreadRuntime.NONE
                || sizesThread == ThreadRuntime.NONE) {
            throw new IllegalStateException("there is no thread for the membership");
        }
        rpc.serve(MapNewsDecoder.TEMPLATE_ID, this::heardOfMap);
    }

    /**
     * Whether the lease holds now, and nobody has begun to say good-bye: what is dropped then is
     * still this server's to all others. A clock is read; nothing else costs.
     */
    public boolean mayServe() {
        return leased && !closing && rpc.now() - leaseEnd < 0;
    }

    /** Who this server is; NONE while it is none. */
    public ServerId self() {
        return self;
    }

    /** The newest map that was put into effect. */
    public ClusterMap map() {
        return map;
    }

    /** The map has changed, as others say: it is fetched soon. */
    void hurry() {
        hurry(map.version() + 1);
    }

    private void hurry(long version) {
        synchronized (this) {
            mapVersionWanted = Math.max(mapVersionWanted, version);
        }
        threads.signal(mapThread);
    }

    /** There is none of {@code wanted}, which was asked for; one newer may have been heard of. */
    private synchronized void heardOfNone(long wanted) {
        if (mapVersionWanted == wanted) {
            mapVersionWanted = map.version();
        }
    }

    private void heardOfMap(Request request) {
        MapNewsDecoder news = new MapNewsDecoder();
        news.wrap(request.buffer(), request.offset(), request.blockLength(), request.version());
        leader.isAt(news.leader());
        if (news.mapVersion() > map.version()) {
            hurry(news.mapVersion());
        }
        request.done(0);
    }

    /** Where the coordinator was last seen. */
    public String coordinator() {
        return leader.address();
    }

    /** Where to go for what only the coordinator answers. */
    Leader leader() {
        return leader;
    }

    /**
     * The coordinator's time of day, at the earliest: it may be later. 0 before it was heard of.
     */
    public long clusterMillisAtLeast() {
        long at = clusterMillisAt;
        long millis = clusterMillis;
        if (millis == 0) {
            return 0;
        }
        long passed = (rpc.now() - at) / 1_000_000;
        // Clocks may go wrong by one in a thousand.
        return millis + passed - passed / 500;
    }

    /** In a few words, for people. */
    public String status() {
        return status;
    }

    private void keepLease() {
        keepOn(
                () -> {
                    if (self.equals(ServerId.NONE)) {
                        enlist();
                    } else {
                        renew();
                    }
                });
    }

    /** A duty that fails once is a bug, but no reason to stand still for ever. */
    private void keepOn(Runnable duty) {
        while (!closing) {
            try {
                duty.run();
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the membership of this node failed, and goes on", e);
                threads.sleep(PAUSE_NANOS);
            }
        }
    }

    private void enlist() {
        long number = boot + generationsLost;
        if (recordedBoot != number) {
            predecessor.enlists(number);
            recordedBoot = number;
        }
        EnlistEncoder request = new EnlistEncoder();
        request.wrapAndApplyHeader(leaseAsking.request(REQUEST_BYTES_MAX), 0, leaseAsking.header())
                .boot(number)
                .former(predecessor.ended())
                .node(options.node())
                .address(options.address())
                .redisEndpoint(options.redisEndpoint());
        Status answer = leaseAsking.ask(leader, request.encodedLength(), ASK_NANOS);
        if (answer == Status.NOT_A_MEMBER) {
            // It was enlisted without hearing of it, and has been given up since.
            generationsLost++;
        }
        if (answer != Status.OK) {
            status = "the coordinator at " + leader.address() + " has not enlisted it: " + answer;
            threads.sleep(PAUSE_NANOS);
            return;
        }
        Call call = leaseAsking.answer();
        EnlistedDecoder reply = new EnlistedDecoder();
        reply.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        leaseNanos = reply.leaseMicros() * 1_000;
        rpc.identity(reply.cluster(), reply.server());
        self = ServerId.of(reply.server());
        status = "server " + self + ", without a lease yet";
        LOG.log(Level.INFO, "this node is server {0} of the cluster", self);
    }

    private void renew() {
        RenewLeaseEncoder request = new RenewLeaseEncoder();
        request.wrapAndApplyHeader(leaseAsking.request(REQUEST_BYTES_MAX), 0, leaseAsking.header())
                .server(self.packed())
                .mapVersion(map.version());
        List<TabletLoad> told = sizes;
        RenewLeaseEncoder.TabletsEncoder tablets = request.tabletsCount(told.size());
        for (TabletLoad each : told) {
            tablets.next()
                    .firstHash(each.firstHash())
                    .lastHash(each.lastHash())
                    .bytes(each.bytes())
                    .table(each.table());
        }
        long sentAt = rpc.now();
        long pause = Math.min(leaseNanos / RENEWALS, RENEW_NANOS_MAX);
        Status answer = leaseAsking.ask(leader, request.encodedLength(), pause);
        if (answer == Status.OK) {
            Call call = leaseAsking.answer();
            LeaseRenewedDecoder reply = new LeaseRenewedDecoder();
            reply.wrap(
                    call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
            clusterMillisAt = sentAt;
            clusterMillis = reply.clusterMillis();
            sizesWanted = reply.sizesWanted() == 1;
            leaseEnd = sentAt + leaseNanos;
            leased = true;
            status = "server " + self;
            if (reply.mapVersion() != map.version()) {
                hurry(reply.mapVersion());
            }
            threads.sleep(pause);
        } else if (answer == Status.NOT_A_MEMBER) {
            expelled();
        } else {
            status = "the coordinator at " + leader.address() + " does not answer: " + answer;
            threads.sleep(pause / 4);
        }
    }

    private void keepSizes() {
        keepOn(
                () -> {
                    long begunAt = rpc.now();
                    if (!sizesWanted) {
                        sizes = List.of();
                    } else if (mayServe()) {
                        sizes = largest();
                    }
                    long usual = Math.clamp(leaseNanos, PAUSE_NANOS, SIZES_NANOS_MAX);
                    long pause = Math.max(usual, SIZES_SHARE * (rpc.now() - begunAt));
                    while (!closing && rpc.now() - begunAt < pause) {
                        long left = pause - (rpc.now() - begunAt);
                        threads.sleep(Math.min(left, RENEW_NANOS_MAX));
                    }
                });
    }

    private List<TabletLoad> largest() {
        try {
            return holdings.sizes().stream()
                    .sorted(Comparator.comparingLong(TabletLoad::bytes).reversed())
                    .limit(SIZES_MAX)
                    .toList();
        } catch (IllegalStateException allSessionsAreOpen) {
            return sizes;
        }
    }

    /** Its tablets are others', or will be. */
    private void expelled() {
        LOG.log(
                Level.WARNING,
                "server {0} was given up by the coordinator: what it held is lost to the cluster",
                self);
        leased = false;
        status = "given up by the coordinator; enlists afresh";
        generationsLost++;
        dropped = self;
        self = ServerId.NONE;
        rpc.identity(rpc.cluster(), 0);
        threads.signal(mapThread);
        while (!dropped.equals(ServerId.NONE) && !closing) {
            threads.sleep(PAUSE_NANOS);
        }
    }

    private void keepMap() {
        keepOn(
                () -> {
                    if (!dropped.equals(ServerId.NONE)) {
                        holdings.drop();
                        map = ClusterMap.NONE;
                        dropped = ServerId.NONE;
                    } else if (!self.equals(ServerId.NONE) && mapVersionWanted != map.version()) {
                        fetchMap();
                    } else {
                        threads.block();
                    }
                });
        // Whoever is told good-bye may give it to others, so no later membership finds it here.
        holdings.drop();
    }

    private void fetchMap() {
        long wanted = mapVersionWanted;
        GetClusterMapEncoder request = new GetClusterMapEncoder();
        request.wrapAndApplyHeader(mapAsking.request(REQUEST_BYTES_MAX), 0, mapAsking.header())
                .leaderOnly((short) 0);
        if (mapAsking.ask(leader, request.encodedLength(), ASK_NANOS) != Status.OK) {
            threads.sleep(PAUSE_NANOS);
            return;
        }
        Call call = mapAsking.answer();
        ClusterMapDecoder reply = new ClusterMapDecoder();
        reply.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        ClusterMap news = MapCodec.decode(reply);
        ServerId me = self;
        if (news.version() <= map.version() || me.equals(ServerId.NONE)) {
            heardOfNone(wanted);
            return;
        }
        List<Server> lost =
                map.servers().stream()
                        .filter(server -> server.up() && !isUp(news, server.id()))
                        .toList();
        lost.forEach(server -> rpc.giveUpOn(server.id().packed()));
        holdings.apply(news, me);
        map = news;
        // Some may have asked them again meanwhile, by the map before.
        lost.forEach(server -> rpc.giveUpOn(server.id().packed()));
        for (Tablet tablet : news.tablets()) {
            if (tablet.state() == TabletState.LEAVING && tablet.owner().equals(me)) {
                release(tablet);
            }
        }
    }

    private static boolean isUp(ClusterMap map, ServerId id) {
        Server server = map.server(id);
        return server != null && server.up();
    }

    private void release(Tablet tablet) {
        boolean released = holdings.release(tablet);
        TabletReleasedEncoder request = new TabletReleasedEncoder();
        Status answer;
        do {
            request.wrapAndApplyHeader(mapAsking.request(REQUEST_BYTES_MAX), 0, mapAsking.header())
                    .server(tablet.owner().packed())
                    .firstHash(tablet.firstHash())
                    .epoch(tablet.epoch())
                    .table(tablet.table())
                    .released((short) (released ? 1 : 0));
            answer = mapAsking.ask(leader, request.encodedLength(), ASK_NANOS);
        } while (answer == Status.TIMED_OUT && !closing && self.equals(tablet.owner()));
    }

    /** Says good-bye, and stops serving. The caller is a thread that may wait. */
    public void close() {
        closing = true;
        rpc.serveNoMore(MapNewsDecoder.TEMPLATE_ID);
        threads.signal(mapThread);
        threads.signal(leaseThread);
        threads.signal(sizesThread);
        threads.join(mapThread);
        threads.join(leaseThread);
        threads.join(sizesThread);
        leased = false;
        if (!self.equals(ServerId.NONE)) {
            LeaveEncoder request = new LeaveEncoder();
            request.wrapAndApplyHeader(
                            leaseAsking.request(REQUEST_BYTES_MAX), 0, leaseAsking.header())
                    .server(self.packed());
            leaseAsking.ask(leader, request.encodedLength(), LEAVE_NANOS);
            // Whoever still asks looks for who has it now.
            rpc.identity(rpc.cluster(), 0);
        }
        leaseAsking.close();
        mapAsking.close();
    }
}
