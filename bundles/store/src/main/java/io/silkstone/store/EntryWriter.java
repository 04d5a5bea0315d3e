package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.memory.Memory;
import java.lang.foreign.MemorySegment;

/** Fills room that was claimed in the log. Threads: one. */
final class EntryWriter {
    private final Log log;
    private final Checksum checksum;

    EntryWriter(Log log, Checksum checksum) {
        this.log = log;
        this.checksum = checksum;
    }

    /** Writes what {@link Log#claimMark} made room for. */
    void mark(long entry) {
        log.mark(entry, checksum);
    }

    /**
     * Writes an object at {@code entry}, all but what {@link #commit} does.
     *
     * @param length of the entry
     * @param expiryMillis 0 for never
     */
    void lay(
            long entry,
            int length,
            int tableId,
            Key key,
            long version,
            int tag,
            long expiryMillis,
            MemorySegment value,
            long valueOffset,
            int valueLength) {
        Entry.putFields(entry, key.hash(), version, tableId, tag, key.length());
        if (expiryMillis != 0) {
            Entry.putExpiry(entry, expiryMillis);
        }
        long valueAddress = entry + length - valueLength;
        Memory.copy(key.memory(), key.offset(), valueAddress - key.length(), key.length());
        Memory.copy(value, valueOffset, valueAddress, valueLength);
    }

    /** Makes the object at {@code entry} whole. */
    void commit(long entry, int length, long expiryMillis) {
        Entry.commit(entry, Entry.headerOf(Entry.OBJECT, length, expiryMillis != 0), checksum);
    }

    /** Makes the result at {@code entry} whole. */
    void commitResult(long entry, int length) {
        Entry.commit(entry, Entry.headerOf(Entry.RESULT, length, false), checksum);
    }

    /**
     * Copies an entry of another log to {@code copy} and makes it whole there; padding, if it is
     * damaged.
     *
     * @return whether it is as it was written
     */
    boolean copy(long entry, long copy) {
        boolean intact = layCopy(entry, copy);
        if (intact) {
            commitCopy(entry, copy);
        } else {
            log.abandon(copy, Entry.strideOf(Entry.header(entry)));
        }
        return intact;
    }

    /** As {@link #copy}, without making the copy whole, or padding. */
    boolean layCopy(long entry, long copy) {
        int header = Entry.withoutDeadFlag(Entry.header(entry));
        Memory.copy(
                entry + Integer.BYTES, copy + Integer.BYTES, Entry.length(header) - Integer.BYTES);
        return Entry.isIntactUnseen(header, copy, checksum);
    }

    /** Makes a copy whole that {@link #layCopy} found intact. */
    void commitCopy(long entry, long copy) {
        Memory.putIntRelease(copy, Entry.withoutDeadFlag(Entry.header(entry)));
    }

    /** Writes and commits a tombstone for {@code old} at {@code tombstone}. */
    void bury(long tombstone, long old) {
        int keyLength = Entry.keyLength(old);
        int length = Entry.tombstoneLength(keyLength);
        Entry.putFields(
                tombstone,
                Entry.keyHash(old),
                Entry.version(old),
                Entry.tableId(old),
                Entry.tag(old),
                keyLength);
        Memory.copy(Entry.keyAddress(old), tombstone + Entry.HEADER_BYTES, keyLength);
        Memory.putLong(tombstone + length - Entry.TOMBSTONE_VALUE_BYTES, log.segmentOf(old).id());
        Entry.commit(tombstone, Entry.headerOf(Entry.TOMBSTONE, length, false), checksum);
        log.tombstoneAdded(tombstone);
    }
}
