package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The newest requests that took longer than a bound. Arguments that are passwords are not kept.
 * Threads: any.
 */
final class SlowLog {
    private static final int ARGUMENTS_MAX = 32;
    private static final int ARGUMENT_CHARACTERS_MAX = 128;
    private static final String HIDDEN = "(redacted)";

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long nextId;

    /** One slow request. */
    record Entry(
            long id, long seconds, long micros, List<String> arguments, String peer, String name) {}

    synchronized void add(
            Client client, Request<Command> request, long millis, long micros, int lengthMax) {
        entries.addFirst(
                new Entry(
                        nextId++,
                        millis / 1000,
                        micros,
                        shown(request),
                        client.link().peer(),
                        client.name));
        trim(lengthMax);
    }

    private static List<String> shown(Request<Command> request) {
        List<String> shown = new ArrayList<>();
        int count = request.count();
        int last = Math.min(count, ARGUMENTS_MAX);
        for (int i = 0; i < last; i++) {
            if (i == ARGUMENTS_MAX - 1 && count > ARGUMENTS_MAX) {
                shown.add("... (" + (count - i) + " more arguments)");
            } else {
                shown.add(shown(request, i));
            }
        }
        return shown;
    }

    private static String shown(Request<Command> request, int index) {
        if (request.command().hides(request, index)) {
            return HIDDEN;
        }
        int length = request.length(index);
        int part = Math.min(length, ARGUMENT_CHARACTERS_MAX);
        String text = Memory.text(request.address(index), part);
        return part == length ? text : text + "... (" + (length - part) + " more bytes)";
    }

    synchronized void trim(int lengthMax) {
        while (entries.size() > lengthMax) {
            entries.removeLast();
        }
    }

    /** The newest {@code count}, newest first; all when it is negative. */
    synchronized List<Entry> newest(long count) {
        return entries.stream().limit(count < 0 ? Long.MAX_VALUE : count).toList();
    }

    synchronized int size() {
        return entries.size();
    }

    synchronized void clear() {
        entries.clear();
    }
}
