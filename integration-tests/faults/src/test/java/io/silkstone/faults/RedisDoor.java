package io.silkstone.faults;

import io.silkstone.harness.RespConnection;
import io.silkstone.harness.RespConnection.Failure;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Redis client of one node, whose keys it has: a connection that is opened again after it broke.
 */
final class RedisDoor implements Door {
    private static final int REPLY_MILLIS_MAX = 2_000;

    /** What errors say that leave a change in doubt. */
    private static final List<String> DOUBTS = List.of("is not known", "may have been run");

    /** How errors begin that a change has not been made behind. */
    private static final List<String> REFUSALS = List.of("MOVED ", "CLUSTERDOWN ", "TRYAGAIN ");

    private final int port;
    private RespConnection connection;

    RedisDoor(int port) {
        this.port = port;
    }

    @Override
    public Reply ask(String key, Call call) {
        try {
            if (connection == null) {
                connection = new RespConnection(port);
                connection.replyMillisMax(REPLY_MILLIS_MAX);
            }
        } catch (IOException e) {
            // Nobody listens, so nobody has heard of it.
            return Reply.noEffect();
        }
        try {
            return reply(call, connection.call(words(key, call)));
        } catch (IOException e) {
            close();
            return call.kind() == Call.Kind.READ ? Reply.noEffect() : Reply.lost();
        }
    }

    private static String[] words(String key, Call call) {
        List<String> words = new ArrayList<>();
        switch (call.kind()) {
            case READ -> words.addAll(List.of("GET", key));
            case WRITE -> words.addAll(List.of("SET", key, call.value()));
            case REMOVE -> words.addAll(List.of("DEL", key));
            case INCREMENT -> words.addAll(List.of("INCRBY", key, Long.toString(call.delta())));
            default -> throw new IllegalArgumentException("nobody asks for " + call.kind());
        }
        switch (call.rule()) {
            case NONE -> {}
            case REJECT_EXISTING -> words.add("NX");
            case REJECT_MISSING -> words.add("XX");
            case REQUIRE_VERSION -> throw new IllegalArgumentException("Redis has no versions");
        }
        return words.toArray(String[]::new);
    }

    private static Reply reply(Call call, Object reply) {
        if (reply instanceof Failure failure) {
            return failed(failure.message());
        }
        return switch (call.kind()) {
            case READ -> reply == null ? Reply.notFound() : Reply.saw((String) reply, Reply.UNTOLD);
            case REMOVE -> (Long) reply == 1 ? Reply.ok(Reply.UNTOLD) : Reply.notFound();
            case INCREMENT -> Reply.sum((Long) reply, Reply.UNTOLD);
            default -> reply == null ? rejected(call.rule()) : Reply.ok(Reply.UNTOLD);
        };
    }

    private static Reply rejected(Call.Rule rule) {
        return rule == Call.Rule.REJECT_EXISTING
                ? Reply.refused(Outcome.EXISTS, Reply.UNTOLD)
                : Reply.notFound();
    }

    private static Reply failed(String message) {
        if (message.contains("not an integer")) {
            return Reply.refused(Outcome.NOT_A_NUMBER, Reply.UNTOLD);
        }
        if (DOUBTS.stream().anyMatch(message::contains)) {
            return Reply.lost();
        }
        Stream<String> refusals = REFUSALS.stream();
        if (refusals.anyMatch(message::startsWith)) {
            return Reply.noEffect();
        }
        throw new IllegalStateException("unexpected: " + message);
    }

    @Override
    public long patienceNanos() {
        return TimeUnit.MILLISECONDS.toNanos(REPLY_MILLIS_MAX);
    }

    @Override
    public boolean knowsVersions() {
        return false;
    }

    @Override
    public void close() {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException("a socket that cannot be closed", e);
        }
        connection = null;
    }
}
