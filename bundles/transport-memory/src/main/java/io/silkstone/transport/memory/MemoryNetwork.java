package io.silkstone.transport.memory;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * A network inside one JVM, and everything that can go wrong with it: messages that are slow, lost,
 * doubled or out of order, sessions that break, places that do not hear each other, processes that
 * crash. {@link #transport} connects a process to it.
 *
 * <p><b>Time and chance</b> are the clock and the random numbers that are handed in, and nothing
 * else: in a simulation the same seed and the same calls give the same deliveries. A message is
 * delivered when the receiver polls at the time that was drawn for it when it was sent, or later;
 * nothing happens by itself. {@link MemoryTransport#nanosToNext} and {@link
 * MemoryTransport#onSooner} let a receiver wait for that time instead of asking all the time.
 *
 * <p><b>What can go wrong</b> can be changed while messages are under way: {@link #set} for all
 * links, {@link Link} for one direction between two places, {@link #partition}, {@link #isolate}
 * and {@link #slow}. To begin with, nothing does. Settings belong to places, that is to addresses,
 * so that the next process there has them too.
 *
 * <p><b>Messages</b> are copied into native memory, and overwritten with a pattern as soon as the
 * handler has returned.
 *
 * <p>Threads: any; one lock guards all of it. Hooks and handlers run without that lock.
 */
public final class MemoryNetwork implements AutoCloseable {
    private static final String SCHEME = "memory:";
    private static final int ADDRESS_LENGTH_MAX = 255;

    private final Wire wire;
    private long callers;

    /**
     * A network without anybody.
     *
     * @param clock time, which a simulation moves
     * @param random the seed's numbers
     * @param metrics where {@link MemoryMetrics} are counted
     */
    public MemoryNetwork(
            NanoClock clock,
            RandomGenerator random,
            MemoryOptions options,
            MetricRegistry metrics) {
        wire = new Wire(clock, random, options, metrics);
    }

    /**
     * A transport that is reached at {@code address}, such as {@code memory:1}, or one that only
     * calls others if it is empty.
     *
     * @throws IllegalArgumentException when that is no such address, or somebody is there
     */
    public MemoryTransport transport(String address) {
        synchronized (wire) {
            if (address.isEmpty()) {
                return enter(wire.place("caller-" + ++callers), address);
            }
            requireAddress(address);
            return enter(wire.place(address), address);
        }
    }

    private MemoryTransport enter(Place place, String address) {
        Checks.require(place.present == null, "there is a transport at %s already", address);
        place.present = new MemoryTransport(wire, place, address);
        place.crashed = false;
        return place.present;
    }

    static void requireAddress(String address) {
        boolean isAddress =
                address.startsWith(SCHEME)
                        && address.length() > SCHEME.length()
                        && address.length() <= ADDRESS_LENGTH_MAX
                        && address.chars().noneMatch(Character::isWhitespace);
        Checks.require(
                isAddress,
                "an address in memory is %sNAME, without spaces and of at most %d characters, "
                        + "not \"%s\"",
                SCHEME,
                ADDRESS_LENGTH_MAX,
                address);
    }

    /**
     * From now on everybody can know of a transport that has crashed that it has, as on one
     * machine, until another one takes its address.
     */
    public void showEnds() {
        synchronized (wire) {
            wire.endsAreShown = true;
        }
    }

    /** What messages suffer from now on, where no link says otherwise. */
    public void set(Faults faults) {
        synchronized (wire) {
            wire.faults = faults;
        }
    }

    /**
     * The way from one place to another; see {@link MemoryTransport#name}.
     *
     * @throws IllegalArgumentException when one of them is neither an address nor an open transport
     */
    public Link link(String from, String to) {
        synchronized (wire) {
            return wire.link(place(from), place(to));
        }
    }

    private Place place(String name) {
        if (!wire.places.containsKey(name)) {
            requireAddress(name);
        }
        return wire.place(name);
    }

    /** Cuts all links between places of {@code some} and places of {@code others}, both ways. */
    public void partition(List<String> some, List<String> others) {
        for (String one : some) {
            for (String other : others) {
                link(one, other).cut();
                link(other, one).cut();
            }
        }
    }

    /** Cuts {@code name} off from all other places, those to come included. */
    public void isolate(String name) {
        synchronized (wire) {
            Place place = place(name);
            if (!place.isolated) {
                place.isolated = true;
                wire.counters.cut.increment();
            }
        }
    }

    /** Undoes {@link #isolate}. */
    public void rejoin(String name) {
        synchronized (wire) {
            place(name).isolated = false;
        }
    }

    /** Mends all links and rejoins all places. */
    public void heal() {
        synchronized (wire) {
            for (Place place : wire.places.values()) {
                place.isolated = false;
                place.outgoing.values().forEach(Link::mend);
            }
        }
    }

    /**
     * From now on what is sent to {@code name} takes {@code times} as long as the faults say; 1 is
     * ordinary.
     */
    public void slow(String name, double times) {
        Checks.require(times > 0 && times <= 1e6, "times must be from 0 to 1e6, was %s", times);
        synchronized (wire) {
            place(name).slowness = times;
        }
    }

    /** Closes all transports and frees their memory; the last call. Not while others poll. */
    @Override
    public void close() {
        transports().forEach(MemoryTransport::close);
        synchronized (wire) {
            wire.memory.free();
        }
    }

    private List<MemoryTransport> transports() {
        synchronized (wire) {
            return wire.places.values().stream()
                    .map(place -> place.present)
                    .filter(Objects::nonNull)
                    .toList();
        }
    }

    /** Messages in memory: under way, or in the hands of a handler. */
    int messagesInMemory() {
        synchronized (wire) {
            return wire.memory.inUse();
        }
    }
}
