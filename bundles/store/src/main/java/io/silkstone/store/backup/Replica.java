package io.silkstone.store.backup;

/** The copy of one segment of another server's log, as far as it is known. Threads: one. */
final class Replica {
    /** Of those that take no more steps. */
    static final long NO_STEPS = -1;

    final long segment;

    /** The last step that was written. */
    long sequence = NO_STEPS;

    /** Whether what follows is known: its file was written by this process, or read. */
    boolean isKnown;

    /** Whether its file was read, and cannot be believed. */
    boolean isDamaged;

    /** 0 when it has nothing of the segment, nor of any note. */
    long incarnation;

    /** Of entries. */
    int bytes;

    long noteNumber;
    boolean hasEnded;

    /** What was read from its file to be shown; null most of the time. */
    Entries loaded;

    Replica(long segment) {
        this.segment = segment;
    }

    /** Whether the next step of the copy {@code incarnation} can be added. */
    boolean grows(long incarnation) {
        return sequence != NO_STEPS && this.incarnation == incarnation;
    }

    /** Whether more is expected to come. */
    boolean isOpen() {
        return sequence != NO_STEPS && !hasEnded;
    }

    /** Whether recovery may use it; see {@link Backups}. */
    boolean counts(long epoch) {
        return isKnown && !isDamaged && incarnation > 0 && (hasEnded || incarnation >= epoch);
    }
}
