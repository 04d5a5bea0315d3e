package io.silkstone.store.master;

import io.silkstone.api.threads.ThreadRuntime;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.agrona.concurrent.ManyToManyConcurrentArrayQueue;

/**
 * How many pulls of a migration's bulk are under way: so many as keep the source busy, and no more,
 * for the rest would only queue up there in front of clients' requests.
 *
 * <p>Threads: any.
 */
final class PullWindow {
    /** Whoever waits looks so often, in case it was overlooked. */
    private static final long LOOK_NANOS = 1_000_000;

    /** More threads than ever pull at the same time. */
    private static final int PLACES_MAX = 128;

    private final ThreadRuntime threads;
    private final IntSupplier size;
    private final AtomicInteger underWay = new AtomicInteger();
    private final ManyToManyConcurrentArrayQueue<Place> waiting =
            new ManyToManyConcurrentArrayQueue<>(PLACES_MAX);

    /**
     * Without a pull.
     *
     * @param size how many may be under way; read each time
     */
    PullWindow(ThreadRuntime threads, IntSupplier size) {
        this.threads = threads;
        this.size = size;
    }

    /** One thread's. */
    Place place() {
        return new Place();
    }

    /** Where one thread waits. Threads: that one. */
    final class Place {
        private volatile long thread = ThreadRuntime.NONE;

        private Place() {}

        /** Counts a pull; false when as many are under way as may be. */
        boolean tryEnter() {
            int before = underWay.get();
            while (before < size.getAsInt()) {
                if (underWay.compareAndSet(before, before + 1)) {
                    return true;
                }
                before = underWay.get();
            }
            return false;
        }

        /** Counts a pull, once there is room for it. */
        void enter() {
            while (!tryEnter()) {
                thread = threads.self();
                // Who is in there twice is woken once too often, which the next look mends.
                waiting.offer(this);
                if (tryEnter()) {
                    return;
                }
                threads.sleep(LOOK_NANOS);
            }
        }

        /** A pull that was counted has been answered, or never will be. */
        void leave() {
            underWay.decrementAndGet();
            Place next = waiting.poll();
            if (next != null) {
                threads.signal(next.thread);
            }
        }
    }
}
