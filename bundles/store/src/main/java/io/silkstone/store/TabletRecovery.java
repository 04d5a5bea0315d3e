package io.silkstone.store;

import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Fills reserved ranges of a store with what logs of other servers hold of them, in whatever order
 * that comes: RAMCloud's recovery master (TOCS 2015, section 5.4). Of a log that is read counts
 * what its server served of those ranges at last, and what has come to it since it did.
 *
 * <p>Threads: one at a time.
 */
public final class TabletRecovery implements AutoCloseable {
    private final Store store;
    private final Graves graves;

    TabletRecovery(Store store) {
        this.store = store;
        graves = new Graves(store.pool(), store.backoff());
    }

    /** What a log says of its tables at last, and what is wanted of it. */
    private static final class Scope implements LogReplay.Scope {
        private final Map<Integer, TabletRange[]> ranges = new HashMap<>();
        private final List<Reservation> targets;

        Scope(StoreNote note, List<Reservation> targets) {
            this.targets = targets;
            for (StoreNote.Table table : note.tables()) {
                ranges.put(table.id(), table.ranges().toArray(TabletRange[]::new));
            }
        }

        @Override
        public TableData tableFor(long entry, long segment) {
            int table = Entry.tableId(entry);
            long hash = Entry.keyHash(entry);
            TabletRange range = TableData.rangeOf(ranges.get(table), hash);
            // Results have no version.
            boolean isResult = Entry.type(Memory.getInt(entry)) == Entry.RESULT;
            boolean counts =
                    range != null
                            && range.isHeld()
                            && segment >= range.since
                            && (isResult || Entry.version(entry) >= range.floor);
            if (!counts) {
                return null;
            }
            for (Reservation target : targets) {
                if (target.contains(table, hash)) {
                    return target.tableFor(hash);
                }
            }
            return null;
        }
    }

    /**
     * A way in for one log.
     *
     * @param storeNote what the log's newest note says of tables
     * @param targets what is to be filled; what other ranges had is left out
     * @throws IOException when the note cannot be read; the message is for operators
     */
    public LogReplay openReplay(byte[] storeNote, List<Reservation> targets) throws IOException {
        Scope scope = new Scope(StoreNote.decode(storeNote), targets);
        return new LogReplay(store, scope, graves, store.openReplaySession());
    }

    /** Forgets what was removed; after all replays are closed. */
    @Override
    public void close() {
        graves.close();
    }
}
