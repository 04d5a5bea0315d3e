package io.silkstone.threads.kernel;

/** The processors that this process may use. Threads: any, unless it says otherwise. */
public interface Processors {
    /** Returned when a thread is on no certain processor. */
    int NONE = -1;

    /** How many there are, at least 1. */
    int count();

    /**
     * Binds the calling thread to one processor, and asks the system to give it its turns often
     * rather than long: when it has to share the processor, it waits for less.
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

    /**
     * Has every thread of the process that is bound to no processor by {@link #pin} step back
     * behind those that are: compilers, shells and whatever else works beside the cores no longer
     * takes a processor from one of them for a whole turn of the system. The collector's threads,
     * which all others wait for, keep their place. A thread starts as far back as the one that
     * started it and cannot come forward again, so kernel threads of cores are to be started by the
     * caller of this, or before the first call.
     *
     * @param nice how far behind the nice value that the process was started with, from 1 to 19
     * @return whether the calling thread stands before the others now; it does not when it was
     *     started by one that had stepped back, and the system does not let it forward again
     */
    boolean stepBack(int nice);

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
            public boolean stepBack(int nice) {
                return true;
            }

            @Override
            public void forget() {}
        };
    }
}
