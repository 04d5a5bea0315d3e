package io.silkstone.coordinator.simulation;

import io.silkstone.api.cluster.CoordinatorLog;
import java.lang.foreign.MemorySegment;

/** One replica's end of a {@link SharedLog}. Threads: one at a time. */
public final class MemoryLog implements CoordinatorLog {
    final String address;
    Replica replica;
    int applied;
    boolean believesToLead;
    String toldLeader = "";

    /** When it hears who leads. */
    long tellAt;

    private final SharedLog shared;
    private boolean closed;

    MemoryLog(SharedLog shared, String address) {
        this.shared = shared;
        this.address = address;
    }

    byte[] apply(byte[] command) {
        byte[] result = replica.apply(applied + 1, MemorySegment.ofArray(command));
        applied++;
        return result;
    }

    boolean isOpen() {
        return replica != null && !closed;
    }

    @Override
    public void start(Replica replica) {
        this.replica = replica;
        shared.start(this);
    }

    @Override
    public boolean propose(byte[] command, Outcome outcome) {
        return isOpen() && shared.propose(this, command, outcome);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            believesToLead = false;
            shared.close(this);
        }
    }
}
