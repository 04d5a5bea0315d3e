package io.silkstone.simulation.check;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Operation;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The sequential specification of one key (io.silkstone.api.store.KvSession): what an operation may
 * answer in a state, and the states after it. Several states are possible where replies or times
 * are unknown.
 */
final class KeyModel {
    private KeyModel() {}

    /** The states after {@code operation} in any of {@code states}; empty when it is impossible. */
    static Set<KeyState> after(Set<KeyState> states, Operation operation) {
        Set<KeyState> next = new LinkedHashSet<>();
        for (KeyState state : states) {
            for (long instant : instants(state, operation)) {
                KeyState then = step(state.at(instant), operation);
                if (then != null) {
                    next.add(then);
                }
            }
        }
        return next;
    }

    /**
     * When the operation can have happened, as far as that makes a difference: as early as
     * possible, or when the object there was, or the one that it writes, has just expired.
     */
    private static Set<Long> instants(KeyState state, Operation operation) {
        long first = Math.max(state.millis(), operation.calledMillis());
        Set<Long> instants = new TreeSet<>();
        instants.add(first);
        instants.add(state.expiryMillis());
        if (operation.call().expiry() == Call.Expiry.AT) {
            instants.add(operation.call().expiryMillis());
        }
        instants.removeIf(
                instant ->
                        instant < first
                                || instant > operation.returnedMillis()
                                || instant == KeyState.NO_EXPIRY);
        return instants;
    }

    /** The state after; null when the reply cannot be. */
    private static KeyState step(KeyState state, Operation operation) {
        Call call = operation.call();
        Reply reply = operation.reply();
        return switch (call.kind()) {
            case READ -> read(state, reply);
            case WRITE -> changed(state, call, reply);
            case REMOVE -> removed(state, call, reply);
            case INCREMENT -> incremented(state, call, reply);
            case EXPIRE -> expired(state, call, reply);
            case LOSS, CLEAR -> state.removed();
        };
    }

    private static KeyState read(KeyState state, Reply reply) {
        if (reply == null) {
            return state;
        }
        if (!state.exists()) {
            return reply.outcome() == Outcome.NOT_FOUND ? state : null;
        }
        boolean seen = reply.outcome() == Outcome.OK && reply.value().equals(state.value());
        return seen ? state.knowing(reply.version()) : null;
    }

    private static KeyState changed(KeyState state, Call call, Reply reply) {
        Outcome refusal = refusal(state, call, reply);
        if (refusal != Outcome.OK) {
            return refused(state, refusal, call, reply);
        }
        return succeeded(state, call, reply, call.value());
    }

    private static KeyState removed(KeyState state, Call call, Reply reply) {
        Outcome refusal = state.exists() ? refusal(state, call, reply) : Outcome.NOT_FOUND;
        if (refusal != Outcome.OK) {
            return refused(state, refusal, call, reply);
        }
        return reply == null ? state.removed() : removal(state, reply);
    }

    private static KeyState incremented(KeyState state, Call call, Reply reply) {
        Outcome refusal = refusal(state, call, reply);
        if (refusal != Outcome.OK) {
            return refused(state, refusal, call, reply);
        }
        long before = 0;
        if (state.exists()) {
            if (!state.value().matches("-?[0-9]{1,18}")) {
                return refused(state, Outcome.NOT_A_NUMBER, call, reply);
            }
            before = Long.parseLong(state.value());
        }
        long sum = before + call.delta();
        boolean told = reply == null || reply.outcome() != Outcome.OK || reply.number() == sum;
        return told ? succeeded(state, call, reply, Long.toString(sum)) : null;
    }

    private static KeyState expired(KeyState state, Call call, Reply reply) {
        Outcome refusal = state.exists() ? refusal(state, call, reply) : Outcome.NOT_FOUND;
        if (refusal != Outcome.OK) {
            return refused(state, refusal, call, reply);
        }
        return succeeded(state, call, reply, state.value());
    }

    /** What the reject rule says of {@code state}. */
    private static Outcome refusal(KeyState state, Call call, Reply reply) {
        return switch (call.rule()) {
            case NONE -> Outcome.OK;
            case REJECT_MISSING -> state.exists() ? Outcome.OK : Outcome.NOT_FOUND;
            case REJECT_EXISTING -> state.exists() ? Outcome.EXISTS : Outcome.OK;
            case REQUIRE_VERSION -> {
                if (!state.exists()) {
                    yield Outcome.NOT_FOUND;
                }
                if (state.version() == KeyState.UNKNOWN) {
                    // It may be the one. Without a reply a refusal changes nothing that another
                    // order would not show as well, so only what was told decides.
                    boolean refused = reply != null && reply.outcome() == Outcome.WRONG_VERSION;
                    yield refused ? Outcome.WRONG_VERSION : Outcome.OK;
                }
                yield state.version() == call.requiredVersion()
                        ? Outcome.OK
                        : Outcome.WRONG_VERSION;
            }
        };
    }

    private static KeyState refused(KeyState state, Outcome refusal, Call call, Reply reply) {
        if (reply == null) {
            return state;
        }
        if (reply.outcome() != refusal) {
            return null;
        }
        boolean mustDiffer = refusal == Outcome.WRONG_VERSION;
        if (mustDiffer && reply.version() == call.requiredVersion()) {
            return null;
        }
        return refusal == Outcome.NOT_FOUND ? state : state.knowing(reply.version());
    }

    private static KeyState succeeded(KeyState before, Call call, Reply reply, String value) {
        KeyState state = before;
        if (call.rule() == Call.Rule.REQUIRE_VERSION) {
            state = state.knowing(call.requiredVersion());
            if (state == null) {
                // Its version was unknown and cannot have been this one.
                return reply == null ? before : null;
            }
        }
        if (reply != null && reply.outcome() != Outcome.OK) {
            return null;
        }
        long expiry =
                switch (call.expiry()) {
                    case NONE -> KeyState.NO_EXPIRY;
                    case KEEP -> state.expiryMillis();
                    case AT -> call.expiryMillis();
                };
        if (expiry <= state.millis()) {
            return reply == null ? state.removed() : removal(state, reply);
        }
        return state.written(value, reply == null ? KeyState.UNKNOWN : reply.version(), expiry);
    }

    /** An object goes, and the reply names its version; 0 where there was none. */
    private static KeyState removal(KeyState state, Reply reply) {
        if (reply.outcome() != Outcome.OK) {
            return null;
        }
        if (!state.exists()) {
            return reply.version() == 0 ? state : null;
        }
        KeyState known = state.knowing(reply.version());
        return known == null ? null : known.removed();
    }
}
