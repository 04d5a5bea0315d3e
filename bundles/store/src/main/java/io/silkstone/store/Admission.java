package io.silkstone.store;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.Status;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;

final class Admission {
    private final SegletPool pool;
    private final Log log;
    private final Epochs epochs;
    private final Sweeper sweeper;
    private final Backoff backoff;
    private final Counter refusals;
    private final Counter assists;

    Admission(
            SegletPool pool,
            Log log,
            Epochs epochs,
            Sweeper sweeper,
            MetricRegistry metrics,
            Backoff backoff) {
        this.pool = pool;
        this.log = log;
        this.epochs = epochs;
        this.sweeper = sweeper;
        this.backoff = backoff;
        refusals = metrics.counter(StoreMetrics.OUT_OF_MEMORY);
        assists = metrics.counter(StoreMetrics.ASSISTS);
    }

    void beforeBatch() {}

    Status makeRoom(StoreSession session, int bytes, Claimant claimant, int attempt) {
        boolean room =
                claimant == Claimant.TABLE
                        ? pool.available(claimant) >= SegletPool.SEGLET_BYTES
                        : log.makeRoom(bytes, claimant);
        if (room) {
            return Status.OK;
        }
        return Status.OUT_OF_MEMORY;
    }
}
