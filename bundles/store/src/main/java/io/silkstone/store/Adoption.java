package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.Status;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

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
 * <p>Not thread-safe; nobody else uses the store meanwhile.
 */
final class Adoption implements AutoCloseable {
    /** How often in a row room is looked for in vain: far more than a disk needs to settle it. */
    private static final int ATTEMPTS_MAX = 100_000;

    private final Store store;
    private final LogKeeper keeper;
    private final StoreSession session;
    private final Log log;
    private final EntryWriter writer;
    private final Graves graves;
    private final Key key = new Key();
    private long taken;

    /** What the last attempt found no room for: bytes of the log, or 0 for a hash table's. */
    private int lacking;

    Adoption(Store store, LogKeeper keeper, StoreSession session) {
        this.store = store;
        this.keeper = keeper;
        this.session = session;
        log = store.log();
        writer = new EntryWriter(log, new Checksum(store.pool()));
        graves = new Graves(store.pool(), store.backoff());
    }

    /**
     * Takes all of {@code kept}.
     *
     * @return how many objects
     * @throws IOException when it cannot be read, or does not fit; the message is for operators
     */
    long take(KeptLog kept) throws IOException {
        log.versions().raiseAbove(kept.safeVersion() - 1);
        kept.forEach(this::takeSegment);
        return taken;
    }

    private void takeSegment(MemorySegment entries) throws IOException {
        session.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment aligned = arena.allocate(entries.byteSize(), Entry.ALIGNMENT);
            aligned.copyFrom(entries);
            long end = aligned.address() + aligned.byteSize();
            long entry = aligned.address();
            while (entry < end) {
                int header = Entry.withoutDeadFlag(Memory.getInt(entry));
                Memory.putInt(entry, header);
                takeEntry(entry, header);
                entry += Entry.strideOf(header);
            }
        } finally {
            session.exit();
        }
        keeper.doWork();
    }

    private void takeEntry(long entry, int header) throws IOException {
        switch (Entry.type(header)) {
            case Entry.OBJECT -> takeObject(entry);
            case Entry.TOMBSTONE -> takeTombstone(entry);
            case Entry.RESULT -> takeResult(entry);
            case Entry.SAFE_VERSION -> log.versions().raiseAbove(Entry.version(entry) - 1);
            default -> {
                // Marks and padding mean something only where they were.
            }
        }
    }

    /** The table that an object or tombstone is wanted in; null when it is not. */
    private TableData tableFor(long entry) {
        long version = Entry.version(entry);
        // Whatever became of it, nothing here may get its version again.
        log.versions().raiseAbove(version);
        session.gave(version);
        TableData table = store.tableData(Entry.tableId(entry));
        if (table == null) {
            return null;
        }
        TabletRange range = table.tabletOf(Entry.keyHash(entry));
        return range.owned && version >= range.floor ? table : null;
    }

    private void takeObject(long entry) throws IOException {
        TableData table = tableFor(entry);
        if (table == null || Entry.isExpired(entry, store.nowMillis())) {
            return;
        }
        key.wrap(Memory.ALL, Entry.keyAddress(entry), Entry.keyLength(entry));
        if (graves.versionOf(table.id(), key) >= Entry.version(entry)) {
            return;
        }
        for (int attempt = 0; !tryObject(table, entry); attempt++) {
            makeRoom(lacking, Claimant.WRITE, attempt);
        }
    }

    /** Whether it is there, or is not wanted; if not, there is no room. */
    private boolean tryObject(TableData table, long entry) {
        HashTable index = table.index();
        int bytes = Entry.strideOf(Entry.header(entry));
        long line = index.lock(key.hash());
        try {
            long place = index.locate(line, key);
            long old = place == 0 ? 0 : index.entryAt(place);
            if (old != 0 && Entry.version(old) >= Entry.version(entry)) {
                return true;
            }
            long target = place == 0 ? index.claim(line) : place;
            int tombstone = old == 0 ? 0 : Entry.stride(Entry.tombstoneLength(key.length()));
            lacking = target == 0 ? 0 : bytes + tombstone;
            long copy = target == 0 ? 0 : session.room().claim(lacking);
            if (copy == 0) {
                return false;
            }
            copy(entry, copy);
            if (old == 0) {
                Memory.putIntRelease(copy, Entry.header(entry));
                index.fill(target, key.hash(), copy);
                taken++;
            } else {
                writer.bury(copy + bytes, old);
                Memory.putIntRelease(copy, Entry.header(entry));
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

    /** All but the header word, which makes an entry whole. */
    private static void copy(long entry, long copy) {
        int length = Entry.length(Entry.header(entry));
        Memory.copy(entry + Integer.BYTES, copy + Integer.BYTES, length - Integer.BYTES);
    }

    private void takeTombstone(long entry) throws IOException {
        TableData table = tableFor(entry);
        if (table == null) {
            return;
        }
        key.wrap(Memory.ALL, Entry.keyAddress(entry), Entry.keyLength(entry));
        long present = table.index().find(key);
        if (present != 0 && Entry.version(present) > Entry.version(entry)) {
            // It keeps older ones out as a grave would; nearly every overwrite has one.
            return;
        }
        for (int attempt = 0; !graves.add(key, entry); attempt++) {
            makeRoom(0, Claimant.TABLE, attempt);
        }
        int bytes = Entry.stride(Entry.tombstoneLength(key.length()));
        for (int attempt = 0; !tryBury(table, Entry.version(entry)); attempt++) {
            makeRoom(bytes, Claimant.REMOVE, attempt);
        }
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
            long tombstone = log.claimForRemoval(Entry.stride(Entry.tombstoneLength(key.length())));
            if (tombstone == 0) {
                return false;
            }
            writer.bury(tombstone, old);
            index.remove(place);
            log.entryDied(old);
            taken--;
            return true;
        } finally {
            index.unlock(line);
        }
    }

    private void takeResult(long entry) throws IOException {
        TableData table = store.tableData(Entry.tableId(entry));
        if (table == null || !table.owns(Entry.keyHash(entry))) {
            return;
        }
        int bytes = Entry.strideOf(Entry.header(entry));
        long copy = session.room().claim(bytes);
        for (int attempt = 0; copy == 0; attempt++) {
            makeRoom(bytes, Claimant.WRITE, attempt);
            copy = session.room().claim(bytes);
        }
        copy(entry, copy);
        Memory.putIntRelease(copy, Entry.header(entry));
        if (!store.leaseTable().adopt(copy)) {
            log.entryDied(copy);
        }
    }

    /** Finds room for so many bytes in the log, 0 for a hash table. */
    private void makeRoom(int bytes, Claimant claimant, int attempt) throws IOException {
        session.room().abandonAhead();
        if (bytes > log.claimBytesMax()) {
            throw new IOException(
                    "an object in "
                            + keeper.path()
                            + " takes "
                            + bytes
                            + " bytes, more than a segment: raise log.segment.bytes");
        }
        Claimant claims = bytes == 0 ? Claimant.TABLE : claimant;
        Status made = store.admission().makeRoom(session, bytes, claims, 0);
        boolean full = made == Status.OUT_OF_MEMORY || attempt == ATTEMPTS_MAX;
        if (full || keeper.isFailing()) {
            throw new IOException(
                    keeper.isFailing()
                            ? "what is in " + keeper.path() + " cannot be written anew"
                            : "what is in "
                                    + keeper.path()
                                    + " does not fit into memory: raise memory.bytes");
        }
        // Memory that is held comes free when the disk has what is in it.
        keeper.doWork();
    }

    @Override
    public void close() {
        session.room().abandonAhead();
        graves.close();
        session.close();
    }
}
