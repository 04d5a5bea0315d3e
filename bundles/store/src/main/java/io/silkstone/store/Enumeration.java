package io.silkstone.store;

import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.store.index.EntryVisitor;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import java.util.random.RandomGenerator;

/**
 * One session's way through all objects of a table, or to any of them. Shows what this store owns
 * and what has not expired. Threads: one, inside an epoch.
 */
final class Enumeration {
    private static final int LINES_PER_OBJECT_MAX = 10;
    private static final int RANDOM_ATTEMPTS = 100;

    private final Store store;
    private final EntryView view;
    private final RandomGenerator random;
    private final EntryVisitor onEntry = this::visit;

    private TableData table;
    private ObjectVisitor visitor;
    private int visited;

    Enumeration(Store store, EntryView view, RandomGenerator random) {
        this.store = store;
        this.view = view;
        this.random = random;
    }

    /** See {@link io.silkstone.api.store.KvSession#scan}. */
    long scan(TableData table, HashTable index, long cursor, int count, ObjectVisitor visitor) {
        this.table = table;
        this.visitor = visitor;
        visited = 0;
        long next = cursor;
        long linesLeft = (long) Math.max(count, 1) * LINES_PER_OBJECT_MAX;
        do {
            next = index.scan(next, onEntry);
            linesLeft--;
        } while (next != 0 && visited < count && linesLeft > 0);
        this.visitor = null;
        view.wrap(0);
        return next;
    }

    private void visit(long entry) {
        if (isShown(entry)) {
            visited++;
            view.wrap(entry);
            visitor.visit(view);
        }
    }

    private boolean isShown(long entry) {
        return !Entry.isExpired(entry, store.nowMillis()) && table.owns(Entry.keyHash(entry));
    }

    /** Some entry of {@code index}; 0 for none. */
    long random(TableData table, HashTable index) {
        this.table = table;
        for (int attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) {
            long entry = index.random(random);
            if (entry == 0 || isShown(entry)) {
                return entry;
            }
        }
        return firstFrom(index, random.nextLong());
    }

    /** The first object in the order of a scan: for tables where nearly nothing is to be shown. */
    private long firstFrom(HashTable index, long start) {
        visitor = object -> {};
        visited = 0;
        long cursor = index.scan(start, onEntry);
        boolean wrapped = false;
        while (visited == 0 && !(wrapped && cursor == 0)) {
            wrapped |= cursor == 0;
            cursor = index.scan(cursor, onEntry);
        }
        visitor = null;
        return visited == 0 ? 0 : view.entry();
    }
}
