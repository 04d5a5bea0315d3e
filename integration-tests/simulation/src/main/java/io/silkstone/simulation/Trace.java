package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.History;
import io.silkstone.simulation.history.History.Note;
import io.silkstone.simulation.history.Operation;
import io.silkstone.simulation.history.Reply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** A history for people: a line for each operation on some keys, and for each fault. */
final class Trace {
    private static final int OUTCOME_COLUMN = 70;

    private final History history;
    private final List<Line> lines = new ArrayList<>();

    private record Line(long event, String text) {}

    private Trace(History history) {
        this.history = history;
    }

    /** In the order of calls; of all keys when {@code keys} has none. */
    static List<String> of(History history, Set<String> keys) {
        Trace trace = new Trace(history);
        for (Note note : history.notes()) {
            trace.line(note.event(), note.millis(), note.what());
        }
        for (Operation operation : history.all()) {
            if (keys.isEmpty() || keys.contains(operation.key())) {
                trace.add(operation);
            }
        }
        return trace.lines.stream()
                .sorted(Comparator.comparingLong(Line::event))
                .map(Line::text)
                .toList();
    }

    private void line(long event, long millis, String what) {
        String time = "%6d ms  ".formatted(millis - history.beganMillis());
        lines.add(new Line(event, time + what));
    }

    private void add(Operation operation) {
        Call call = operation.call();
        if (call.kind() == Call.Kind.LOSS) {
            line(
                    operation.calledAt(),
                    operation.calledMillis(),
                    operation.key() + " is lost with its server");
            return;
        }
        String asked =
                "client %d: %s %s%s"
                        .formatted(operation.client(), call.kind(), operation.key(), details(call));
        StringBuilder text = new StringBuilder(asked);
        text.repeat(' ', Math.max(1, OUTCOME_COLUMN - asked.length()));
        text.append("-> ").append(answered(operation));
        line(operation.calledAt(), operation.calledMillis(), text.toString());
    }

    private String details(Call call) {
        StringBuilder details = new StringBuilder();
        switch (call.kind()) {
            case WRITE -> details.append(" = ").append(call.value());
            case INCREMENT -> details.append(" by ").append(call.delta());
            default -> {}
        }
        switch (call.rule()) {
            case NONE -> {}
            case REQUIRE_VERSION -> details.append(", if version ").append(call.requiredVersion());
            case REJECT_EXISTING -> details.append(", if missing");
            case REJECT_MISSING -> details.append(", if there");
        }
        switch (call.expiry()) {
            case AT -> {
                long millis = call.expiryMillis() - history.beganMillis();
                details.append(", expires at ").append(millis).append(" ms");
            }
            case KEEP -> details.append(call.kind() == Call.Kind.WRITE ? ", keeps expiry" : "");
            case NONE -> {}
        }
        return details.toString();
    }

    private String answered(Operation operation) {
        Reply reply = operation.reply();
        if (reply == null) {
            return "never answered";
        }
        StringBuilder answer = new StringBuilder(reply.outcome().toString());
        if (reply.outcome() == Reply.Outcome.OK) {
            switch (operation.call().kind()) {
                case READ -> answer.append(' ').append(reply.value());
                case INCREMENT -> answer.append(' ').append(reply.number());
                default -> {}
            }
        }
        if (reply.version() != 0) {
            answer.append(", version ").append(reply.version());
        }
        return answer.append(" at ")
                .append(operation.returnedMillis() - history.beganMillis())
                .append(" ms")
                .toString();
    }
}
