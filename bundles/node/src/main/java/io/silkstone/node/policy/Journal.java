package io.silkstone.node.policy;

import io.silkstone.api.policy.PolicyDirectory.Event;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.base.EpochClock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The directory's memory of what happened, oldest first. Written on the control thread; an event
 * names policies by {@link PolicyId} alone, so that no history pins a class loader.
 */
final class Journal {
    static final int EVENTS_MAX = 1_000;

    private final ArrayDeque<Event> events = new ArrayDeque<>();
    private final EpochClock clock;

    Journal(EpochClock clock) {
        this.clock = clock;
    }

    void add(String kind, PolicyId from, PolicyId to, Cause cause, String detail) {
        if (events.size() == EVENTS_MAX) {
            events.removeFirst();
        }
        Instant now = Instant.ofEpochMilli(clock.millis());
        events.addLast(new Event(now, kind, from, to, cause.text(), detail));
    }

    List<Event> events() {
        return List.copyOf(events);
    }
}
