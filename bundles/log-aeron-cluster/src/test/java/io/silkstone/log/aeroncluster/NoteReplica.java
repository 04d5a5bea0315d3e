package io.silkstone.log.aeroncluster;

import io.silkstone.api.cluster.CoordinatorLog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Remembers every command in the order in which it came; answers with the number of it. */
final class NoteReplica implements CoordinatorLog.Replica {
    private final List<String> notes = new ArrayList<>();
    private boolean isLeading;
    private String leader = "";
    private int restores;
    private long lastIndex;
    private String fault;
    private Error error;

    @Override
    public synchronized void restore(byte[] snapshot) {
        restores++;
        notes.clear();
        String text = new String(snapshot, StandardCharsets.UTF_8);
        text.lines().forEach(notes::add);
        lastIndex = 0;
    }

    @Override
    public synchronized byte[] snapshot() {
        return String.join("\n", notes).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public synchronized byte[] apply(long index, MemorySegment command) {
        if (lastIndex != 0 && index != lastIndex + 1) {
            fault = index + " after " + lastIndex;
        }
        if (error != null) {
            Error thrown = error;
            error = null;
            throw thrown;
        }
        lastIndex = index;
        notes.add(new String(command.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
        return Integer.toString(notes.size()).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public synchronized void leads(boolean leading, String leader) {
        isLeading = leading;
        this.leader = leader;
    }

    synchronized List<String> notes() {
        return List.copyOf(notes);
    }

    /** The next command is not applied, but thrown at. */
    synchronized void failOnce(Error with) {
        error = with;
    }

    synchronized int size() {
        return notes.size();
    }

    synchronized boolean isLeading() {
        return isLeading;
    }

    synchronized String leader() {
        return leader;
    }

    synchronized int restores() {
        return restores;
    }

    synchronized String fault() {
        return fault;
    }
}
