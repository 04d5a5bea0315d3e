package io.silkstone.store;

import io.silkstone.api.store.Status;
import io.silkstone.store.durable.KeptLog;
import io.silkstone.store.durable.LogKeeper;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Takes what a process before this one has kept of its log into a store that begins, see {@link
 * LogReplay}.
 *
 * <p>Not thread-safe; nobody else uses the store meanwhile.
 */
final class Adoption implements AutoCloseable {
    /** How often in a row room is looked for in vain: far more than a disk needs to settle it. */
    private static final int ATTEMPTS_MAX = 100_000;

    private final Store store;
    private final LogKeeper keeper;
    private final StoreSession session;
    private final Graves graves;
    private final LogReplay replay;

    Adoption(Store store, LogKeeper keeper, StoreSession session) {
        this.store = store;
        this.keeper = keeper;
        this.session = session;
        graves = new Graves(store.pool(), store.backoff());
        replay = new LogReplay(store, this::tableFor, graves, session);
    }

    /**
     * Takes all of {@code kept}.
     *
     * @return how many objects
     * @throws IOException when it cannot be read, or does not fit; the message is for operators
     */
    long take(KeptLog kept) throws IOException {
        store.log().versions().raiseAbove(kept.safeVersion() - 1);
        kept.forEach(this::takeSegment);
        return replay.objects();
    }

    /** What this store serves, and has not cleared since; results have no version. */
    private TableData tableFor(long entry, long segment) {
        TableData table = store.tableData(Entry.tableId(entry));
        if (table == null) {
            return null;
        }
        TabletRange range = table.tabletOf(Entry.keyHash(entry));
        boolean isResult = Entry.type(Memory.getInt(entry)) == Entry.RESULT;
        boolean isWanted = range.owned && (isResult || Entry.version(entry) >= range.floor);
        return isWanted ? table : null;
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
                for (int attempt = 0; !replay.takeEntry(entry, 0); attempt++) {
                    makeRoom(replay.lackingBytes(), replay.claimant(), attempt);
                }
                entry += Entry.strideOf(header);
            }
        } finally {
            session.exit();
        }
        if (replay.damaged() > 0) {
            throw new IOException("an entry in " + keeper.path() + " is damaged");
        }
        keeper.doWork();
    }

    /** Finds room for so many bytes in the log, 0 for a hash table. */
    private void makeRoom(int bytes, Claimant claimant, int attempt) throws IOException {
        session.room().abandonAhead();
        if (bytes > store.log().claimBytesMax()) {
            throw new IOException(
                    "an object in "
                            + keeper.path()
                            + " takes "
                            + bytes
                            + " bytes, more than a segment: raise log.segment.bytes");
        }
        Status made = store.admission().makeRoom(session, bytes, claimant, 0);
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
        replay.close();
    }
}
