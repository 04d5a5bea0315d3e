package io.silkstone.store.backup;

import io.silkstone.store.log.Entry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Entries one after the other where they were read to, on the Java heap. {@link Entry} has their
 * layout; its methods are for the log's own memory.
 */
final class Entries {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment all;

    Entries(MemorySegment all) {
        this.all = all;
    }

    MemorySegment memory() {
        return all;
    }

    int bytes() {
        return (int) all.byteSize();
    }

    /** Whether one entry begins where the other ends, and the last one ends where all do. */
    boolean areSound() {
        int at = 0;
        while (at < bytes() && isSound(at)) {
            at += stride(at);
        }
        return at == bytes();
    }

    private boolean isSound(int at) {
        int left = bytes() - at;
        if (left < Entry.ALIGNMENT) {
            return false;
        }
        int length = Entry.length(header(at));
        int lengthMin = type(at) == Entry.PADDING ? 1 : Entry.HEADER_BYTES;
        return length >= lengthMin && Entry.stride(length) <= left;
    }

    /** Whether an entry begins at {@code cursor}, or all end there. */
    boolean isBetween(int cursor) {
        int at = 0;
        while (at < cursor && at < bytes()) {
            at += stride(at);
        }
        return at == cursor;
    }

    private int header(int at) {
        return all.get(INT, at);
    }

    int type(int at) {
        return Entry.type(header(at));
    }

    /** Bytes from this entry to the next. */
    int stride(int at) {
        return Entry.strideOf(header(at));
    }

    long hash(int at) {
        return all.get(LONG, at + Entry.KEY_HASH_OFFSET);
    }

    int table(int at) {
        return all.get(INT, at + Entry.TABLE_OFFSET) & Entry.TABLE_ID_MAX;
    }

    /** Whether it is something of a tablet: an object, its end, or the result of a request. */
    boolean isOfTablet(int at) {
        int type = type(at);
        return type == Entry.OBJECT || type == Entry.TOMBSTONE || type == Entry.RESULT;
    }
}
