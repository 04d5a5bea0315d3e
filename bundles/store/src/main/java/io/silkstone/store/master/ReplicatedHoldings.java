package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.RecoveryStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Rpc;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a server has to do with a map, in this order: keep its log where that says, serve what it
 * has recovered, bring the other tablets in line, and begin to recover.
 *
 * <p>Threads: as {@link Membership.Holdings}; the others one at a time.
 */
public final class ReplicatedHoldings implements Membership.Holdings {
    private final ReplicatedStore store;
    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final StoreHoldings holdings;
    private final BackupService backups;
    private volatile Recoveries recoveries;

    /** The tables that have replicas, by the newest map. */
    private volatile Set<Integer> replicated = Set.of();

    /** Of {@code store}, on a server that keeps replicas for others in {@code backups}. */
    public ReplicatedHoldings(
            ReplicatedStore store, Rpc rpc, ThreadRuntime threads, BackupService backups) {
        this.store = store;
        this.rpc = rpc;
        this.threads = threads;
        this.backups = backups;
        holdings = new StoreHoldings(store.store(), threads);
    }

    /**
     * Begins to keep the store's log, before {@code membership}, whose holdings these are, does.
     */
    public void start(Membership membership) {
        recoveries = new Recoveries(rpc, threads, store.store(), membership);
        store.start(rpc, membership.leader(), threads);
    }

    @Override
    public void apply(ClusterMap map, ServerId self) {
        ClusterMap.Server known = map.server(self);
        if (known == null || !known.up()) {
            // Others read its log by now: nothing may be in it of what they have taken from it.
            return;
        }
        replicated =
                map.tables().stream()
                        .filter(table -> table.replicas() > 0)
                        .map(ClusterMap.Table::id)
                        .collect(Collectors.toUnmodifiableSet());
        store.follow(self, map);
        recoveries.serve(map);
        holdings.apply(map, self);
        recoveries.begin(map, self);
        backups.forget(map);
    }

    @Override
    public boolean release(Tablet tablet) {
        return holdings.release(tablet);
    }

    @Override
    public void drop() {
        store.follow(ServerId.NONE, ClusterMap.NONE);
        holdings.drop();
    }

    @Override
    public List<TabletLoad> sizes() {
        Set<Integer> wanted = replicated;
        if (wanted.isEmpty()) {
            return List.of();
        }
        return store.store().loads(wanted::contains);
    }

    /** What is recovered here. Threads: any. */
    List<RecoveryStatus> recoveries() {
        return recoveries.list();
    }

    /** Recovers nothing any more. By a user thread, which waits for that. */
    public void stopRecoveries() {
        recoveries.stop();
    }

    /** Keeps the log no more. By a user thread, which waits for that. */
    public void stop() {
        store.stop();
    }
}
