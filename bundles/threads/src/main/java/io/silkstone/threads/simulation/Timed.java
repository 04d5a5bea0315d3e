package io.silkstone.threads.simulation;

/** Something that comes due; of two at the same moment the one with the lower order comes first. */
abstract class Timed implements Comparable<Timed> {
    /** Does not change while it is queued. */
    long deadline;

    private final long order;

    Timed(long order) {
        this.order = order;
    }

    /** On the driver: its time has come, and it is queued no longer. */
    abstract void due();

    @Override
    public final int compareTo(Timed other) {
        return deadline == other.deadline
                ? Long.compare(order, other.order)
                : Long.compare(deadline, other.deadline);
    }
}
