package io.silkstone.store.log;

/**
 * Who keeps copies of the log's segments outside memory, and what the log and its cleaner must ask
 * of it. Without any, {@link #NONE}, the log lives and dies with its process.
 */
public interface Copies {
    /** No copies are made. */
    Copies NONE =
            new Copies() {
                @Override
                public boolean areMade() {
                    return false;
                }

                @Override
                public void begun(Segment segment) {
                    // Nobody copies it.
                }

                @Override
                public void grown(Segment segment) {
                    // Nobody copies it.
                }

                @Override
                public void retired(Segment segment) {
                    // Nobody has a copy of it.
                }
            };

    /** Whether copies are made at all; always answers the same. */
    boolean areMade();

    /**
     * A segment has come into the log, of which these are told in the order of their ids. Under the
     * log's lock: must be quick, and not come back to the log.
     */
    void begun(Segment segment);

    /**
     * The cleaner has shown what it added to a segment, or has ended it. Before it tells of any
     * segment that has left the log for that. Threads: the cleaner's.
     */
    void grown(Segment segment);

    /**
     * A segment has left the log, since all that was wanted of it is in others. Its copy is needed
     * until theirs are as safe, and is not needed later than that of any segment that leaves after
     * it: tombstones go with a segment that bury objects of earlier ones. Threads: the cleaner's.
     */
    void retired(Segment segment);
}
