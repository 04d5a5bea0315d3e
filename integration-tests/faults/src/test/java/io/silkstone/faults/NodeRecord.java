package io.silkstone.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.store.Key;
import io.silkstone.simulation.Judgement;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.History.Moment;
import io.silkstone.simulation.history.Operation;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;

/**
 * What clients ask of the keys of one node, and what they are told. It draws the calls, since a
 * condition needs what was seen before, and gives a key up for another one when it has a long
 * history, or when so many of its outcomes are unknown that the checker would have to try too many
 * orders; keys that were given up are still read for a while, for nothing may be lost later.
 * Threads: any.
 */
final class NodeRecord {
    private static final int KEYS = 6;
    private static final int OPERATIONS_MAX = 250;
    private static final int UNKNOWN_MAX = 4;
    private static final int FORMER_MAX = 20;

    private final int node;
    private final IntPredicate hasSlot;
    private final History history = new History(() -> System.nanoTime() / 1_000_000);
    private final List<Subject> present = new ArrayList<>();
    private final List<Subject> former = new ArrayList<>();
    private final Set<String> touched = new HashSet<>();
    private final List<Long> successes = new ArrayList<>();
    private final Map<Integer, Long> successOf = new TreeMap<>();
    private final List<String> complaints = new ArrayList<>();
    private long operations;
    private long unknown;
    private int names;
    private int values;

    /** A key. */
    private static final class Subject {
        final String name;
        final boolean counts;
        long version;
        int operations;
        int unknown;

        Subject(String name, boolean counts) {
            this.name = name;
            this.counts = counts;
        }
    }

    /** A call that is under way. */
    final class Turn {
        private final Subject subject;
        private final int client;
        private final Call call;
        private final History.Pending pending;
        private final long beganAt = System.nanoTime();

        private Turn(Subject subject, int client, Call call) {
            this.subject = subject;
            this.client = client;
            this.call = call;
            pending = history.called(client, subject.name, call);
            touched.add(subject.name);
            operations++;
        }

        String key() {
            return subject.name;
        }

        Call call() {
            return call;
        }

        /** What came of it, for somebody who promised an answer within {@code patienceNanos}. */
        void ended(Reply reply, long patienceNanos) {
            synchronized (NodeRecord.this) {
                long now = System.nanoTime();
                // Who judged in between knew the call, and not its reply.
                touched.add(subject.name);
                if (now - beganAt > patienceNanos) {
                    complaints.add(
                            "client %d waited %d ms for %s of %s"
                                    .formatted(
                                            client,
                                            (now - beganAt) / 1_000_000,
                                            call.kind(),
                                            subject.name));
                }
                if (reply.outcome() == Outcome.LOST) {
                    subject.unknown++;
                    unknown++;
                } else if (reply.outcome() == Outcome.NO_EFFECT) {
                    pending.hadNoEffect();
                } else {
                    pending.replied(reply);
                    subject.version = reply.version() > 0 ? reply.version() : subject.version;
                    successes.add(now);
                    successOf.put(client, now);
                }
            }
        }
    }

    /**
     * Of node {@code node}.
     *
     * @param hasSlot whether a Redis slot is the node's
     */
    NodeRecord(int node, IntPredicate hasSlot) {
        this.node = node;
        this.hasSlot = hasSlot;
        for (int index = 0; index < KEYS; index++) {
            present.add(fresh(index % 2 == 0));
        }
    }

    int node() {
        return node;
    }

    private Subject fresh(boolean counts) {
        Key key = new Key();
        String name;
        do {
            name = "node-" + node + "-" + names++;
        } while (!hasSlot.test(key.wrap(name.getBytes(UTF_8)).slot()));
        return new Subject(name, counts);
    }

    /** Draws what {@code client} asks next. */
    synchronized Turn begin(int client, boolean knowsVersions, RandomGenerator random) {
        if (!former.isEmpty() && random.nextInt(10) == 0) {
            Subject subject = former.get(random.nextInt(former.size()));
            return new Turn(subject, client, Call.read());
        }
        int place = random.nextInt(KEYS);
        Subject subject = present.get(place);
        if (subject.operations >= OPERATIONS_MAX || subject.unknown >= UNKNOWN_MAX) {
            former.add(subject);
            if (former.size() > FORMER_MAX) {
                former.removeFirst();
            }
            subject = fresh(subject.counts);
            present.set(place, subject);
        }
        subject.operations++;
        return new Turn(subject, client, draw(subject, knowsVersions, random));
    }

    private Call draw(Subject subject, boolean knowsVersions, RandomGenerator random) {
        int die = random.nextInt(20);
        if (die < 7) {
            return Call.read();
        }
        if (die == 7) {
            return Call.remove();
        }
        if (subject.counts) {
            return Call.increment(1 + random.nextInt(9));
        }
        Call write = Call.write("value-" + node + "-" + values++);
        return switch (die) {
            case 8, 9 -> write.under(Call.Rule.REJECT_EXISTING, 0);
            case 10 -> write.under(Call.Rule.REJECT_MISSING, 0);
            case 11, 12, 13 ->
                    knowsVersions && subject.version > 0
                            ? write.under(Call.Rule.REQUIRE_VERSION, subject.version)
                            : write;
            default -> write;
        };
    }

    /** An operation of {@code client} on a key that nobody else asks for. */
    synchronized Turn begin(int client, String key, Call call) {
        return new Turn(new Subject(key, false), client, call);
    }

    /** A key of this node that nobody else asks for. */
    synchronized String keyApart() {
        return fresh(false).name;
    }

    /** This moment, in the order of calls and replies. */
    synchronized Moment now() {
        return history.now();
    }

    /** Forgets when there were answers, but for the last one. */
    synchronized void beginRound() {
        if (successes.size() > 1) {
            successes.subList(0, successes.size() - 1).clear();
        }
    }

    /** Whether {@code clients} clients have been answered since {@code nanos}. */
    synchronized boolean hasServed(int clients, long nanos) {
        return successOf.values().stream().filter(at -> at - nanos > 0).count() >= clients;
    }

    /**
     * The longest time without an answer until {@code now}, in nanoseconds: of each the part in
     * which the clients were able to ask.
     */
    synchronized long longestGap(long now, Stalls stalls) {
        long longest = 0;
        long last = successes.isEmpty() ? now : successes.getFirst();
        for (long at : successes) {
            longest = Math.max(longest, at - last - stalls.within(last, at));
            last = at;
        }
        return Math.max(longest, now - last - stalls.within(last, now));
    }

    /**
     * What the node held was lost, once, between two moments: each key's history is cut there. Keys
     * that begin later have nothing to lose, so no loss excuses them.
     */
    synchronized void lost(Moment since, Moment until) {
        Set<String> before = new HashSet<>();
        for (Operation each : history.all()) {
            if (each.calledAt() < until.event()) {
                before.add(each.key());
            }
        }
        for (String key : before) {
            history.lost(key, since, until);
        }
    }

    /** What is wrong with the answers about the keys that were asked for since the last time. */
    List<String> judge() {
        Map<String, List<Operation>> news;
        List<String> wrong;
        synchronized (this) {
            news = new TreeMap<>(history.byKey());
            news.keySet().retainAll(touched);
            touched.clear();
            wrong = new ArrayList<>(complaints);
            complaints.clear();
        }
        wrong.addAll(Judgement.of(news).violations());
        return wrong;
    }

    /** How many operations there were, and of how many nobody knows the outcome. */
    synchronized String counts() {
        return operations + " operations, " + unknown + " unknown";
    }

    /** Notes what is wrong with the clients themselves. */
    synchronized void complain(String sentence) {
        complaints.add(sentence);
    }
}
