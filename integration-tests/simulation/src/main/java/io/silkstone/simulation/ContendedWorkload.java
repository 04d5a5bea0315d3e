package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Call.Expiry;
import io.silkstone.simulation.history.Call.Rule;
import io.silkstone.simulation.history.Reply;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Every kind of operation, under every rule, on few keys: clients get in each other's way. */
public final class ContendedWorkload implements Workload {
    private static final int EXPIRY_MILLIS_MAX = 60;

    /** Numbers and texts are kept apart, so that most increments succeed. */
    private static final String NUMBER = "number-";

    private static final List<String> KEYS =
            List.of(
                    "text-0",
                    "text-1",
                    "text-2",
                    "text-3",
                    "text-0",
                    "text-1",
                    "text-2",
                    "text-3",
                    "text-0",
                    "text-1",
                    "text-2",
                    "text-3",
                    "number-0",
                    "number-1",
                    "number-2",
                    "number-3");

    private final int client;
    private final List<String> keys;
    private final RandomGenerator random;
    private final Map<String, Long> versionsSeen = new HashMap<>();
    private int writes;

    /** Of client number {@code client}. */
    public ContendedWorkload(int client, RandomGenerator random) {
        this(client, KEYS, random);
    }

    /** As the other, on {@code keys}; one that is there twice comes twice as often. */
    public ContendedWorkload(int client, List<String> keys, RandomGenerator random) {
        this.client = client;
        this.keys = keys;
        this.random = random;
    }

    @Override
    public String nextKey() {
        return keys.get(random.nextInt(keys.size()));
    }

    @Override
    public Call nextCall(String key, long nowMillis) {
        Call call =
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> Call.read();
                    case 3, 4, 5 -> write(key, nowMillis);
                    case 6 -> Call.remove();
                    case 7 -> Call.expire(nextExpiry(nowMillis));
                    default -> Call.increment(random.nextInt(-5, 100));
                };
        return call.kind() == Call.Kind.READ ? call : underSomeRule(key, call);
    }

    /** A write, or now and then a removal, that can be one of a batch. */
    public Call nextChange(String key, long nowMillis) {
        return random.nextInt(4) == 0 ? Call.remove() : underSomeRule(key, write(key, nowMillis));
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
        return switch (random.nextInt(4)) {
            case 0 -> write.expiring(Expiry.AT, nextExpiry(nowMillis));
            case 1 -> write.expiring(Expiry.KEEP, 0);
            default -> write;
        };
    }

    /** Soon, and now and then over already. */
    private long nextExpiry(long nowMillis) {
        return nowMillis + random.nextInt(-3, EXPIRY_MILLIS_MAX);
    }

    private Call underSomeRule(String key, Call call) {
        boolean removal = call.kind() == Call.Kind.REMOVE;
        return switch (random.nextInt(6)) {
            case 0 -> removal ? call : call.under(Rule.REJECT_MISSING, 0);
            case 1 -> removal ? call : call.under(Rule.REJECT_EXISTING, 0);
            case 2, 3 -> {
                Long version = versionsSeen.get(key);
                yield version == null ? call : call.under(Rule.REQUIRE_VERSION, version);
            }
            default -> call;
        };
    }

    @Override
    public void told(String key, Reply reply) {
        if (reply.version() != 0) {
            versionsSeen.put(key, reply.version());
        }
    }
}
