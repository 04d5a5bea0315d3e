package io.silkstone.store.durable;

import io.silkstone.store.log.Segment;

/** A segment's copy, and how far it has come. Threads: the keeper's. */
final class Copy {
    static final int NOT_SAFE = -1;

    final Segment segment;

    /** Up to where it has come. */
    long end;

    /** Whether it has a file. */
    boolean begun;

    /**
     * How many bytes of it are safe in its file; -1 if that may not be there after a crash. While
     * it is begun anew the one before counts, which stays until the new one is safe: a note must
     * not say that there may be neither. Only in another log nothing of it is safe.
     */
    int safeBytes = NOT_SAFE;

    /** Whether the segment was closed when it was last looked at. */
    boolean wasClosed;

    /** Whether all that writers added is settled. */
    boolean settled;

    /** Whether the file was told that nothing more comes. */
    boolean ended;

    /** Bytes of notes in its file. */
    long noteBytes;

    /** How many notes had been asked for when the last one was written to its file. */
    long noted = -1;

    Copy(Segment segment) {
        this.segment = segment;
        end = segment.begin();
    }

    /** All of it has to be written again. */
    void beginsAnew() {
        begun = false;
        end = segment.begin();
        noteBytes = 0;
    }

    /** All that was written to its file by now is safe. */
    void isSafe() {
        if (begun) {
            safeBytes = (int) (end - segment.begin());
        }
    }

    /** Whether it may not be there after a crash, though it was begun. */
    boolean isDoubtful() {
        return begun && safeBytes == NOT_SAFE;
    }

    /** Whether writers wait for it. */
    boolean isOpen() {
        return !settled && !segment.isSurvivor();
    }

    /** Whether writers' entries are all copied. */
    boolean isWhole() {
        return wasClosed && end == segment.end();
    }
}
