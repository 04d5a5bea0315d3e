package io.silkstone.threads.kernel;

/** The processors that this process may use. Threads: any, unless it says otherwise. */
public interface Processors {
    /** Returned when a thread is on no certain processor. */
    int NONE = -1;

    /** How many there are, at least 1. */
    int count();

    /**
     * Binds the calling thread to one processor.
     *
     * @param index which, from 0 to {@link #count} - 1
     * @return the system's number of it, or {@link #NONE} when the thread was left unbound
     */
    int pin(int index);

    /**
     * Frees threads that have inherited a binding: a thread starts with the binding of the one that
     * started it, so whatever a pinned thread makes the JVM start (compilers, carriers of virtual
     * threads) would share its processor for ever. Each thread is looked at once, when it is new:
     * what was bound before this was made, and what somebody binds later, stays bound.
     */
    void freeInheritors();

    /** The calling thread ends: it is no longer one that {@link #freeInheritors} passes over. */
    void forget();

    /**
     * As many processors as the JVM counts, without pinning: for systems other than Linux, and for
     * those who do not want it.
     */
    static Processors unpinned(int count) {
        return new Processors() {
            @Override
            public int count() {
                return count;
            }

            @Override
            public int pin(int index) {
                return NONE;
            }

            @Override
            public void freeInheritors() {}

            @Override
            public void forget() {}
        };
    }
}
