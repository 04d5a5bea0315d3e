package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Call.Expiry;
import io.silkstone.simulation.history.Call.Rule;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.settings.Odds;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.simulation.settings.Weights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Every kind of operation, under every rule, on few keys: clients get in each other's way. */
public final class ContendedWorkload implements Workload {
    /** Numbers and texts are kept apart, so that most increments succeed. */
    private static final String NUMBER = "number-";

    private static final String TEXT = "text-";

    private final int client;
    private final List<String> keys;
    private final RandomGenerator random;
    private final Weights<Call.Kind> kinds;
    private final Weights<Rule> rules;
    private final Weights<Expiry> expiries;
    private final Range expiryMillis;
    private final Map<String, Long> versionsSeen = new HashMap<>();
    private int writes;

    /**
     * Of client number {@code client}.
     *
     * @param keys what it asks of; one that is there twice comes twice as often
     * @param settings what it asks for
     */
    public ContendedWorkload(
            int client, List<String> keys, Settings settings, RandomGenerator random) {
        this.client = client;
        this.keys = keys;
        this.random = random;
        kinds = settings.get(WorkloadSettings.SINGLE_KINDS);
        rules = settings.get(WorkloadSettings.RULE_KINDS);
        expiries = settings.get(WorkloadSettings.EXPIRY_KINDS);
        expiryMillis = settings.get(WorkloadSettings.EXPIRY_TIME);
    }

    /** So many texts, {@code times} over, and so many numbers. */
    public static List<String> keys(int texts, int times, int numbers) {
        List<String> keys = new ArrayList<>();
        for (int turn = 0; turn < times; turn++) {
            for (int text = 0; text < texts; text++) {
                keys.add(TEXT + text);
            }
        }
        for (int number = 0; number < numbers; number++) {
            keys.add(NUMBER + number);
        }
        return List.copyOf(keys);
    }

    @Override
    public String nextKey() {
        return keys.get(random.nextInt(keys.size()));
    }

    @Override
    public Call nextCall(String key, long nowMillis) {
        Call call =
                switch (kinds.draw(random)) {
                    case READ -> Call.read();
                    case WRITE -> write(key, nowMillis);
                    case REMOVE -> Call.remove();
                    case EXPIRE -> Call.expire(nextExpiry(nowMillis));
                    case INCREMENT -> Call.increment(random.nextInt(-5, 100));
                    case CLEAR, LOSS -> throw new IllegalStateException("of no single key");
                };
        return call.kind() == Call.Kind.READ ? call : underSomeRule(key, call);
    }

    /** A write, or a removal by {@code removes}, that can be one of a batch. */
    public Call nextChange(String key, Odds removes, long nowMillis) {
        return removes.happens(random) ? Call.remove() : underSomeRule(key, write(key, nowMillis));
    }

    /** A write that is made only where {@code version} is met. */
    public Call nextExchange(String key, long version, long nowMillis) {
        return write(key, nowMillis).under(Rule.REQUIRE_VERSION, version);
    }

    private Call write(String key, long nowMillis) {
        writes++;
        String value =
                key.startsWith(NUMBER)
                        ? Integer.toString(client * 100_000 + writes)
                        : "client-" + client + "-write-" + writes;
        Call write = Call.write(value);
        return switch (expiries.draw(random)) {
            case AT -> write.expiring(Expiry.AT, nextExpiry(nowMillis));
            case KEEP -> write.expiring(Expiry.KEEP, 0);
            case NONE -> write;
        };
    }

    /** Soon, and now and then over already. */
    private long nextExpiry(long nowMillis) {
        return nowMillis + expiryMillis.drawInt(random);
    }

    private Call underSomeRule(String key, Call call) {
        boolean removal = call.kind() == Call.Kind.REMOVE;
        Rule rule = rules.draw(random);
        return switch (rule) {
            case REJECT_MISSING, REJECT_EXISTING -> removal ? call : call.under(rule, 0);
            case REQUIRE_VERSION -> {
                Long version = versionsSeen.get(key);
                yield version == null ? call : call.under(Rule.REQUIRE_VERSION, version);
            }
            case NONE -> call;
        };
    }

    @Override
    public void told(String key, Reply reply) {
        if (reply.version() != 0) {
            versionsSeen.put(key, reply.version());
        }
    }
}
