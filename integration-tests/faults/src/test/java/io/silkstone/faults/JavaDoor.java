package io.silkstone.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.store.WriteOptions;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;

/** The Java client, which all threads share: a node that is silent must not make others wait. */
final class JavaDoor implements Door {
    private final TableClient table;
    private final long patienceNanos;

    /** Over {@code table}, which stays the caller's. */
    JavaDoor(TableClient table, long patienceNanos) {
        this.table = table;
        this.patienceNanos = patienceNanos;
    }

    @Override
    public Reply ask(String name, Call call) {
        byte[] key = name.getBytes(UTF_8);
        return switch (call.kind()) {
            case READ -> read(table.read(key));
            case WRITE -> told(table.write(key, call.value().getBytes(UTF_8), options(call)));
            case REMOVE -> told(table.remove(key, options(call)));
            case INCREMENT -> sum(table.increment(key, call.delta(), options(call)));
            default -> throw new IllegalArgumentException("nobody asks for " + call.kind());
        };
    }

    private static WriteOptions options(Call call) {
        WriteOptions options = new WriteOptions();
        return switch (call.rule()) {
            case NONE -> options;
            case REJECT_MISSING -> options.rejectIfMissing();
            case REJECT_EXISTING -> options.rejectIfExists();
            case REQUIRE_VERSION -> options.requireVersion(call.requiredVersion());
        };
    }

    private static Reply read(Answer answer) {
        return answer.isOk() ? Reply.saw(answer.text(), answer.version()) : told(answer);
    }

    private static Reply sum(Answer answer) {
        return answer.isOk() ? Reply.sum(answer.number(), answer.version()) : told(answer);
    }

    private static Reply told(Answer answer) {
        return switch (answer.status()) {
            case OK -> Reply.ok(answer.version());
            case NOT_FOUND -> Reply.notFound();
            case EXISTS -> Reply.refused(Outcome.EXISTS, answer.version());
            case WRONG_VERSION -> Reply.refused(Outcome.WRONG_VERSION, answer.version());
            case NOT_A_NUMBER -> Reply.refused(Outcome.NOT_A_NUMBER, answer.version());
            case UNKNOWN -> Reply.lost();
            case UNAVAILABLE, RETRY_LATER, NOT_OWNER -> Reply.noEffect();
            default -> throw new IllegalStateException("unexpected: " + answer.status());
        };
    }

    @Override
    public long patienceNanos() {
        return patienceNanos;
    }

    @Override
    public boolean knowsVersions() {
        return true;
    }

    @Override
    public void close() {}
}
