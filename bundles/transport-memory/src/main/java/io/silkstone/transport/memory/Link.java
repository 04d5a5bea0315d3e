package io.silkstone.transport.memory;

/**
 * The way from one place to another, in this direction only. What is set holds for all messages
 * that are sent from now on, and survives the transports at its ends. Threads: any.
 */
public final class Link {
    private final Wire wire;
    private final Place from;
    private final Place to;

    /** Null: as everywhere. */
    private Faults own;

    private boolean cut;

    Link(Wire wire, Place from, Place to) {
        this.wire = wire;
        this.from = from;
        this.to = to;
    }

    /** What messages suffer here. */
    public Faults faults() {
        synchronized (wire) {
            return own == null ? wire.faults : own;
        }
    }

    /** From now on messages suffer {@code faults} here, whatever holds for the network. */
    public void set(Faults faults) {
        synchronized (wire) {
            own = faults;
        }
    }

    /** From now on messages suffer what holds for the network. */
    public void reset() {
        set(null);
    }

    /**
     * Nothing comes through any more, neither what is under way nor what is sent. Sessions stay
     * open, and nobody is told.
     */
    public void cut() {
        synchronized (wire) {
            if (!cut) {
                cut = true;
                wire.counters.cut.increment();
            }
        }
    }

    /** Messages that are sent from now on come through, unless a place at its end is isolated. */
    public void mend() {
        synchronized (wire) {
            cut = false;
        }
    }

    /** Whether nothing comes through. */
    public boolean isCut() {
        synchronized (wire) {
            return cut || from != to && (from.isolated || to.isolated);
        }
    }

    double slowness() {
        return to.slowness;
    }

    @Override
    public String toString() {
        return from.name + " to " + to.name;
    }
}
