package io.silkstone.store.master;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.Rpc;
import io.silkstone.store.Store;
import io.silkstone.store.StoreOptions;
import io.silkstone.store.durable.Flush;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.memory.Backoff;
import java.io.IOException;
import java.util.random.RandomGenerator;

/**
 * The store of a server of a cluster, with what keeps its log on other servers. Nothing is kept
 * before {@link #start}, nor while no table has replicas.
 *
 * <p>Threads: any.
 */
public final class ReplicatedStore implements AutoCloseable {
    private static final long PAUSE_NANOS = 500_000;

    /** What a message takes beside a whole segment and a note. */
    private static final int REQUEST_BYTES = 64 << 10;

    private final Store store;
    private final LogReplicas replicas;
    private final LogKeeper keeper;
    private volatile ThreadRuntime threads;
    private volatile long thread = ThreadRuntime.NONE;

    private ReplicatedStore(Store store, LogReplicas replicas, LogKeeper keeper) {
        this.store = store;
        this.replicas = replicas;
        this.keeper = keeper;
    }

    /**
     * Opens a store without tablets.
     *
     * @param options with or without tombstones, which it needs anyway
     * @throws IllegalStateException when the machine refuses the memory
     */
    public static ReplicatedStore open(
            StoreOptions options,
            NanoClock nanoClock,
            EpochClock clock,
            RandomGenerator random,
            MetricRegistry metrics,
            Backoff backoff) {
        LogReplicas replicas = new LogReplicas(random);
        LogKeeper keeper =
                new LogKeeper(replicas, Flush.ALWAYS, 0, KeptLog.NONE, nanoClock, metrics);
        try {
            Store store =
                    Store.open(
                            options.withTablets(0).withTombstones(true),
                            nanoClock,
                            clock,
                            random,
                            metrics,
                            backoff,
                            KeptLog.NONE,
                            keeper);
            return new ReplicatedStore(store, replicas, keeper);
        } catch (IOException e) {
            throw new IllegalStateException("the store cannot start: " + e.getMessage(), e);
        }
    }

    /** The store. */
    public Store store() {
        return store;
    }

    /**
     * Begins to keep the log, as far as {@link #follow} says.
     *
     * @throws IllegalStateException when there is no thread for that
     */
    void start(Rpc rpc, Leader leader, ThreadRuntime threads) {
        if (store.segmentBytes() + REQUEST_BYTES > rpc.messageBytesMax()) {
            throw new IllegalStateException(
                    "log.segment.bytes is %d, and a message holds %d bytes"
                            .formatted(store.segmentBytes(), rpc.messageBytesMax()));
        }
        this.threads = threads;
        replicas.connect(rpc, leader, threads::sleep);
        thread = threads.create(ThreadRuntime.NORMAL, () -> keeper.run(threads));
        if (thread == ThreadRuntime.NONE) {
            throw new IllegalStateException("there is no thread for the replicas of the log");
        }
    }

    /**
     * What is known of the cluster from now on. When this returns, nothing goes any more into the
     * log of who this was before; and if there are to be more replicas than before, nothing is told
     * any more that is not in all of them.
     *
     * @param self whose log it is; NONE for nobody's
     */
    void follow(ServerId self, ClusterMap map) {
        int wanted = map.tables().stream().mapToInt(ClusterMap.Table::replicas).max().orElse(0);
        boolean matters = replicas.follow(self, map, wanted);
        while (matters && !replicas.isFollowed() && thread != ThreadRuntime.NONE) {
            threads.signal(thread);
            threads.sleep(PAUSE_NANOS);
        }
    }

    /** Keeps nothing any more. By a user thread, which waits for that. */
    void stop() {
        keeper.stop();
        threads.join(thread);
        thread = ThreadRuntime.NONE;
    }

    /** Ends the store, as it is: what is not in replicas is lost. */
    @Override
    public void close() {
        replicas.close();
        store.close();
    }
}
