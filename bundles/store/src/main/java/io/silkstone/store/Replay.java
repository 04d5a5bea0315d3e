package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.Status;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.lang.foreign.MemorySegment;

/**
 * Takes entries of another server's log into a tablet of this store that is {@link Incoming}:
 * Rocksteady's replay (SOSP 2017, section 3.3).
 *
 * <p>They may come in any order, several times, and from many threads that have a Replay each:
 * clients change objects of the tablet meanwhile, and what is here is never older than what comes.
 * So an object is taken if there is none of its key and its hash is not known. Entries are appended
 * as they are, version and all, for the next request may depend on that; checksums are compared
 * where they lie, so that nothing that went wrong on the way is ever shown.
 *
 * <p>Threads: one.
 */
public final class Replay implements AutoCloseable {
    /** How often in a row room is looked for before the caller is told that there is none. */
    private static final int ATTEMPTS_MAX = 64;

    /** So many entries' lines are read before the first of them is looked for. */
    private static final int PREFETCH = 32;

    private static final int PERCENT = 100;

    /** How full this store's memory may get by what comes. */
    private static final int FILLED_PERCENT_MAX = 92;

    /** What an object costs in the hash table. */
    private static final int INDEX_BYTES = 13;

    /** A slice of growing ahead: some ten microseconds. */
    private static final int SPLITS = 512;

    private final Store store;
    private final TableData table;
    private final Incoming incoming;

    /** What is filled before it is a tablet; null when it is one. */
    private final TabletRange ahead;

    private final StoreSession session;
    private final TabletGate gate;
    private final Log log;
    private final EntryWriter writer;
    private final Key key = new Key();

    /** What prefetching returned, so that the compiler does not drop it. */
    private long prefetched;

    private long objects;
    private long damaged;

    /** What the last attempt found no room for: bytes of the log, or 0 for the hash table's. */
    private int lacking;

    /** Who wants that, of those that {@link #renew} knows. */
    private Claimant claimant = Claimant.WRITE;

    /** Of the tablet to which objects come with {@code incoming}. */
    Replay(Store store, TableData table, Incoming incoming, StoreSession session) {
        this(store, table, incoming, null, session);
    }

    /** Of a tablet that is to be, in the range that is reserved for it. */
    Replay(Store store, TableData table, TabletRange reserved, StoreSession session) {
        this(store, table, null, reserved, session);
    }

    private Replay(
            Store store,
            TableData table,
            Incoming incoming,
            TabletRange ahead,
            StoreSession session) {
        this.store = store;
        this.table = table;
        this.incoming = incoming;
        this.ahead = ahead;
        this.session = session;
        gate = store.gate();
        log = store.log();
        writer = new EntryWriter(log, new Checksum(store.pool()));
    }

    /**
     * Takes entries, one after the other, each a multiple of eight behind the one before.
     *
     * @param address native memory, a multiple of four
     * @return how many bytes of them are done: less than {@code bytes} when memory is full, or when
     *     what follows is damaged; see {@link #damaged}
     */
    public long take(long address, long bytes) {
        long end = address + bytes;
        long entry = address;
        session.enter();
        try {
            long ahead = address;
            while (entry < end && isWhole(entry, end)) {
                ahead = entry == ahead ? prefetch(entry, end) : ahead;
                if (!takeEntry(entry)) {
                    break;
                }
                entry += Entry.strideOf(Entry.header(entry));
            }
        } finally {
            session.room().abandonAhead();
            session.exit();
        }
        return entry - address;
    }

    /** Returns where the next such look is due. */
    private long prefetch(long first, long end) {
        HashTable index = table.index();
        long entry = first;
        long sum = 0;
        for (int count = 0; count < PREFETCH && index != null; count++) {
            if (end - entry < Entry.HEADER_BYTES) {
                break;
            }
            sum += index.prefetch(Entry.keyHash(entry));
            entry += Entry.strideOf(Entry.header(entry));
        }
        prefetched = sum;
        return entry;
    }

    /**
     * How many bytes are left for what comes, when all that can be cleaned has been: less than
     * there are, since memory that is full to the last is slow, and what is here grows too.
     */
    public long bytesLeft() {
        KvStore.Usage usage = store.usage();
        long most = usage.capacity() / PERCENT * FILLED_PERCENT_MAX;
        return Math.max(0, most - usage.logLive() - usage.hashTables());
    }

    /** What {@code objects} that take {@code bytes} of the log need in all. */
    public static long bytesFor(long objects, long bytes) {
        return bytes + objects * INDEX_BYTES;
    }

    /**
     * Prepares for {@code objects} that are to come, a slice at a time: they take less time then.
     *
     * @return whether there is more to do
     */
    public boolean expect(long objects) {
        session.enter();
        try {
            HashTable index = table.index();
            return index != null && index.growFor(objects, SPLITS);
        } finally {
            session.exit();
        }
    }

    private boolean isWhole(long entry, long end) {
        boolean hasHeader = end - entry >= Entry.HEADER_BYTES;
        int header = hasHeader ? Entry.header(entry) : 0;
        boolean whole =
                Entry.length(header) >= Entry.HEADER_BYTES && Entry.strideOf(header) <= end - entry;
        damaged += whole ? 0 : 1;
        return whole;
    }

    private boolean takeEntry(long entry) {
        int type = Entry.type(Entry.header(entry));
        long hash = Entry.keyHash(entry);
        int bytes = Entry.strideOf(Entry.header(entry));
        long damagedBefore = damaged;
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            // As any operation: somebody may be about to take the tablet away, or all of the table.
            if (gate.isActive()) {
                gate.pass(session, table, hash);
            }
            if (!isWanted(entry, type)) {
                return true;
            }
            boolean done = type == Entry.OBJECT ? takeObject(entry) : takeResult(entry);
            if (done) {
                return damaged == damagedBefore;
            }
            session.room().abandonAhead();
            Claimant claimant = lacking == 0 ? Claimant.TABLE : Claimant.WRITE;
            Status made = store.admission().makeRoom(session, bytes, claimant, attempt);
            if (made == Status.OUT_OF_MEMORY) {
                return false;
            }
        }
        return false;
    }

    private boolean isWanted(long entry, int type) {
        long hash = Entry.keyHash(entry);
        boolean isOfTable = Entry.tableId(entry) == table.id();
        return isOfTable
                && switch (type) {
                    case Entry.OBJECT ->
                            ahead == null
                                    ? table.incoming(hash) == incoming
                                    : table.tabletOf(hash) == ahead;
                    case Entry.RESULT -> table.holds(hash);
                    default -> false;
                };
    }

    /** Whether it is here, or is not wanted; if not, there is no room. */
    private boolean takeObject(long entry) {
        long hash = Entry.keyHash(entry);
        if (Entry.isExpired(entry, store.nowMillis())) {
            return true;
        }
        HashTable index = table.index();
        if (index == null) {
            return true;
        }
        int bytes = Entry.strideOf(Entry.header(entry));
        key.wrap(Memory.ALL, Entry.keyAddress(entry), Entry.keyLength(entry), hash);
        long line = index.lock(hash);
        try {
            if (incoming != null && incoming.knows(hash) || index.locate(line, key) != 0) {
                return true;
            }
            long target = index.claim(line);
            lacking = target == 0 ? 0 : bytes;
            long copy = target == 0 ? 0 : session.room().claim(bytes);
            if (copy == 0) {
                return false;
            }
            session.room().appended(bytes);
            if (!writer.copy(entry, copy)) {
                damaged++;
                return true;
            }
            index.fill(target, hash, copy);
            session.gave(Entry.version(entry));
            objects++;
        } finally {
            index.unlock(line);
        }
        index.grow();
        table.expectExpiry(Entry.expiryMillis(entry));
        return true;
    }

    /**
     * Has the range hold of some hashes what these entries are, and nothing else: what is newer in
     * them takes the place of what is here, and what is not among them is removed. Only in a range
     * that is reserved, in which nobody else changes anything; and what comes must have been read
     * after all that has come before.
     *
     * <p>What goes is buried where objects are: it is in this store's log, and whoever reads that
     * one day must not bring it back.
     *
     * @param address native memory, a multiple of four
     * @param hashes each with its entries, if there are any, in the same order
     * @return false when memory is full, or an entry damaged, see {@link #damaged}; to be done
     *     again from the beginning
     */
    public boolean renew(long address, long bytes, long[] hashes) {
        assert ahead != null;
        session.enter();
        try {
            long end = address + bytes;
            if (endOf(address, end, hashes) != end) {
                damaged++;
                return false;
            }
            long entry = address;
            boolean done = true;
            for (int index = 0; index < hashes.length && done; index++) {
                long next = endOf(entry, end, hashes[index]);
                done = renew(entry, next, hashes[index]);
                entry = next;
            }
            return done;
        } finally {
            session.room().abandonAhead();
            session.exit();
        }
    }

    /** Where entries of {@code hashes} end that begin at {@code first}. */
    private static long endOf(long first, long end, long... hashes) {
        long entry = first;
        for (long hash : hashes) {
            while (end - entry >= Entry.HEADER_BYTES && Entry.keyHash(entry) == hash) {
                int header = Entry.header(entry);
                if (Entry.length(header) < Entry.HEADER_BYTES
                        || Entry.strideOf(header) > end - entry) {
                    return entry;
                }
                entry += Entry.strideOf(header);
            }
        }
        return entry;
    }

    /** Whether that is done; if not, there is no room, or an entry is damaged. */
    private boolean renew(long first, long end, long hash) {
        long damagedBefore = damaged;
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            if (gate.isActive()) {
                gate.pass(session, table, hash);
            }
            HashTable index = table.index();
            if (index == null || table.tabletOf(hash) != ahead) {
                return true;
            }
            if (removeOthers(index, first, end, hash) && takeNewer(index, first, end)) {
                return true;
            }
            session.room().abandonAhead();
            if (damaged != damagedBefore) {
                return false;
            }
            Status made = store.admission().makeRoom(session, lacking, claimant, attempt);
            if (made == Status.OUT_OF_MEMORY) {
                return false;
            }
        }
        return false;
    }

    /** Removes objects of {@code hash} whose keys these entries have not. */
    private boolean removeOthers(HashTable index, long first, long end, long hash) {
        long[] found = new long[1];
        boolean done = true;
        do {
            found[0] = 0;
            index.scan(
                    hash,
                    entry -> {
                        boolean isOther =
                                Entry.keyHash(entry) == hash && !hasKeyOf(first, end, entry);
                        found[0] = isOther ? entry : found[0];
                    });
            done = found[0] == 0 || remove(index, found[0]);
        } while (done && found[0] != 0);
        return done;
    }

    private static boolean hasKeyOf(long first, long end, long object) {
        boolean found = false;
        for (long entry = first; entry < end; entry += Entry.strideOf(Entry.header(entry))) {
            int length = Entry.keyLength(entry);
            long from = Entry.keyAddress(entry);
            long other = Entry.keyAddress(object);
            found |=
                    length == Entry.keyLength(object)
                            && MemorySegment.mismatch(
                                            Memory.ALL,
                                            from,
                                            from + length,
                                            Memory.ALL,
                                            other,
                                            other + length)
                                    < 0;
        }
        return found;
    }

    private boolean remove(HashTable index, long object) {
        long hash = Entry.keyHash(object);
        key.wrap(Memory.ALL, Entry.keyAddress(object), Entry.keyLength(object), hash);
        long line = index.lock(hash);
        try {
            long place = index.locate(line, key);
            if (place == 0) {
                // It has just expired.
                return true;
            }
            long old = index.entryAt(place);
            int bytes = tombstoneBytes();
            long tombstone = bytes == 0 ? 0 : log.claimForRemoval(bytes);
            if (bytes > 0 && tombstone == 0) {
                return lacks(bytes, Claimant.REMOVE);
            }
            if (bytes > 0) {
                session.room().appended(bytes);
                writer.bury(tombstone, old);
            }
            index.remove(place);
            log.entryDied(old);
            return true;
        } finally {
            index.unlock(line);
        }
    }

    /** What it takes to bury an object of the key. */
    private int tombstoneBytes() {
        return store.writesTombstones() ? Entry.stride(Entry.tombstoneLength(key.length())) : 0;
    }

    private boolean lacks(int bytes, Claimant wanting) {
        lacking = bytes;
        claimant = wanting;
        return false;
    }

    private boolean takeNewer(HashTable index, long first, long end) {
        long damagedBefore = damaged;
        boolean done = true;
        for (long entry = first; entry < end && done; ) {
            done = takeNewer(index, entry) && damaged == damagedBefore;
            entry += Entry.strideOf(Entry.header(entry));
        }
        return done;
    }

    private boolean takeNewer(HashTable index, long entry) {
        long hash = Entry.keyHash(entry);
        key.wrap(Memory.ALL, Entry.keyAddress(entry), Entry.keyLength(entry), hash);
        long line = index.lock(hash);
        try {
            long place = index.locate(line, key);
            long old = place == 0 ? 0 : index.entryAt(place);
            if (old != 0) {
                return Entry.version(old) >= Entry.version(entry)
                        || replace(index, place, old, entry);
            }
        } finally {
            index.unlock(line);
        }
        int bytes = Entry.strideOf(Entry.header(entry));
        boolean taken = takeObject(entry);
        return taken || lacks(bytes, lacking == 0 ? Claimant.TABLE : Claimant.WRITE);
    }

    /**
     * Of the same key, under the lock of its line; false when there is no room, or it is damaged.
     */
    private boolean replace(HashTable index, long place, long old, long entry) {
        int bytes = Entry.strideOf(Entry.header(entry));
        int room = bytes + tombstoneBytes();
        long copy = session.room().claim(room);
        if (copy == 0) {
            return lacks(room, Claimant.WRITE);
        }
        session.room().appended(room);
        if (!writer.layCopy(entry, copy)) {
            log.abandon(copy, room);
            damaged++;
            return false;
        }
        if (room > bytes) {
            writer.bury(copy + bytes, old);
        }
        writer.commitCopy(entry, copy);
        index.replace(place, copy);
        log.entryDied(old);
        session.gave(Entry.version(entry));
        objects++;
        table.expectExpiry(Entry.expiryMillis(entry));
        return true;
    }

    private boolean takeResult(long entry) {
        int bytes = Entry.strideOf(Entry.header(entry));
        long copy = session.room().claim(bytes);
        lacking = bytes;
        if (copy == 0) {
            return false;
        }
        session.room().appended(bytes);
        if (!writer.copy(entry, copy)) {
            damaged++;
        } else if (!store.leaseTable().adopt(copy)) {
            log.entryDied(copy);
        }
        return true;
    }

    /** How many objects have come that were not here, or not as they are now. */
    public long objects() {
        return objects;
    }

    /** How many entries were not as they were sent; none of them is in the store. */
    public long damaged() {
        return damaged;
    }

    @Override
    public void close() {
        session.close();
    }
}
