package io.silkstone.store;

import io.silkstone.api.store.ObjectView;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import java.lang.foreign.MemorySegment;

/** An object in the log. Reads its fields where they lie. */
final class EntryView implements ObjectView {
    private long entry;

    /** Shows the object at {@code entry}; 0 for none. */
    void wrap(long entry) {
        this.entry = entry;
    }

    /** What it shows. */
    long entry() {
        return entry;
    }

    /** Whether there is an object to show. */
    boolean isPresent() {
        return entry != 0;
    }

    @Override
    public MemorySegment memory() {
        return Memory.ALL;
    }

    @Override
    public long keyOffset() {
        return Entry.keyAddress(entry);
    }

    @Override
    public int keyLength() {
        return Entry.keyLength(entry);
    }

    @Override
    public long valueOffset() {
        return Entry.valueAddress(entry);
    }

    @Override
    public int valueLength() {
        return Entry.valueLength(entry);
    }

    @Override
    public long version() {
        return Entry.version(entry);
    }

    @Override
    public long keyHash() {
        return Entry.keyHash(entry);
    }

    @Override
    public long expiryMillis() {
        return Entry.expiryMillis(entry);
    }

    @Override
    public int type() {
        return Entry.tag(entry);
    }
}
