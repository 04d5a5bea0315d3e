package io.silkstone.store.master;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.cluster.RecoveryStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.OperatorRequests;
import io.silkstone.rpc.Rpc;
import io.silkstone.store.Store;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * A store as a server of the cluster, from its enlistment to its farewell: the membership, the
 * service of its tablets, and what the node's other parts see of the cluster.
 */
public final class ClusterMember implements Cluster, AutoCloseable {
    private static final long OPERATOR_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long DUTY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Rpc rpc;
    private final Store store;
    private final Membership membership;
    private final ReplicatedHoldings holdings;
    private final MasterService service;
    private final LoadService load;
    private final Migrations migrations;
    private final OperatorRequests operator;
    private final RandomGenerator random;
    private volatile boolean closed;

    /**
     * Begins to enlist {@code store}, which was opened without tablets, and to serve what it is
     * given.
     *
     * @param predecessor what is known of the node's process before this one
     * @param backups what this server keeps for others; the caller's to close, after this
     * @param strategies where it is decided how tablets come here
     * @throws IllegalStateException when there are no threads for that
     */
    public ClusterMember(
            MasterOptions options,
            Rpc rpc,
            ThreadRuntime threads,
            ReplicatedStore store,
            Predecessor predecessor,
            BackupService backups,
            MigrationSlot strategies,
            RandomGenerator random) {
        this.rpc = rpc;
        this.random = random;
        this.store = store.store();
        holdings = new ReplicatedHoldings(store, rpc, threads, backups);
        membership = new Membership(options, rpc, threads, holdings, predecessor, random);
        service = new MasterService(rpc, store.store(), membership);
        load = new LoadService(rpc, store.store(), membership);
        operator = new OperatorRequests(rpc, membership.leader(), OPERATOR_NANOS, this::newRequest);
        migrations = new Migrations(rpc, threads, store.store(), membership, strategies);
        holdings.start(membership);
        service.register();
        load.register();
        migrations.register();
        backups.register();
        service.registerDirections();
        rpc.after(DUTY_NANOS, this::doWork);
        membership.start();
    }

    private synchronized long newRequest() {
        return 1 + random.nextLong(Long.MAX_VALUE - 1);
    }

    /** By the thread that polls. */
    private void doWork() {
        if (!closed) {
            service.doWork();
            rpc.after(DUTY_NANOS, this::doWork);
        }
    }

    @Override
    public ClusterMap map() {
        return membership.map();
    }

    @Override
    public ServerId self() {
        return membership.self();
    }

    @Override
    public boolean isMember() {
        return membership.mayServe();
    }

    @Override
    public boolean hasTaken(int table, long hash) {
        return migrations.isTaking(table, hash) || store.owns(table, hash);
    }

    @Override
    public String coordinator() {
        return membership.coordinator();
    }

    @Override
    public String status() {
        return membership.status();
    }

    @Override
    public void createTable(String name, int tablets, int replicas) throws ClusterRefused {
        operator.createTable(name, tablets, replicas);
    }

    @Override
    public void dropTable(String name) throws ClusterRefused {
        operator.dropTable(name);
    }

    @Override
    public void splitTablet(String table, long hash) throws ClusterRefused {
        operator.splitTablet(table, hash);
    }

    @Override
    public void assignTablet(String table, long hash, ServerId server) throws ClusterRefused {
        operator.assignTablet(table, hash, server);
    }

    @Override
    public long migrateTablet(String table, long hash, ServerId server, long bytesPerSecondMax)
            throws ClusterRefused {
        return operator.migrateTablet(table, hash, server, bytesPerSecondMax);
    }

    @Override
    public int acceptLoss(ServerId server) throws ClusterRefused {
        return operator.acceptLoss(server);
    }

    @Override
    public List<MigrationStatus> migrations() {
        return migrations.list();
    }

    @Override
    public List<RecoveryStatus> recoveries() {
        return holdings.recoveries();
    }

    @Override
    public int pauseMigrations(boolean pause) {
        return migrations.pause(pause);
    }

    @Override
    public int cancelMigrations() {
        return migrations.cancel();
    }

    /**
     * Leaves the cluster, and then serves nobody any more. By a thread that may wait, and that is
     * not the one that polls.
     */
    @Override
    public void close() {
        closed = true;
        migrations.stop();
        holdings.stopRecoveries();
        membership.close();
        load.close();
        service.close();
        migrations.close();
        holdings.stop();
    }
}
