package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.RecoveryStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Rpc;
import io.silkstone.store.Store;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Recovers the tablets that the coordinator's map gives to this server for that: those that depend
 * on the same logs together, for each log is read once.
 *
 * <p>Threads: one at a time, but {@link #stop} and {@link #list} are any's.
 */
final class Recoveries {
    private static final long PAUSE_NANOS = 5_000_000;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final Store store;
    private final Membership membership;
    private final List<Recovery> all = new CopyOnWriteArrayList<>();
    private volatile ClusterMap map = ClusterMap.NONE;
    private volatile boolean closed;

    /** None yet. */
    Recoveries(Rpc rpc, ThreadRuntime threads, Store store, Membership membership) {
        this.rpc = rpc;
        this.threads = threads;
        this.store = store;
        this.membership = membership;
    }

    /** Serves what was recovered and depends on no logs any more. */
    void serve(ClusterMap news) {
        all.removeIf(Recovery::hasEnded);
        all.forEach(each -> each.follow(news));
        map = news;
        for (Recovery each : all) {
            each.serve(news);
        }
    }

    /** Begins to recover what is {@code self}'s to recover. */
    void begin(ClusterMap news, ServerId self) {
        Map<List<ServerId>, List<Tablet>> byLogs = new LinkedHashMap<>();
        for (Tablet tablet : news.tablets()) {
            boolean isNew =
                    tablet.state() == TabletState.RECOVERING
                            && tablet.owner().equals(self)
                            && of(tablet) == null;
            if (isNew) {
                byLogs.computeIfAbsent(tablet.logs(), logs -> new ArrayList<>()).add(tablet);
            }
        }
        byLogs.values().forEach(tablets -> begin(self, tablets));
    }

    private Recovery of(Tablet tablet) {
        return all.stream().filter(each -> each.concerns(tablet)).findFirst().orElse(null);
    }

    private void begin(ServerId self, List<Tablet> tablets) {
        if (closed) {
            return;
        }
        Recovery recovery = new Recovery(rpc, threads, store, membership, () -> map, self, tablets);
        all.add(recovery);
        if (closed) {
            // Who stops all may have looked before.
            recovery.stop();
        }
        long thread = threads.create(ThreadRuntime.NORMAL, recovery::run);
        while (thread == ThreadRuntime.NONE && !closed) {
            threads.sleep(PAUSE_NANOS);
            thread = threads.create(ThreadRuntime.NORMAL, recovery::run);
        }
        if (thread == ThreadRuntime.NONE) {
            // It never runs, and nobody is to wait for its end.
            all.remove(recovery);
        }
    }

    /** The tablets that are recovered. Threads: any. */
    List<RecoveryStatus> list() {
        return all.stream()
                .filter(each -> !each.hasEnded())
                .flatMap(each -> each.statuses().stream())
                .toList();
    }

    /** Ends all. By a user thread, which waits for that. */
    void stop() {
        closed = true;
        all.forEach(Recovery::stop);
        while (!all.stream().allMatch(Recovery::hasEnded)) {
            threads.sleep(PAUSE_NANOS);
        }
    }
}
