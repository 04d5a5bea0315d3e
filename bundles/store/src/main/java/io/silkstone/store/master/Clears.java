package io.silkstone.store.master;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The last {@value #REQUESTS_MAX} requests to clear a table, so that one that comes again does not
 * remove what was written since. A server that starts anew has nothing that it could remove, and
 * those that meant its predecessor are refused. Threads: any.
 */
final class Clears {
    static final int REQUESTS_MAX = 1_024;

    /** The number of a request that may be made again. */
    private static final long UNNAMED = 0;

    /** Whether it is done, by its number; in the order in which they came. */
    private final Map<Long, Boolean> requests = new LinkedHashMap<>();

    /** What is to be done about a request. */
    enum Turn {
        /** Clear, then call {@link #end}. */
        CLEAR,
        /** Say that it was done. */
        DONE,
        /** Ask again: another thread is at it. */
        UNDER_WAY
    }

    /** The request {@code number} has come. */
    synchronized Turn begin(long number) {
        if (number == UNNAMED) {
            return Turn.CLEAR;
        }
        Boolean done = requests.putIfAbsent(number, false);
        if (requests.size() > REQUESTS_MAX) {
            requests.remove(requests.keySet().iterator().next());
        }
        return done == null ? Turn.CLEAR : done ? Turn.DONE : Turn.UNDER_WAY;
    }

    /** It was done, or else nothing was. */
    synchronized void end(long number, boolean done) {
        if (done) {
            requests.computeIfPresent(number, (key, before) -> true);
        } else {
            requests.remove(number);
        }
    }
}
