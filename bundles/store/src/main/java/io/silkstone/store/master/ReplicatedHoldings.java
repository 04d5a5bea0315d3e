package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;

/**
 * What a server has to do with a map, in this order: keep its log where that says, serve what it
 * has recovered, bring the other tablets in line, and begin to recover.
 */
final class ReplicatedHoldings implements Membership.Holdings {
    private final ReplicatedStore store;
    private final StoreHoldings holdings;
    private final Recoveries recoveries;
    private final BackupService backups;

    ReplicatedHoldings(
            ReplicatedStore store,
            StoreHoldings holdings,
            Recoveries recoveries,
            BackupService backups) {
        this.store = store;
        this.holdings = holdings;
        this.recoveries = recoveries;
        this.backups = backups;
    }

    @Override
    public void apply(ClusterMap map, ServerId self) {
        store.follow(self, map);
        recoveries.serve(map, self);
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
}
