package io.silkstone.simulation.cluster;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Watches a coordinator's log through all restarts: only what was proposed is decided, and what was
 * decided once stays so, at its place. Clients would see most breaches of this too, but late, and
 * not all: this is where they can be told from each other.
 */
final class Decisions {
    private final Set<ByteBuffer> proposed = new HashSet<>();
    private final TreeMap<Long, ByteBuffer> decided = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();

    /** The last command that the process that runs now has applied. */
    private long applied;

    private boolean skipsSome;

    void proposed(byte[] command) {
        proposed.add(ByteBuffer.wrap(command.clone()));
    }

    /** A process begins to read the log, from nothing. */
    void beginReplay() {
        applied = 0;
        skipsSome = false;
    }

    /** It has read a snapshot, of which only that is known that it saves some commands. */
    void restored() {
        skipsSome = true;
    }

    /** Whether {@code command} is the first at its place. */
    boolean applied(long index, MemorySegment command) {
        ByteBuffer bytes = ByteBuffer.wrap(command.toArray(JAVA_BYTE));
        applied = index;
        if (!proposed.contains(bytes)) {
            violations.add("The coordinator's command " + index + " is one nobody proposed.");
        }
        ByteBuffer before = decided.putIfAbsent(index, bytes);
        if (before != null && !before.equals(bytes)) {
            violations.add("The coordinator's command " + index + " was another one before.");
        }
        return before == null;
    }

    /** It has read all of it. */
    void endReplay() {
        if (!skipsSome && !decided.isEmpty() && applied < decided.lastKey()) {
            violations.add(
                    "The coordinator has decided %d commands and knows only %d of them."
                            .formatted(decided.lastKey(), applied));
        }
    }

    List<String> violations() {
        return violations;
    }
}
