package io.silkstone.simulation.history;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** Notes what happens in a run. One thread. */
public final class History {
    private static final int NOBODY = -1;

    private final LongSupplier millis;
    private final List<Operation> operations = new ArrayList<>();
    private long events;
    private long refused;

    /** Nothing yet. {@code millis} is the clock that stores read. */
    public History(LongSupplier millis) {
        this.millis = millis;
    }

    /** An operation that is under way. */
    public final class Pending {
        private final int place = operations.size();

        private Pending(int client, String key, Call call) {
            operations.add(
                    new Operation(
                            client,
                            key,
                            call,
                            null,
                            events++,
                            Operation.NEVER,
                            millis.getAsLong(),
                            Operation.NEVER));
        }

        /** It was answered. */
        public void replied(Reply reply) {
            Operation asked = operations.get(place);
            operations.set(
                    place,
                    new Operation(
                            asked.client(),
                            asked.key(),
                            asked.call(),
                            reply,
                            asked.calledAt(),
                            events++,
                            asked.calledMillis(),
                            millis.getAsLong()));
        }

        /** It was refused and certainly had no effect: as if it had not been asked. */
        public void hadNoEffect() {
            operations.set(place, null);
            refused++;
        }
    }

    /** Notes a call; who is not heard of again leaves an unknown outcome. */
    public Pending called(int client, String key, Call call) {
        return new Pending(client, key, call);
    }

    /** Whatever there was under {@code key} is lost at this moment. */
    public void lost(String key) {
        new Pending(NOBODY, key, Call.loss()).replied(Reply.ok(0));
    }

    /** The keys that anybody has asked for. */
    public Set<String> keys() {
        Set<String> keys = new TreeSet<>();
        for (Operation operation : operations) {
            if (operation != null) {
                keys.add(operation.key());
            }
        }
        return keys;
    }

    /** How many operations were refused for want of something. */
    public long refused() {
        return refused;
    }

    /** Every operation that may have had an effect or was told something, by key. */
    public Map<String, List<Operation>> byKey() {
        Map<String, List<Operation>> keys = new TreeMap<>();
        for (Operation operation : operations) {
            if (operation != null) {
                keys.computeIfAbsent(operation.key(), key -> new ArrayList<>()).add(operation);
            }
        }
        return Collections.unmodifiableMap(keys);
    }
}
