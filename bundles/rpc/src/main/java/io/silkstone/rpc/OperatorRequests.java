package io.silkstone.rpc;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.rpc.messages.AcceptLossEncoder;
import io.silkstone.rpc.messages.AssignTabletEncoder;
import io.silkstone.rpc.messages.ClusterMapDecoder;
import io.silkstone.rpc.messages.CreateTableEncoder;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.DropTableEncoder;
import io.silkstone.rpc.messages.GetClusterMapEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrateTabletEncoder;
import io.silkstone.rpc.messages.SplitTabletEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What operators ask of the coordinator, from a node or from a client; and of a server, that it
 * takes a tablet. Each waits for the answer, for a given time at most. Threads: any but the one
 * that polls.
 */
public final class OperatorRequests {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int REQUEST_BYTES_MAX = 1_024;

    /** The source may have requests to end, and results of many clients to send. */
    private static final long MIGRATE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Rpc rpc;
    private final Leader leader;
    private final long timeoutNanos;
    private final LongSupplier requests;

    /** The end of one request, for which a thread waits. */
    private static final class Answer extends Waitable {
        private volatile boolean done;

        @Override
        public boolean isDone() {
            return done;
        }
    }

    /** Encodes a request into a call's buffer, and says how long it is. */
    private interface Encoding {
        int into(Call call, long request);
    }

    /**
     * Asks {@code leader}.
     *
     * @param requests gives a positive number for each request, unlike any other: a message that
     *     comes late does nothing then
     */
    public OperatorRequests(Rpc rpc, Leader leader, long timeoutNanos, LongSupplier requests) {
        this.rpc = rpc;
        this.leader = leader;
        this.timeoutNanos = timeoutNanos;
        this.requests = requests;
    }

    /**
     * Creates a table of {@code tablets} equal ranges, 0 for one per server.
     *
     * @param replicas how many other servers keep what is written to it, or {@link
     *     Cluster#DEFAULT_REPLICAS}
     * @return its number
     */
    public int createTable(String name, int tablets, int replicas) throws ClusterRefused {
        int wanted =
                replicas == Cluster.DEFAULT_REPLICAS
                        ? CreateTableEncoder.replicasNullValue()
                        : replicas;
        return (int)
                ask(
                        (call, request) -> {
                            CreateTableEncoder create = new CreateTableEncoder();
                            create.wrapAndApplyHeader(
                                            call.request(REQUEST_BYTES_MAX),
                                            0,
                                            new MessageHeaderEncoder())
                                    .tablets(tablets)
                                    .request(request)
                                    .replicas((short) wanted)
                                    .name(name);
                            return create.encodedLength();
                        });
    }

    /** Drops a table and all its objects. */
    public void dropTable(String name) throws ClusterRefused {
        ask(
                (call, request) -> {
                    DropTableEncoder drop = new DropTableEncoder();
                    drop.wrapAndApplyHeader(
                                    call.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder())
                            .request(request)
                            .name(name);
                    return drop.encodedLength();
                });
    }

    /** Cuts a tablet so that {@code hash} is the first of the second part. */
    public void splitTablet(String table, long hash) throws ClusterRefused {
        ask(
                (call, request) -> {
                    SplitTabletEncoder split = new SplitTabletEncoder();
                    split.wrapAndApplyHeader(
                                    call.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder())
                            .hash(hash)
                            .request(request)
                            .tableName(table);
                    return split.encodedLength();
                });
    }

    /** Gives the tablet in which {@code hash} lies to {@code server}, and waits until it has it. */
    public void assignTablet(String table, long hash, ServerId server) throws ClusterRefused {
        ask(
                (call, request) -> {
                    AssignTabletEncoder assign = new AssignTabletEncoder();
                    assign.wrapAndApplyHeader(
                                    call.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder())
                            .hash(hash)
                            .request(request)
                            .server(server.packed())
                            .tableName(table);
                    return assign.encodedLength();
                });
    }

    /**
     * Has what is left of the log of {@code server}, which is down, do for the tablets that depend
     * on it.
     *
     * @return how many these are
     */
    public int acceptLoss(ServerId server) throws ClusterRefused {
        return (int)
                ask(
                        (call, request) -> {
                            AcceptLossEncoder accept = new AcceptLossEncoder();
                            accept.wrapAndApplyHeader(
                                            call.request(REQUEST_BYTES_MAX),
                                            0,
                                            new MessageHeaderEncoder())
                                    .server(server.packed())
                                    .request(request);
                            return accept.encodedLength();
                        });
    }

    /**
     * Has {@code target} fetch the tablet in which {@code hash} lies from the server that has it,
     * and waits until it serves it. Objects may still be coming then.
     *
     * @param bytesPerSecondMax see {@link Cluster#migrateTablet(String, long, ServerId, long)}; a
     *     server of an older schema takes no notice
     * @return the epoch in which it serves it
     */
    public long migrateTablet(String table, long hash, ServerId target, long bytesPerSecondMax)
            throws ClusterRefused {
        ClusterMap map = clusterMap(timeoutNanos);
        ClusterMap.Table known = map.table(table);
        if (known == null) {
            throw new ClusterRefused("there is no table called " + table);
        }
        ClusterMap.Server server = map.server(target);
        if (server == null || !server.up()) {
            throw new ClusterRefused("server " + target + " is not up");
        }
        Call call = rpc.newCall();
        try {
            MigrateTabletEncoder migrate = new MigrateTabletEncoder();
            migrate.wrapAndApplyHeader(
                            call.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder())
                    .hash(hash)
                    .table(known.id())
                    .bytesPerSecond(bytesPerSecondMax);
            call.start(
                    rpc.peer(server.address()),
                    target.packed(),
                    BODY + migrate.encodedLength(),
                    MIGRATE_NANOS,
                    Completion.NONE);
            rpc.await(call);
            requireOk(
                    call,
                    "server " + target,
                    "has not answered in time, and may yet have the tablet");
            return numberIn(call);
        } finally {
            call.close();
        }
    }

    /**
     * The map of the coordinator that leads, and has made sure of that: everything is in it that
     * was done before. Servers have it as well, but hear of a change only with their next renewal;
     * so they, like one that led before, send the question on. Only servers of an older schema
     * answer.
     *
     * @param nanos how long to wait for it
     * @throws ClusterRefused when nobody who leads has told it in time
     */
    public ClusterMap clusterMap(long nanos) throws ClusterRefused {
        return ask(
                (call, request) -> {
                    GetClusterMapEncoder get = new GetClusterMapEncoder();
                    get.wrapAndApplyHeader(
                                    call.request(REQUEST_BYTES_MAX), 0, new MessageHeaderEncoder())
                            .leaderOnly((short) 1);
                    return get.encodedLength();
                },
                nanos,
                call -> {
                    ClusterMapDecoder map = new ClusterMapDecoder();
                    map.wrap(
                            call.reply(),
                            call.replyOffset(),
                            call.replyBlockLength(),
                            call.replyVersion());
                    return MapCodec.decode(map);
                });
    }

    /** The number in the answer. */
    private long ask(Encoding encoding) throws ClusterRefused {
        return ask(encoding, timeoutNanos, OperatorRequests::numberIn);
    }

    private <T> T ask(Encoding encoding, long nanos, Function<Call, T> decoding)
            throws ClusterRefused {
        Call call = rpc.newCall();
        try {
            int length = BODY + encoding.into(call, requests.getAsLong());
            Answer answer = new Answer();
            leader.start(
                    call,
                    length,
                    nanos,
                    each -> {
                        answer.done = true;
                        rpc.wake(answer);
                    });
            rpc.await(answer);
            requireOk(
                    call,
                    "the coordinator",
                    "at " + leader.address() + " does not answer; try again");
            return decoding.apply(call);
        } finally {
            call.close();
        }
    }

    private static void requireOk(Call call, String asked, String silence) throws ClusterRefused {
        if (call.status() == Status.TIMED_OUT) {
            throw new ClusterRefused(asked + ' ' + silence);
        }
        if (call.status() != Status.OK) {
            String text = call.text();
            throw new ClusterRefused(
                    text.isEmpty() ? asked + " refused with " + call.status().name() : text);
        }
    }

    private static long numberIn(Call call) {
        DoneDecoder reply = new DoneDecoder();
        reply.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        return reply.number();
    }
}
