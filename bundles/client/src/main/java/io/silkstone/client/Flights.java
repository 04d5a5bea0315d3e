package io.silkstone.client;

import io.silkstone.rpc.Waitable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * All operations that an application may have under way, and the bound on their number: whoever
 * wants one more waits until one has ended, and polls meanwhile. Threads: any.
 */
final class Flights {
    private final ClusterStore store;
    private final ClientPolling polling;
    private final int outstandingMax;
    private final Deque<Flight> free = new ArrayDeque<>();
    private final List<Flight> all = new ArrayList<>();
    private final Queue<Room> waiting = new ConcurrentLinkedQueue<>();
    private volatile int inUse;
    private volatile boolean closed;

    Flights(ClusterStore store, ClientPolling polling, int outstandingMax) {
        this.store = store;
        this.polling = polling;
        this.outstandingMax = outstandingMax;
    }

    /** There is room for one more; which may be gone again when somebody looks. */
    private final class Room extends Waitable {
        @Override
        public boolean isDone() {
            return inUse < outstandingMax;
        }
    }

    /**
     * One that is free.
     *
     * @throws IllegalStateException when the client is closed
     */
    Flight take() {
        Flight taken = tryTake();
        while (taken == null) {
            Room room = new Room();
            waiting.add(room);
            try {
                store.rpc().await(room);
            } catch (ClientClosed e) {
                throw closed();
            } finally {
                waiting.remove(room);
            }
            taken = tryTake();
        }
        return taken;
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the client is closed");
    }

    private synchronized Flight tryTake() {
        if (closed) {
            throw closed();
        }
        if (inUse == outstandingMax) {
            return null;
        }
        inUse++;
        Flight flight = free.pollLast();
        if (flight == null) {
            flight = new Flight(this, store);
            all.add(flight);
        }
        return flight;
    }

    /** It has ended, and nobody looks at it any more. */
    void release(Flight flight) {
        synchronized (this) {
            free.addLast(flight);
            inUse--;
        }
        Room room = waiting.poll();
        if (room != null) {
            polling.wake(room);
        }
    }

    void landed(Flight flight, CompletableFuture<Answer> future, Answer answer) {
        release(flight);
        polling.later(() -> future.complete(answer));
    }

    /** Lets nobody take one any more. */
    synchronized void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    /** See {@link ClientPolling#tellLastNews}. */
    void tellLastNews() {
        polling.tellLastNews();
    }

    /** Tells all who wait for a future; nobody polls any more. */
    synchronized List<Flight> leftOver() {
        return new ArrayList<>(all);
    }
}
