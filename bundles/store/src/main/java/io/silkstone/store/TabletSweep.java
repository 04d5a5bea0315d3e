package io.silkstone.store;

import io.silkstone.store.index.EntryVisitor;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.results.Lease;
import io.silkstone.store.results.Leases;
import java.util.function.LongPredicate;

/**
 * Removes what is left of tablets that were dropped: their objects, in a pass through the table's
 * lines, and the results of requests on them, in a pass through all leases. Of a table that was
 * dropped only results are left, for the {@link Sweeper} empties its hash table.
 *
 * <p>One pass of each does, for when a range begins to leave, nobody else is at work on it, and
 * nobody adds to it afterwards. The cleaner may move an entry between a look at it and its removal:
 * then the same lines are looked at again.
 *
 * <p>The {@link Sweeper} drives it, in slices, one thread at a time, inside an epoch.
 */
final class TabletSweep {
    private static final int LINES_PER_SLICE = 128;
    private static final int LEASES_PER_SLICE = 16;
    private static final Lease[] NONE = {};

    private final Tables tables;
    private final Log log;
    private final Leases leases;
    private final EntryVisitor onEntry = this::visit;
    private final LongPredicate isUnwanted;

    private TableData table;
    private HashTable index;
    private TabletRange[] ranges;
    private long departures;
    private long cursor;
    private boolean objectsLeft;
    private boolean missed;
    private Lease[] leasesLeft = NONE;
    private int leasesDone;

    TabletSweep(Tables tables, Log log, Leases leases) {
        this.tables = tables;
        this.log = log;
        this.leases = leases;
        isUnwanted = entry -> !tables.isHeld(Entry.tableId(entry), Entry.keyHash(entry));
    }

    /** Whether there is something to remove. */
    boolean isPending() {
        return nextTable() != null;
    }

    private TableData nextTable() {
        for (TableData each : tables.all()) {
            if (each.isDeparting()) {
                return each;
            }
        }
        return null;
    }

    /**
     * Does a slice.
     *
     * @return false when there is nothing to do
     */
    boolean slice() {
        if (table == null && !begin()) {
            return false;
        }
        // A table that was cleared or dropped meanwhile has left its objects to the sweeper.
        objectsLeft &= table.index() == index;
        if (objectsLeft) {
            sweepLines();
        } else if (leasesDone < leasesLeft.length) {
            sweepLeases();
        } else {
            table.departed(ranges, departures);
            tables.swept(table);
            table = null;
            index = null;
            ranges = null;
            leasesLeft = NONE;
        }
        return true;
    }

    private boolean begin() {
        table = nextTable();
        if (table == null) {
            return false;
        }
        // First of all: what departs from here on takes another pass.
        departures = table.departures();
        ranges = table.tablets();
        index = table.index();
        cursor = 0;
        objectsLeft = index != null;
        leasesLeft = leases.all();
        leasesDone = 0;
        return true;
    }

    private void sweepLines() {
        for (int line = 0; line < LINES_PER_SLICE && objectsLeft; line++) {
            long next;
            do {
                missed = false;
                next = index.scan(cursor, onEntry);
            } while (missed);
            cursor = next;
            objectsLeft = next != 0;
        }
    }

    private void visit(long entry) {
        long hash = Entry.keyHash(entry);
        if (table.holds(hash)) {
            return;
        }
        if (index.removeIf(hash, entry)) {
            log.entryDied(entry);
        } else {
            missed = true;
        }
    }

    private void sweepLeases() {
        int end = Math.min(leasesDone + LEASES_PER_SLICE, leasesLeft.length);
        while (leasesDone < end) {
            leasesLeft[leasesDone++].dropIf(isUnwanted);
        }
    }
}
