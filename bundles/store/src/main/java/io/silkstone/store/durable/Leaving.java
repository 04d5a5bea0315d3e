package io.silkstone.store.durable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Segments that are not in the log any more and have copies all the same, until these are removed.
 *
 * <p>Threads: {@link #add} and {@link #ids} any; the others the keeper's.
 */
final class Leaving {
    /** Ascending. */
    private volatile long[] ids;

    /** Of those that were in this process's log: {@link Copy#safeBytes}. */
    private final Map<Long, Integer> safeBytes = new HashMap<>();

    /** Those that the log before left, which have copies for certain. */
    Leaving(long[] inherited) {
        ids = inherited;
    }

    long[] ids() {
        return ids;
    }

    synchronized void add(long id) {
        long[] longer = Arrays.copyOf(ids, ids.length + 1);
        longer[ids.length] = id;
        Arrays.sort(longer);
        ids = longer;
    }

    /** Nothing more is copied of one that was added. */
    void departed(Copy copy) {
        safeBytes.put(copy.segment.id(), copy.safeBytes);
    }

    /** What was written to a copy by now is safe, also if its segment has departed since. */
    void isSafe(Copy copy) {
        copy.isSafe();
        safeBytes.replace(copy.segment.id(), copy.safeBytes);
    }

    /** Nothing of those that departed is safe in this log, nor will be. */
    void forgetWhatIsSafe() {
        safeBytes.replaceAll((id, bytes) -> Copy.NOT_SAFE);
    }

    /** Says of each what a note does. */
    void note(TreeMap<Long, Integer> least) {
        for (long id : ids) {
            least.put(id, safeBytes.getOrDefault(id, 0) + 1);
        }
    }

    /** The copies of these are removed. */
    synchronized void remove(Set<Long> gone) {
        ids = Arrays.stream(ids).filter(id -> !gone.contains(id)).toArray();
        safeBytes.keySet().removeAll(gone);
    }
}
