package io.silkstone.simulation.history;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** Notes what happens in a run. One thread. */
public final class History {
    private static final int NOBODY = -1;

    private final LongSupplier millis;
    private final List<Operation> operations = new ArrayList<>();
    private final List<Operation> refused = new ArrayList<>();
    private final List<Note> notes = new ArrayList<>();
    private final long beganMillis;
    private long events;

    /** Nothing yet. {@code millis} is the clock that stores read. */
    public History(LongSupplier millis) {
        this.millis = millis;
        beganMillis = millis.getAsLong();
    }

    /**
     * Something that is no operation, for people.
     *
     * @param event its number among calls and replies
     * @param millis the clock then
     * @param what a few words
     */
    public record Note(long event, long millis, String what) {}

    /**
     * When something happened.
     *
     * @param event its number among calls and replies
     * @param millis the clock then
     */
    public record Moment(long event, long millis) {}

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
            replied(Reply.noEffect());
            refused.add(operations.set(place, null));
        }
    }

    /** Notes a moment, at which something may begin of which it is not known yet what it is. */
    public Moment now() {
        return new Moment(events++, millis.getAsLong());
    }

    /**
     * Notes that {@code client} has just been told {@code reply} about {@code key} by something
     * that asks for no key, as if it had read that key at {@code since}.
     */
    public void told(int client, String key, Moment since, Reply reply) {
        operations.add(
                new Operation(
                        client,
                        key,
                        Call.read(),
                        reply,
                        since.event(),
                        events++,
                        since.millis(),
                        millis.getAsLong()));
    }

    /** Notes {@code what}, which judges nothing and explains much. */
    public void note(String what) {
        notes.add(new Note(events++, millis.getAsLong(), what));
    }

    /** Notes a call; who is not heard of again leaves an unknown outcome. */
    public Pending called(int client, String key, Call call) {
        return new Pending(client, key, call);
    }

    /** Whatever there was under {@code key} is lost at this moment. */
    public void lost(String key) {
        new Pending(NOBODY, key, Call.loss()).replied(Reply.ok(0));
    }

    /** Whatever there was under {@code key} is lost from this moment on, or is not. */
    public void mayBeLost(String key) {
        new Pending(NOBODY, key, Call.loss());
    }

    /** Whatever there was under {@code key} was lost, once, at a time between two moments. */
    public void lost(String key, Moment since, Moment until) {
        operations.add(
                new Operation(
                        NOBODY,
                        key,
                        Call.loss(),
                        Reply.ok(0),
                        since.event(),
                        until.event(),
                        since.millis(),
                        until.millis()));
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

    /** What was noted besides operations. */
    public List<Note> notes() {
        return Collections.unmodifiableList(notes);
    }

    /** The clock when there was nothing yet. */
    public long beganMillis() {
        return beganMillis;
    }

    /** Every operation, those that were refused for want of something included. */
    public List<Operation> all() {
        List<Operation> all = new ArrayList<>(refused);
        operations.stream().filter(Objects::nonNull).forEach(all::add);
        return all;
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
