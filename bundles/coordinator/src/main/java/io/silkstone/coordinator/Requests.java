package io.silkstone.coordinator;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.coordinator.ClientLeases.ClientLease;
import io.silkstone.coordinator.Result.Move;
import io.silkstone.rpc.MapCodec;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.Service;
import io.silkstone.rpc.messages.AcceptLossDecoder;
import io.silkstone.rpc.messages.AssignTabletDecoder;
import io.silkstone.rpc.messages.CheckLeaseDecoder;
import io.silkstone.rpc.messages.CloseLeaseDecoder;
import io.silkstone.rpc.messages.ClusterMapEncoder;
import io.silkstone.rpc.messages.CreateTableDecoder;
import io.silkstone.rpc.messages.DropTableDecoder;
import io.silkstone.rpc.messages.EnlistDecoder;
import io.silkstone.rpc.messages.EnlistedEncoder;
import io.silkstone.rpc.messages.GetClusterMapDecoder;
import io.silkstone.rpc.messages.LeaseEncoder;
import io.silkstone.rpc.messages.LeaseRenewedEncoder;
import io.silkstone.rpc.messages.LeaveDecoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.MigrationEndedDecoder;
import io.silkstone.rpc.messages.OpenLeaseDecoder;
import io.silkstone.rpc.messages.RaiseLogEpochDecoder;
import io.silkstone.rpc.messages.RecallTabletDecoder;
import io.silkstone.rpc.messages.RenewClientLeaseDecoder;
import io.silkstone.rpc.messages.RenewLeaseDecoder;
import io.silkstone.rpc.messages.SplitTabletDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.TabletReleasedDecoder;
import io.silkstone.rpc.messages.TakeTabletDecoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The requests that a coordinator serves, one method for each kind: reads it, proposes what it
 * wants or looks it up, and answers. Threads: as {@link Coordinator}.
 */
final class Requests {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int WAITING_MAX = 1_024;
    private static final long RETRY_NANOS = 20_000_000;

    /** Of one server: what it tells beyond is not remembered. */
    private static final int SIZES_MAX = 64;

    /** Somebody waits for a tablet to move. */
    private record Waiting(Request request, Move move) {}

    /** A map, as a message once somebody has asked for it. */
    private record Encoded(ClusterMap map, byte[] message) {}

    private final Coordinator coordinator;
    private final CoordinatorReplica replica;
    private final CoordinatorOptions options;
    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingCount = new AtomicInteger();
    private final Counter renewals;
    private final Counter refused;
    private volatile Encoded encoded = new Encoded(ClusterMap.NONE, new byte[0]);

    Requests(
            Coordinator coordinator,
            CoordinatorReplica replica,
            CoordinatorOptions options,
            MetricRegistry metrics) {
        this.coordinator = coordinator;
        this.replica = replica;
        this.options = options;
        renewals = metrics.counter(CoordinatorMetrics.RENEWALS);
        refused = metrics.counter(CoordinatorMetrics.REFUSED);
    }

    private Map<Integer, Service> services() {
        Map<Integer, Service> services = new LinkedHashMap<>();
        services.put(EnlistDecoder.TEMPLATE_ID, this::enlist);
        services.put(RenewLeaseDecoder.TEMPLATE_ID, this::renewLease);
        services.put(LeaveDecoder.TEMPLATE_ID, this::leave);
        services.put(GetClusterMapDecoder.TEMPLATE_ID, this::getClusterMap);
        services.put(CreateTableDecoder.TEMPLATE_ID, this::createTable);
        services.put(DropTableDecoder.TEMPLATE_ID, this::dropTable);
        services.put(SplitTabletDecoder.TEMPLATE_ID, this::splitTablet);
        services.put(AssignTabletDecoder.TEMPLATE_ID, this::assignTablet);
        services.put(TabletReleasedDecoder.TEMPLATE_ID, this::tabletReleased);
        services.put(TakeTabletDecoder.TEMPLATE_ID, this::takeTablet);
        services.put(MigrationEndedDecoder.TEMPLATE_ID, this::migrationEnded);
        services.put(RecallTabletDecoder.TEMPLATE_ID, this::recallTablet);
        services.put(RaiseLogEpochDecoder.TEMPLATE_ID, this::raiseLogEpoch);
        services.put(AcceptLossDecoder.TEMPLATE_ID, this::acceptLoss);
        services.put(OpenLeaseDecoder.TEMPLATE_ID, this::openLease);
        services.put(RenewClientLeaseDecoder.TEMPLATE_ID, this::renewClientLease);
        services.put(CheckLeaseDecoder.TEMPLATE_ID, this::checkLease);
        services.put(CloseLeaseDecoder.TEMPLATE_ID, this::closeLease);
        return services;
    }

    void serve(Rpc rpc) {
        services().forEach(rpc::serve);
    }

    void serveNoMore(Rpc rpc) {
        services().keySet().forEach(rpc::serveNoMore);
    }

    private static MessageHeaderDecoder header(Request request) {
        return new MessageHeaderDecoder().wrap(request.buffer(), 0);
    }

    private static DirectBuffer message(Request request) {
        return request.buffer();
    }

    private void enlist(Request request) {
        EnlistDecoder it =
                new EnlistDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        Leadership current = coordinator.leadership();
        if (current == null) {
            coordinator.refuseNotLeading(request);
            return;
        }
        String node = it.node();
        String address = it.address();
        String redis = it.redisEndpoint();
        byte[] command =
                Commands.enlist(
                        current.millis(coordinator.now()),
                        it.boot(),
                        it.former(),
                        options.serverLeaseNanos() / 1_000,
                        node,
                        address,
                        redis,
                        it.former() == 0 ? List.of() : cutsOfFormer(current, node));
        coordinator.propose(request, command, this::answerEnlisted);
    }

    /** Of the process of {@code node} that is over, if it counts as up still. */
    private List<Cut> cutsOfFormer(Leadership current, String node) {
        for (ClusterMap.Server server : replica.view().map().servers()) {
            if (server.up() && server.node().equals(node)) {
                return coordinator.cuts(current, server.id(), true);
            }
        }
        return List.of();
    }

    private void answerEnlisted(Request request, Result result) {
        EnlistedEncoder reply = new EnlistedEncoder();
        MutableDirectBuffer buffer = request.reply(HEADER + EnlistedEncoder.BLOCK_LENGTH);
        reply.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .cluster(replica.view().map().cluster())
                .server(result.number())
                .leaseMicros(result.time());
        reply.header().status(Status.OK).retryMicros(0);
        request.send(HEADER + reply.encodedLength());
    }

    private void renewLease(Request request) {
        RenewLeaseDecoder it =
                new RenewLeaseDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        ServerId server = ServerId.of(it.server());
        Leadership current = coordinator.leadership();
        if (current != null && replica.view().isUp(server)) {
            current.hearSizes(server, sizes(it));
        }
        renew(request, server);
    }

    private static List<TabletSize> sizes(RenewLeaseDecoder it) {
        List<TabletSize> sizes = new ArrayList<>();
        for (RenewLeaseDecoder.TabletsDecoder each : it.tablets()) {
            if (sizes.size() < SIZES_MAX) {
                sizes.add(
                        new TabletSize(
                                (int) each.table(),
                                each.firstHash(),
                                each.lastHash(),
                                each.bytes()));
            }
        }
        return sizes;
    }

    private void renew(Request request, ServerId server) {
        Leadership current = coordinator.leadership();
        if (current == null) {
            coordinator.refuseNotLeading(request);
        } else if (!replica.view().isUp(server)) {
            coordinator.whenSure(request, (kept, leader) -> refuseStranger(kept, server));
        } else {
            long now = coordinator.now();
            // Who goes down between the two looks at the view gets nothing.
            boolean mayServe =
                    current.isSure(now) && current.hear(server, now) && replica.view().isUp(server);
            if (mayServe) {
                answerRenewed(request, current.millis(now));
            } else {
                request.refuse(Status.RETRY_LATER, RETRY_NANOS, "");
            }
        }
    }

    private void answerRenewed(Request request, long millis) {
        renewals.increment();
        LeaseRenewedEncoder reply = new LeaseRenewedEncoder();
        MutableDirectBuffer buffer = request.reply(HEADER + LeaseRenewedEncoder.BLOCK_LENGTH);
        reply.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .mapVersion(replica.view().map().version())
                .clusterMillis(millis)
                .sizesWanted((short) (options.recoveryParts().cutsAny() ? 1 : 0));
        reply.header().status(Status.OK).retryMicros(0);
        request.send(HEADER + reply.encodedLength());
    }

    private void refuseStranger(Request request, ServerId server) {
        if (replica.view().isUp(server)) {
            request.refuse(Status.RETRY_LATER, RETRY_NANOS, "");
            return;
        }
        refused.increment();
        request.refuse(Status.NOT_A_MEMBER, 0, "server " + server + " is none, or counts as down");
    }

    private void leave(Request request) {
        LeaveDecoder it =
                new LeaveDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        ServerId server = ServerId.of(it.server());
        Leadership current = coordinator.leadership();
        List<Cut> cuts = current == null ? List.of() : coordinator.cuts(current, server, false);
        coordinator.propose(request, Commands.down(0, server, cuts), Requests::answerDone);
    }

    private static void answerDone(Request request, Result result) {
        request.done(result.number());
    }

    /** Whoever takes the map for the last word hears it only while it is sure that this leads. */
    private void getClusterMap(Request request) {
        GetClusterMapDecoder it =
                new GetClusterMapDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        if (it.leaderOnly() == 1) {
            coordinator.whenSure(request, (kept, leader) -> answerMap(kept));
        } else if (coordinator.leadership() == null) {
            coordinator.refuseNotLeading(request);
        } else {
            answerMap(request);
        }
    }

    private void answerMap(Request request) {
        byte[] message = encoded(replica.view().map());
        request.reply(message.length).putBytes(0, message);
        request.send(message.length);
    }

    /** Two threads may encode it at once, which costs time and nothing else. */
    private byte[] encoded(ClusterMap map) {
        Encoded known = encoded;
        if (known.map != map) {
            UnsafeBuffer buffer = new UnsafeBuffer(new byte[MapCodec.bytesMax(map)]);
            ClusterMapEncoder message = new ClusterMapEncoder();
            message.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
            message.header().status(Status.OK).retryMicros(0);
            MapCodec.encode(map, message);
            byte[] bytes = new byte[HEADER + message.encodedLength()];
            buffer.getBytes(0, bytes);
            known = new Encoded(map, bytes);
            encoded = known;
        }
        return known.message;
    }

    private void createTable(Request request) {
        CreateTableDecoder it =
                new CreateTableDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        boolean isUsual = it.replicas() == CreateTableDecoder.replicasNullValue();
        int replicas = isUsual ? Cluster.DEFAULT_REPLICAS : it.replicas();
        coordinator.propose(
                request,
                Commands.createTable(it.request(), it.name(), it.tablets(), replicas),
                Requests::answerDone);
    }

    private void dropTable(Request request) {
        DropTableDecoder it =
                new DropTableDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        coordinator.propose(
                request, Commands.dropTable(it.request(), it.name()), Requests::answerDone);
    }

    private void splitTablet(Request request) {
        SplitTabletDecoder it =
                new SplitTabletDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        coordinator.propose(
                request,
                Commands.splitTablet(it.request(), it.tableName(), it.hash()),
                Requests::answerDone);
    }

    private void assignTablet(Request request) {
        AssignTabletDecoder it =
                new AssignTabletDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        byte[] command =
                Commands.assignTablet(
                        it.request(), it.tableName(), it.hash(), ServerId.of(it.server()));
        coordinator.propose(request, command, this::answerWhenMoved);
    }

    private void answerWhenMoved(Request request, Result result) {
        if (result.move() == null) {
            request.done(result.number());
        } else if (waitingCount.incrementAndGet() > WAITING_MAX) {
            waitingCount.decrementAndGet();
            request.refuse(Status.RETRY_LATER, RETRY_NANOS, "");
        } else {
            waiting.add(new Waiting(request, result.move()));
            settle();
        }
    }

    /** Answers those whose tablets have moved, or will not. */
    void settle() {
        for (Waiting each : waiting) {
            Result result = replica.outcome(each.move);
            if (result != null && endWaiting(each)) {
                if (result.isOk()) {
                    each.request.done(0);
                } else {
                    each.request.refuse(result.status(), 0, result.text());
                }
            }
        }
    }

    /** Whether the caller is the one to answer. */
    private boolean endWaiting(Waiting each) {
        boolean removed = waiting.remove(each);
        if (removed) {
            waitingCount.decrementAndGet();
        }
        return removed;
    }

    /** Sends those that wait elsewhere. */
    void abandon() {
        for (Waiting each : waiting) {
            if (endWaiting(each)) {
                coordinator.refuseNotLeading(each.request);
            }
        }
    }

    /** Forgets those who have given up. */
    void abandonOverdue(long now) {
        for (Waiting each : waiting) {
            if (now - each.request.deadline() >= 0) {
                endWaiting(each);
            }
        }
    }

    private void tabletReleased(Request request) {
        TabletReleasedDecoder it =
                new TabletReleasedDecoder()
                        .wrapAndApplyHeader(message(request), 0, header(request));
        byte[] command =
                Commands.tabletLeft(
                        ServerId.of(it.server()),
                        (int) it.table(),
                        it.firstHash(),
                        it.epoch(),
                        it.released() != 0);
        coordinator.propose(request, command, Requests::answerDone);
    }

    private void takeTablet(Request request) {
        TakeTabletDecoder it =
                new TakeTabletDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        byte[] command =
                Commands.takeTablet(
                        ServerId.of(it.server()),
                        ServerId.of(it.source()),
                        (int) it.table(),
                        it.firstHash(),
                        it.lastHash(),
                        it.epoch());
        coordinator.propose(request, command, Requests::answerDone);
    }

    private void migrationEnded(Request request) {
        MigrationEndedDecoder it =
                new MigrationEndedDecoder()
                        .wrapAndApplyHeader(message(request), 0, header(request));
        byte[] command =
                Commands.migrationEnded(
                        ServerId.of(it.server()), (int) it.table(), it.firstHash(), it.epoch());
        coordinator.propose(request, command, Requests::answerDone);
    }

    private void recallTablet(Request request) {
        RecallTabletDecoder it =
                new RecallTabletDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        byte[] command =
                Commands.recallTablet(
                        ServerId.of(it.server()), (int) it.table(), it.firstHash(), it.epoch());
        coordinator.propose(request, command, Requests::answerDone);
    }

    private void raiseLogEpoch(Request request) {
        RaiseLogEpochDecoder it =
                new RaiseLogEpochDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        coordinator.propose(
                request,
                Commands.raiseLogEpoch(ServerId.of(it.server()), it.epoch()),
                Requests::answerDone);
    }

    private void acceptLoss(Request request) {
        AcceptLossDecoder it =
                new AcceptLossDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        coordinator.propose(
                request,
                Commands.acceptLoss(it.request(), ServerId.of(it.server())),
                Requests::answerDone);
    }

    private void openLease(Request request) {
        OpenLeaseDecoder it =
                new OpenLeaseDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        Leadership current = coordinator.leadership();
        if (current == null) {
            coordinator.refuseNotLeading(request);
            return;
        }
        long millis = current.millis(coordinator.now());
        coordinator.propose(
                request, Commands.openLease(millis, it.boot(), expiry(millis)), this::answerLease);
    }

    /** Half a term more than is promised, so that not each renewal has to be logged. */
    private long expiry(long millis) {
        return millis + options.clientLeaseMillis() + options.clientLeaseMillis() / 2;
    }

    private void answerLease(Request request, Result result) {
        answerLease(request, result.number(), result.time());
    }

    private void answerLease(Request request, long lease, long expiry) {
        Leadership current = coordinator.leadership();
        if (current == null) {
            coordinator.refuseNotLeading(request);
            return;
        }
        LeaseEncoder reply = new LeaseEncoder();
        MutableDirectBuffer buffer = request.reply(HEADER + LeaseEncoder.BLOCK_LENGTH);
        reply.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .lease(lease)
                .expiry(expiry)
                .clusterMillis(current.millis(coordinator.now()));
        reply.header().status(Status.OK).retryMicros(0);
        request.send(HEADER + reply.encodedLength());
    }

    private void renewClientLease(Request request) {
        RenewClientLeaseDecoder it =
                new RenewClientLeaseDecoder()
                        .wrapAndApplyHeader(message(request), 0, header(request));
        long id = it.lease();
        Leadership current = coordinator.leadership();
        ClientLease lease = replica.lease(id);
        if (current == null) {
            coordinator.refuseNotLeading(request);
        } else if (lease == null) {
            coordinator.whenSure(request, (kept, leader) -> answerIfAlive(kept, id));
        } else {
            long millis = current.millis(coordinator.now());
            if (lease.expiry() - millis >= options.clientLeaseMillis()) {
                answerLease(request, id, lease.expiry());
            } else {
                coordinator.propose(
                        request, Commands.extendLease(id, expiry(millis)), this::answerLease);
            }
        }
    }

    private void checkLease(Request request) {
        CheckLeaseDecoder it =
                new CheckLeaseDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        long id = it.lease();
        ClientLease lease = replica.lease(id);
        if (lease == null) {
            coordinator.whenSure(request, (kept, leader) -> answerIfAlive(kept, id));
        } else {
            answerLease(request, id, lease.expiry());
        }
    }

    private void answerIfAlive(Request request, long id) {
        ClientLease lease = replica.lease(id);
        if (lease == null) {
            request.refuse(Status.LEASE_EXPIRED);
        } else {
            answerLease(request, id, lease.expiry());
        }
    }

    private void closeLease(Request request) {
        CloseLeaseDecoder it =
                new CloseLeaseDecoder().wrapAndApplyHeader(message(request), 0, header(request));
        coordinator.propose(request, Commands.endLease(it.lease()), Requests::answerDone);
    }
}
