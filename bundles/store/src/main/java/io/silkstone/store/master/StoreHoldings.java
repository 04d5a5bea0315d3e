package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.store.Store;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings the tables and tablets of a store in line with what the coordinator says.
 *
 * <p>A tablet of the same range and a later epoch stays as it is, and has that epoch from then on:
 * it was cut, or was to leave and did not. It cannot have been somebody else's in between, for then
 * this server has let go of it before, or has dropped everything. What cannot be done at once,
 * because agents still remove what a range held before, is tried again until it can; operations on
 * it are put off meanwhile.
 */
public final class StoreHoldings implements Membership.Holdings {
    private static final long PAUSE_NANOS = 2_000_000;

    /** So often what is refused is tried again, before it is left to the next map. */
    private static final int ATTEMPTS_MAX = 2_000;

    private static final Logger LOG = System.getLogger(StoreHoldings.class.getName());

    private final Store store;
    private final ThreadRuntime threads;

    private interface Change {
        void make() throws StoreRefused;
    }

    /** Of {@code store}, which was opened without tablets. */
    public StoreHoldings(Store store, ThreadRuntime threads) {
        this.store = store;
        this.threads = threads;
    }

    @Override
    public void apply(ClusterMap map, ServerId self) {
        for (KvStore.Table table : store.tables()) {
            ClusterMap.Table known = map.table(table.name());
            if (known == null || known.id() != table.id()) {
                forget(table);
            }
        }
        for (ClusterMap.Table table : map.tables()) {
            insist(() -> store.adoptTable(table.id(), table.name()));
            List<ClusterMap.Tablet> mine = new ArrayList<>();
            for (ClusterMap.Tablet tablet : map.tablets()) {
                boolean isMine = tablet.owner().equals(self) && tablet.state() != TabletState.LOST;
                if (tablet.table() == table.id() && isMine) {
                    mine.add(tablet);
                }
            }
            apply(table, mine);
        }
    }

    private void apply(ClusterMap.Table table, List<ClusterMap.Tablet> mine) {
        for (ClusterMap.Tablet tablet : mine) {
            cut(table, tablet.firstHash());
            if (tablet.lastHash() != -1) {
                cut(table, tablet.lastHash() + 1);
            }
        }
        for (KvStore.Tablet held : held(table.name())) {
            if (mine.stream().noneMatch(each -> isSame(each, held))) {
                insist(() -> store.dropTablet(table.id(), held.firstHash(), held.lastHash()));
            }
        }
        List<KvStore.Tablet> held = held(table.name());
        for (ClusterMap.Tablet tablet : mine) {
            boolean upToDate =
                    held.stream()
                            .anyMatch(
                                    each -> isSame(tablet, each) && each.epoch() == tablet.epoch());
            if (!upToDate) {
                insist(
                        () ->
                                store.takeTablet(
                                        table.id(),
                                        tablet.firstHash(),
                                        tablet.lastHash(),
                                        tablet.epoch()));
            }
        }
    }

    /** Has a tablet begin at {@code hash}, if a tablet that is held spans it. */
    private void cut(ClusterMap.Table table, long hash) {
        for (KvStore.Tablet held : held(table.name())) {
            boolean spans =
                    Long.compareUnsigned(held.firstHash(), hash) < 0
                            && Long.compareUnsigned(hash, held.lastHash()) <= 0;
            if (spans) {
                insist(() -> store.splitTablet(table.name(), hash));
            }
        }
    }

    private List<KvStore.Tablet> held(String table) {
        return store.tablets().stream().filter(each -> each.table().equals(table)).toList();
    }

    private static boolean isSame(ClusterMap.Tablet one, KvStore.Tablet held) {
        return one.firstHash() == held.firstHash() && one.lastHash() == held.lastHash();
    }

    private void forget(KvStore.Table table) {
        if (table.name().equals(KvStore.DEFAULT_TABLE)) {
            insist(() -> store.dropTablet(table.id(), 0, -1));
        } else {
            insist(() -> store.dropTable(table.name()));
        }
    }

    @Override
    public boolean release(ClusterMap.Tablet tablet) {
        try {
            return store.dropTabletIfEmpty(tablet.table(), tablet.firstHash(), tablet.lastHash());
        } catch (StoreRefused e) {
            LOG.log(Level.WARNING, "a tablet is not given up: {0}", e.getMessage());
            return false;
        }
    }

    @Override
    public void drop() {
        store.tables().forEach(this::forget);
    }

    private void insist(Change change) {
        String refusal = "";
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            try {
                change.make();
                return;
            } catch (StoreRefused e) {
                refusal = e.getMessage();
                threads.sleep(PAUSE_NANOS);
            }
        }
        LOG.log(Level.WARNING, "what the coordinator wants cannot be done yet: {0}", refusal);
    }
}
