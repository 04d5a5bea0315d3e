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
 * this server has let go of it before, or has dropped everything. A tablet that is here in a later
 * epoch than the map knows came here since the map was made, by {@link Migrations}. What cannot be
 * done at once, because agents still remove what a range held before, is tried again until it can;
 * operations on it are put off meanwhile.
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
                if (tablet.table() == table.id() && isHeld(tablet, self)) {
                    mine.add(tablet);
                }
            }
            apply(map, self, table, mine);
        }
    }

    private void apply(
            ClusterMap map, ServerId self, ClusterMap.Table table, List<ClusterMap.Tablet> mine) {
        thaw(map, self, table);
        for (ClusterMap.Tablet tablet : mine) {
            cut(table, tablet.firstHash());
            if (tablet.lastHash() != -1) {
                cut(table, tablet.lastHash() + 1);
            }
        }
        for (KvStore.Tablet held : held(table.name())) {
            boolean isMine = mine.stream().anyMatch(each -> isSame(each, held));
            if (!isMine && !isNews(map, table, held)) {
                insist(() -> store.dropTablet(table.id(), held.firstHash(), held.lastHash()));
            }
        }
        for (KvStore.Tablet frozen : frozen(table.name())) {
            if (!isNews(map, table, frozen) && !isWaitedFor(map, self, table, frozen)) {
                insist(() -> store.dropTablet(table.id(), frozen.firstHash(), frozen.lastHash()));
            }
        }
        take(table, mine);
    }

    /**
     * Whether the store is to have it: also while it is recovered, if what the store has of it is a
     * part of what there is.
     */
    private static boolean isHeld(ClusterMap.Tablet tablet, ServerId self) {
        return tablet.owner().equals(self)
                && switch (tablet.state()) {
                    case LOST -> false;
                    case RECOVERING -> tablet.peer().equals(self);
                    default -> true;
                };
    }

    /** Whether this server has a tablet, or had, in an epoch that the map has not heard of. */
    private static boolean isNews(ClusterMap map, ClusterMap.Table table, KvStore.Tablet here) {
        ClusterMap.Tablet known = map.tablet(table.id(), here.firstHash());
        return known != null && known.epoch() < here.epoch();
    }

    /**
     * Serves again what was frozen and has not been taken, and cannot be any more, since it has a
     * new epoch under this server. It may have been cut meanwhile, which comes next.
     */
    private void thaw(ClusterMap map, ServerId self, ClusterMap.Table table) {
        for (KvStore.Tablet frozen : frozen(table.name())) {
            ClusterMap.Tablet known = map.tablet(table.id(), frozen.firstHash());
            boolean isOurs =
                    known != null
                            && isHeld(known, self)
                            && known.state() != TabletState.RECOVERING
                            && known.epoch() > frozen.epoch();
            boolean isOld =
                    frozen.state().equals(Store.TAKEN)
                            || known != null && known.since() > frozen.epoch();
            if (isOurs && isOld) {
                // Somebody else had it in between, or it began empty since.
                insist(() -> store.dropTablet(table.id(), frozen.firstHash(), frozen.lastHash()));
            } else if (isOurs) {
                insist(
                        () ->
                                store.takeTablet(
                                        table.id(),
                                        frozen.firstHash(),
                                        frozen.lastHash(),
                                        frozen.epoch()));
            }
        }
    }

    /** Whether somebody may still need what is frozen: who takes it, or this server again. */
    private static boolean isWaitedFor(
            ClusterMap map, ServerId self, ClusterMap.Table table, KvStore.Tablet frozen) {
        ClusterMap.Tablet known = map.tablet(table.id(), frozen.firstHash());
        boolean isSource =
                known != null
                        && known.state() == TabletState.MIGRATING
                        && known.peer().equals(self);
        return isSource || known != null && isHeld(known, self);
    }

    private void take(ClusterMap.Table table, List<ClusterMap.Tablet> mine) {
        List<KvStore.Tablet> held = held(table.name());
        List<KvStore.Tablet> frozen = frozen(table.name());
        for (ClusterMap.Tablet tablet : mine) {
            KvStore.Tablet here = sameOf(tablet, held);
            boolean isFrozen = sameOf(tablet, frozen) != null;
            // What comes is taken by who fetches it, and what is recovered by who reads it.
            boolean isOver =
                    tablet.state() != TabletState.MIGRATING
                            && tablet.state() != TabletState.RECOVERING;
            if (here != null && here.epoch() == tablet.epoch()) {
                if (isOver) {
                    store.dependsOnNobody(table.id(), tablet.firstHash(), tablet.lastHash());
                }
                if (isOver && here.state().equals(Store.FILLING)) {
                    // The server that had the rest is down.
                    insist(
                            () ->
                                    store.endFilling(
                                            table.id(), tablet.firstHash(), tablet.lastHash()));
                }
                continue;
            }
            // What is frozen still is to go.
            if (!isFrozen && isOver) {
                insist(
                        () ->
                                store.takeTablet(
                                        table.id(),
                                        tablet.firstHash(),
                                        tablet.lastHash(),
                                        tablet.epoch()));
                insist(() -> store.endFilling(table.id(), tablet.firstHash(), tablet.lastHash()));
            }
        }
    }

    private static KvStore.Tablet sameOf(ClusterMap.Tablet wanted, List<KvStore.Tablet> tablets) {
        return tablets.stream().filter(each -> isSame(wanted, each)).findFirst().orElse(null);
    }

    private List<KvStore.Tablet> frozen(String table) {
        return store.frozenTablets().stream().filter(each -> each.table().equals(table)).toList();
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
