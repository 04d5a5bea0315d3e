package io.silkstone.transport.memory;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where a transport is, and where the next one will be that takes its address. Guarded by the wire.
 */
final class Place {
    final String name;
    final SortedMap<String, Link> outgoing = new TreeMap<>();

    /** Who is there now, or null. */
    MemoryTransport present;

    /** Whether nobody has come since somebody crashed there. */
    boolean crashed;

    boolean isolated;
    double slowness = 1;

    Place(String name) {
        this.name = name;
    }
}
