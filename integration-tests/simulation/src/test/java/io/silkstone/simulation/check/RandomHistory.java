package io.silkstone.simulation.check;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Call.Expiry;
import io.silkstone.simulation.history.Call.Rule;
import io.silkstone.simulation.history.Operation;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Histories of a store that is wrong now and then: each operation takes effect at some moment
 * between call and reply, in a model of its own, simpler than the one that judges.
 */
final class RandomHistory {
    private static final int OPERATIONS_MAX = 6;

    private String value;
    private long version;
    private long expiry = Long.MAX_VALUE;
    private long versions;

    private RandomHistory() {}

    static void fill(List<Operation> history, SplittableRandom random) {
        RandomHistory store = new RandomHistory();
        int count = random.nextInt(2, OPERATIONS_MAX + 1);
        for (int index = 0; index < count; index++) {
            // Effects happen in this order; calls and replies reach around their neighbours.
            long effect = 10L * (index + 1);
            long called = effect - random.nextInt(25);
            long returned = effect + 1 + random.nextInt(25);
            Call call = call(random, index, effect);
            Reply reply = store.perform(call, effect);
            if (random.nextInt(8) == 0) {
                reply = wrong(reply, random);
            }
            boolean heard = random.nextInt(8) != 0;
            history.add(
                    new Operation(
                            index,
                            "k",
                            call,
                            heard ? reply : null,
                            called * OPERATIONS_MAX + index,
                            heard ? returned * OPERATIONS_MAX + index : Operation.NEVER,
                            Math.max(called, 0),
                            heard ? returned : Operation.NEVER));
        }
    }

    private static Call call(SplittableRandom random, int index, long now) {
        Call write = Call.write("v" + index);
        return switch (random.nextInt(8)) {
            case 0, 1 -> write;
            case 2 -> write.under(Rule.REJECT_EXISTING, 0);
            case 3 -> write.under(Rule.REQUIRE_VERSION, random.nextInt(1, 4));
            case 4 -> write.expiring(Expiry.AT, now + random.nextInt(-5, 30));
            case 5 -> Call.remove();
            default -> Call.read();
        };
    }

    private Reply perform(Call call, long now) {
        if (value != null && expiry <= now) {
            value = null;
        }
        if (call.kind() == Call.Kind.READ) {
            return value == null ? Reply.notFound() : Reply.saw(value, version);
        }
        if (call.kind() == Call.Kind.REMOVE) {
            return value == null ? Reply.notFound() : remove();
        }
        if (call.rule() == Rule.REJECT_EXISTING && value != null) {
            return Reply.refused(Outcome.EXISTS, version);
        }
        if (call.rule() == Rule.REQUIRE_VERSION && value == null) {
            return Reply.notFound();
        }
        if (call.rule() == Rule.REQUIRE_VERSION && version != call.requiredVersion()) {
            return Reply.refused(Outcome.WRONG_VERSION, version);
        }
        if (call.expiry() == Expiry.AT && call.expiryMillis() <= now) {
            return value == null ? Reply.ok(0) : remove();
        }
        value = call.value();
        version = ++versions;
        expiry = call.expiry() == Expiry.AT ? call.expiryMillis() : Long.MAX_VALUE;
        return Reply.ok(version);
    }

    private Reply remove() {
        value = null;
        return Reply.ok(version);
    }

    private static Reply wrong(Reply reply, SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> Reply.notFound();
            case 1 -> Reply.ok(reply.version() + 1);
            default -> Reply.saw("v" + random.nextInt(3), reply.version());
        };
    }
}
