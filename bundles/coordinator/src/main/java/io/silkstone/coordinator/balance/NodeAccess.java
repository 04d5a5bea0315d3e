package io.silkstone.coordinator.balance;

import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.Coordinator;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.LoadCodec;
import io.silkstone.rpc.OperatorRequests;
import io.silkstone.rpc.Rpc;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** A cluster by way of a coordinator in this process, and of messages. */
final class NodeAccess implements LoadBalancer.ClusterAccess {
    private static final long LOAD_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long OPERATOR_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Supplier<Coordinator> coordinator;
    private final Rpc rpc;
    private final OperatorRequests operator;
    private final RandomGenerator random;

    /**
     * @param coordinator gives null while there is none
     * @param rpc null in a node that is alone
     * @param random for numbers of requests
     */
    NodeAccess(Supplier<Coordinator> coordinator, Rpc rpc, RandomGenerator random) {
        this.coordinator = coordinator;
        this.rpc = rpc;
        this.random = random;
        operator =
                rpc == null || rpc.address().isEmpty()
                        ? null
                        : new OperatorRequests(
                                rpc,
                                new Leader(rpc, List.of(rpc.address())),
                                OPERATOR_NANOS,
                                this::newRequest);
    }

    private synchronized long newRequest() {
        return 1 + random.nextLong(Long.MAX_VALUE - 1);
    }

    @Override
    public boolean isLeading() {
        Coordinator present = coordinator.get();
        return operator != null && present != null && present.isLeading();
    }

    @Override
    public String leader() {
        Coordinator present = coordinator.get();
        return present == null ? "" : present.leader();
    }

    @Override
    public ClusterMap map() {
        Coordinator present = coordinator.get();
        return present == null ? ClusterMap.NONE : present.map();
    }

    @Override
    public List<ServerLoad> loads(ClusterMap map) {
        return LoadCodec.ask(rpc, map, LOAD_NANOS);
    }

    @Override
    public long move(String table, long hash, ServerId target) throws ClusterRefused {
        return operator.migrateTablet(table, hash, target, 0);
    }

    @Override
    public void cut(String table, long hash) throws ClusterRefused {
        operator.splitTablet(table, hash);
    }
}
