package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.Status;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool.Claimant;

/**
 * Takes what another log held into a store, record by record: RAMCloud's replay (section 4 of the
 * paper on its log, specs/rocksteady.md B.3).
 *
 * <p>Versions decide: an object is wanted if it is newer than what is there, and than what
 * tombstones have buried; so segments may come in any order, or twice. What is wanted is appended
 * to this store's own log, where it is settled as anything else is; the other one's copies must
 * stay until then. An object that was taken and then proves to be old is buried in this log as
 * well, for it has come to be in it.
 *
 * <p>Threads: one at a time. Others may use the store, but not what this brings.
 */
public final class LogReplay implements AutoCloseable {
    /** How often in a row room is looked for before the caller is told that there is none. */
    private static final int ATTEMPTS_MAX = 64;

    private final Store store;
    private final Scope scope;
    private final Graves graves;
    private final StoreSession session;
    private final Log log;
    private final Checksum checksum;
    private final EntryWriter writer;
    private final Key key = new Key();
    private long objects;
    private long damaged;

    // What the last attempt found no room for.

    private int lacking;
    private Claimant claimant = Claimant.WRITE;

    /** What of the other log is wanted. */
    interface Scope {
        /**
         * The table in which an entry with a key hash is wanted; null when it is not.
         *
         * @param segment of the other log, in which it lay
         */
        TableData tableFor(long entry, long segment);
    }

    /** Of what is in {@code scope}; {@code session} is closed with this. */
    LogReplay(Store store, Scope scope, Graves graves, StoreSession session) {
        this.store = store;
        this.scope = scope;
        this.graves = graves;
        this.session = session;
        log = store.log();
        checksum = new Checksum(store.pool());
        writer = new EntryWriter(log, checksum);
    }

    /**
     * Takes entries, one after the other, each at a multiple of eight.
     *
     * @param address native memory
     * @param segment of the other log, in which they lay
     * @return how many bytes of them are done: less than {@code bytes} when memory is full, or when
     *     what follows is damaged; see {@link #damaged}
     */
    public long take(long address, long bytes, long segment) {
        long end = address + bytes;
        long entry = address;
        session.enter();
        try {
            while (entry < end && isWhole(entry, end) && takeAndMakeRoom(entry, segment)) {
                entry += Entry.strideOf(Entry.header(entry));
            }
        } finally {
            session.room().abandonAhead();
            session.exit();
        }
        return entry - address;
    }

    private boolean isWhole(long entry, long end) {
        boolean hasHeader = end - entry >= Integer.BYTES;
        int header = hasHeader ? Entry.withoutDeadFlag(Memory.getInt(entry)) : 0;
        int least = Entry.type(header) == Entry.PADDING ? Integer.BYTES : Entry.HEADER_BYTES;
        boolean whole = Entry.length(header) >= least && Entry.strideOf(header) <= end - entry;
        damaged += whole ? 0 : 1;
        return whole;
    }

    private boolean takeAndMakeRoom(long entry, long segment) {
        long damagedBefore = damaged;
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            if (takeEntry(entry, segment)) {
                return damaged == damagedBefore;
            }
            session.room().abandonAhead();
            Status made = store.admission().makeRoom(session, lacking, claimant, attempt);
            if (made == Status.OUT_OF_MEMORY) {
                return false;
            }
        }
        return false;
    }

    /**
     * Takes one entry, inside a batch of the session.
     *
     * @return false when there is no room, of {@link #lackingBytes} for {@link #claimant}
     */
    boolean takeEntry(long entry, long segment) {
        int header = Entry.withoutDeadFlag(Memory.getInt(entry));
        switch (Entry.type(header)) {
            case Entry.OBJECT -> {
                return takeObject(entry, header, segment);
            }
            case Entry.TOMBSTONE -> {
                return takeTombstone(entry, segment);
            }
            case Entry.RESULT -> {
                return takeResult(entry, header, segment);
            }
            case Entry.SAFE_VERSION -> {
                log.versions().raiseAbove(Entry.version(entry) - 1);
                return true;
            }
            default -> {
                // Marks and padding mean something only where they were.
                return true;
            }
        }
    }

    private boolean lacks(int bytes, Claimant claimant) {
        lacking = bytes;
        this.claimant = claimant;
        return false;
    }

    private TableData tableFor(long entry, long segment) {
        long version = Entry.version(entry);
        // Whatever became of it, nothing here may get its version again.
        log.versions().raiseAbove(version);
        session.gave(version);
        TableData table = wanted(entry, segment);
        return table == null || table.index() == null ? null : table;
    }

    private TableData wanted(long entry, long segment) {
        TableData table = scope.tableFor(entry, segment);
        if (table != null && store.gate().isActive()) {
            // As any operation: somebody may be about to take the range away.
            store.gate().pass(session, table, Entry.keyHash(entry));
            table = scope.tableFor(entry, segment);
        }
        return table;
    }

    private boolean takeObject(long entry, int header, long segment) {
        TableData table = tableFor(entry, segment);
        if (table == null || Entry.isExpired(entry, store.nowMillis())) {
            return true;
        }
        key.wrap(Memory.ALL, Entry.keyAddress(entry), Entry.keyLength(entry));
        return tryObject(table, entry, header);
    }

    /** Whether it is there, or is not wanted; if not, there is no room. */
    private boolean tryObject(TableData table, long entry, int header) {
        HashTable index = table.index();
        int bytes = Entry.strideOf(header);
        long line = index.lock(key.hash());
        try {
            long place = index.locate(line, key);
            long old = place == 0 ? 0 : index.entryAt(place);
            boolean isOld =
                    old != 0 && Entry.version(old) >= Entry.version(entry)
                            || graves.versionOf(table.id(), key) >= Entry.version(entry);
            if (isOld) {
                return true;
            }
            long target = place == 0 ? index.claim(line) : place;
            if (target == 0) {
                return lacks(0, Claimant.TABLE);
            }
            int tombstone = old == 0 ? 0 : Entry.stride(Entry.tombstoneLength(key.length()));
            long copy = session.room().claim(bytes + tombstone);
            if (copy == 0) {
                return lacks(bytes + tombstone, Claimant.WRITE);
            }
            if (!copy(entry, header, copy)) {
                log.abandon(copy, bytes + tombstone);
                damaged++;
                return true;
            }
            if (old == 0) {
                Memory.putIntRelease(copy, header);
                index.fill(target, key.hash(), copy);
                objects++;
            } else {
                writer.bury(copy + bytes, old);
                Memory.putIntRelease(copy, header);
                index.replace(place, copy);
                log.entryDied(old);
            }
            table.expectExpiry(Entry.expiryMillis(entry));
        } finally {
            index.unlock(line);
        }
        index.grow();
        return true;
    }

    /** All but the header word, which makes an entry whole; false when it is damaged. */
    private boolean copy(long entry, int header, long copy) {
        int length = Entry.length(header);
        Memory.copy(entry + Integer.BYTES, copy + Integer.BYTES, length - Integer.BYTES);
        return Entry.isIntact(header, copy, checksum);
    }

    private boolean takeTombstone(long entry, long segment) {
        TableData table = tableFor(entry, segment);
        if (table == null) {
            return true;
        }
        key.wrap(Memory.ALL, Entry.keyAddress(entry), Entry.keyLength(entry));
        long present = table.index().find(key);
        if (present != 0 && Entry.version(present) > Entry.version(entry)) {
            // It keeps older ones out as a grave would; nearly every overwrite has one.
            return true;
        }
        if (!graves.add(key, entry)) {
            return lacks(0, Claimant.TABLE);
        }
        return tryBury(table, Entry.version(entry));
    }

    private boolean tryBury(TableData table, long version) {
        HashTable index = table.index();
        long line = index.lock(key.hash());
        try {
            long place = index.locate(line, key);
            long old = place == 0 ? 0 : index.entryAt(place);
            if (old == 0 || Entry.version(old) > version) {
                return true;
            }
            int bytes = Entry.stride(Entry.tombstoneLength(key.length()));
            long tombstone = log.claimForRemoval(bytes);
            if (tombstone == 0) {
                return lacks(bytes, Claimant.REMOVE);
            }
            writer.bury(tombstone, old);
            index.remove(place);
            log.entryDied(old);
            objects--;
            return true;
        } finally {
            index.unlock(line);
        }
    }

    private boolean takeResult(long entry, int header, long segment) {
        if (wanted(entry, segment) == null) {
            return true;
        }
        int bytes = Entry.strideOf(header);
        long copy = session.room().claim(bytes);
        if (copy == 0) {
            return lacks(bytes, Claimant.WRITE);
        }
        if (!copy(entry, header, copy)) {
            log.abandon(copy, bytes);
            damaged++;
            return true;
        }
        Memory.putIntRelease(copy, header);
        if (!store.leaseTable().adopt(copy)) {
            log.entryDied(copy);
        }
        return true;
    }

    /** How many objects have come that are still there. */
    public long objects() {
        return objects;
    }

    /** How many entries were not as they were written; none of them is in the store. */
    public long damaged() {
        return damaged;
    }

    StoreSession session() {
        return session;
    }

    int lackingBytes() {
        return lacking;
    }

    Claimant claimant() {
        return claimant;
    }

    @Override
    public void close() {
        session.close();
    }
}
