package io.silkstone.store.master;

/**
 * What a node knows of its process before this one, which may have been killed with a lease: the
 * coordinator need not wait for the end of that when the process has certainly ended. Called by one
 * thread at a time, before each enlistment; may write a small file.
 */
public interface Predecessor {
    /** Nothing is known, so that the coordinator waits. */
    Predecessor UNKNOWN =
            new Predecessor() {
                @Override
                public long ended() {
                    return NONE;
                }

                @Override
                public void enlists(long boot) {}
            };

    /** No boot. */
    long NONE = 0;

    /**
     * The boot under which an earlier process of this node has enlisted, when it is certain that it
     * has ended; {@link #NONE} else. Who says it and is wrong has two servers serve one tablet.
     */
    long ended();

    /** This process is about to enlist under {@code boot}, for the next one to know. */
    void enlists(long boot);
}
