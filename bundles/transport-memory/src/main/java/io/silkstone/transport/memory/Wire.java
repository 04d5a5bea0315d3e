package io.silkstone.transport.memory;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.NanoClock;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * What all transports of a network share: time, chance, places. It is the one lock of the network:
 * everything that a transport or a session does is done holding it, but for the calls of handlers
 * and hooks, which may do what they like.
 */
final class Wire {
    final NanoClock clock;
    final MemoryOptions options;
    final Counters counters;
    final MessageMemory memory = new MessageMemory();
    final SortedMap<String, Place> places = new TreeMap<>();
    Faults faults = Faults.NONE;
    boolean endsAreShown;

    private final RandomGenerator random;
    private final Queue<Runnable> hooks = new ArrayDeque<>();
    private long ordersMade;

    Wire(NanoClock clock, RandomGenerator random, MemoryOptions options, MetricRegistry metrics) {
        this.clock = clock;
        this.random = random;
        this.options = options;
        counters = new Counters(metrics);
    }

    /** A number higher than all before. */
    long nextOrder() {
        return ++ordersMade;
    }

    boolean happens(double share) {
        return share > 0 && random.nextDouble() < share;
    }

    /** From 0 to {@code most}, both possible. */
    long upTo(long most) {
        return random.nextLong(most + 1);
    }

    /** How long a message takes. */
    long delayNanos(Link link) {
        Faults here = link.faults();
        double nanos = here.delayNanos();
        if (here.tailNanos() > 0) {
            // StrictMath: a seed is to give the same run on every machine.
            nanos -= here.tailNanos() * StrictMath.log(1 - random.nextDouble());
        }
        return (long) (nanos * link.slowness());
    }

    /** How long it takes until one notices that a session broke. */
    long noticeNanos() {
        return 1 + random.nextLong(options.noticeNanosMax());
    }

    /** The same for a crash, of which one may hear only much later. */
    long crashNoticeNanos() {
        int oneIn = options.lateNoticeOneIn();
        return oneIn > 0 && random.nextInt(oneIn) == 0
                ? 1 + random.nextLong(options.lateNoticeNanosMax())
                : noticeNanos();
    }

    Place place(String name) {
        return places.computeIfAbsent(name, Place::new);
    }

    Link link(Place from, Place to) {
        return from.outgoing.computeIfAbsent(to.name, name -> new Link(this, from, to));
    }

    /** Nobody can come back to {@code place}. */
    void forget(Place place) {
        places.remove(place.name);
        for (Place other : places.values()) {
            other.outgoing.remove(place.name);
        }
    }

    /** Runs {@code hook} as soon as the lock is free. */
    void later(Runnable hook) {
        hooks.add(hook);
    }

    /**
     * Called without the lock, by whoever has held it: runs what others, too, may have left. A
     * thread of a simulation can end within a hook for good, and leaves the rest to the next one.
     */
    void runHooks() {
        while (true) {
            Runnable hook;
            synchronized (this) {
                hook = hooks.poll();
            }
            if (hook == null) {
                return;
            }
            hook.run();
        }
    }
}
