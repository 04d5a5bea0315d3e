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

    /** Returns whether every reply is right, so that there must be an order. */
    static boolean fill(List<Operation> history, SplittableRandom random) {
        boolean right = true;
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
                right = false;
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
        return right;
    }

    private static Call call(SplittableRandom random, int index, long now) {
        Call write = Call.write("v" + index);
        return switch (random.nextInt(13)) {
            case 0, 1 -> write;
            case 6 -> Call.increment(random.nextInt(10));
            case 7 -> Call.expire(now + random.nextInt(-5, 30));
            case 8 -> write.expiring(Expiry.KEEP, 0);
            case 9 -> write.under(Rule.REJECT_MISSING, 0);
            case 10 -> Call.write(Integer.toString(1_000 * index));
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
        boolean needsObject =
                call.kind() == Call.Kind.EXPIRE
                        || call.rule() == Rule.REJECT_MISSING
                        || call.rule() == Rule.REQUIRE_VERSION;
        if (needsObject && value == null) {
            return Reply.notFound();
        }
        if (call.rule() == Rule.REJECT_EXISTING && value != null) {
            return Reply.refused(Outcome.EXISTS, version);
        }
        if (call.rule() == Rule.REQUIRE_VERSION && version != call.requiredVersion()) {
            return Reply.refused(Outcome.WRONG_VERSION, version);
        }
        if (call.expiry() == Expiry.AT && call.expiryMillis() <= now) {
            return value == null ? Reply.ok(0) : remove();
        }
        if (call.kind() == Call.Kind.INCREMENT && value != null && value.startsWith("v")) {
            return Reply.refused(Outcome.NOT_A_NUMBER, version);
        }
        version = ++versions;
        boolean keeps = call.expiry() == Expiry.KEEP && value != null;
        expiry =
                switch (call.expiry()) {
                    case AT -> call.expiryMillis();
                    case KEEP -> keeps ? expiry : Long.MAX_VALUE;
                    case NONE -> Long.MAX_VALUE;
                };
        return set(call);
    }

    private Reply set(Call call) {
        if (call.kind() == Call.Kind.INCREMENT) {
            long sum = (value == null ? 0 : Long.parseLong(value)) + call.delta();
            value = Long.toString(sum);
            return Reply.sum(sum, version);
        }
        value = call.kind() == Call.Kind.EXPIRE ? value : call.value();
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
