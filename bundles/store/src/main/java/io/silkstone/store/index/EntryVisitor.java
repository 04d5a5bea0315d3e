package io.silkstone.store.index;

/** Sees entries that a scan meets. */
@FunctionalInterface
public interface EntryVisitor {
    /**
     * Called without any lock; the entry stays where it is for as long as the caller's epoch lasts.
     * It may have been replaced or removed a moment ago.
     *
     * @param entry address of the log entry
     */
    void visit(long entry);
}
