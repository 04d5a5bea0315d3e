package io.silkstone.client;

import io.silkstone.api.store.KvStore.Table;
import io.silkstone.base.Checks;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.Waitable;
import java.util.concurrent.CompletableFuture;

/**
 * A {@link ClusterStore} as applications want it: tables of bytes, calls that wait and futures, a
 * bound on what is under way. Threads: any.
 */
public final class KvClient implements AutoCloseable {
    private final ClusterStore store;
    private final Rpc rpc;
    private final ClientPolling polling;
    private final Flights flights;

    /**
     * Takes over {@code store}, whose Rpc waits as {@code polling} says, which is started.
     *
     * @param outstandingMax operations under way at a time; the Rpc must have as many calls, and
     *     some more
     */
    public KvClient(ClusterStore store, ClientPolling polling, int outstandingMax) {
        Checks.inRange("outstanding.max", outstandingMax, 1, 16_384);
        this.store = store;
        this.polling = polling;
        rpc = store.rpc();
        flights = new Flights(store, polling, outstandingMax);
    }

    /** The cluster below: tables and their tablets, and sessions that allocate nothing. */
    public ClusterStore store() {
        return store;
    }

    /** The table called {@code name}; null when there is none. */
    public TableClient table(String name) {
        Table table = store.table(name);
        return table == null ? null : new TableClient(this, flights, table);
    }

    /**
     * Waits for {@code future}, which is one of this client's or hangs on such. Faster than {@link
     * CompletableFuture#join}, since the calling thread takes the replies out of the transport
     * itself.
     *
     * @throws java.util.concurrent.CompletionException as {@code join} does
     */
    public <T> T await(CompletableFuture<T> future) {
        if (!future.isDone()) {
            Landing landing = new Landing();
            future.whenComplete((result, failure) -> landing.land());
            try {
                rpc.await(landing);
            } catch (ClientClosed e) {
                // Those who close it complete its futures.
                return future.join();
            }
        }
        return future.join();
    }

    private final class Landing extends Waitable {
        private volatile boolean done;

        private void land() {
            done = true;
            polling.wake(this);
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }

    ClientPolling polling() {
        return polling;
    }

    /**
     * Gives the lease back and ends what is under way: changes with UNKNOWN, reads with
     * UNAVAILABLE. Rpc and transport stay the caller's to close.
     */
    @Override
    public void close() {
        flights.close();
        store.close();
        polling.close();
        polling.tellLastNews();
        flights.leftOver().forEach(Flight::abandon);
    }
}
