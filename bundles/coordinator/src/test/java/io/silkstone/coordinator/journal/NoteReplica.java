package io.silkstone.coordinator.journal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.api.cluster.CoordinatorLog.Replica;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Notes the commands that it is given. */
final class NoteReplica implements Replica {
    final List<String> commands = new ArrayList<>();
    boolean leads;

    @Override
    public void restore(byte[] snapshot) {
        commands.clear();
        String text = new String(snapshot, UTF_8);
        commands.addAll(text.isEmpty() ? List.of() : List.of(text.split("\n")));
    }

    @Override
    public byte[] snapshot() {
        return String.join("\n", commands).getBytes(UTF_8);
    }

    @Override
    public byte[] apply(long index, MemorySegment command) {
        if (index != commands.size() + 1) {
            throw new AssertionError("command " + index + " after " + commands.size());
        }
        commands.add(new String(command.toArray(ValueLayout.JAVA_BYTE), UTF_8));
        return Long.toString(index).getBytes(UTF_8);
    }

    @Override
    public void leads(boolean leading, String leader) {
        leads = leading;
    }
}
