package io.silkstone.store.backup;

import io.silkstone.store.log.Entry;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Lays out entries of a log as they come to a backup. */
public final class TestEntries {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** One more, whose key and value are {@code content} bytes together. */
    public TestEntries add(int type, int table, long hash, int content) {
        int length = Entry.HEADER_BYTES + content;
        ByteBuffer entry =
                ByteBuffer.allocate(Entry.stride(length))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(0, Entry.headerOf(type, length, false))
                        .putLong(Entry.KEY_HASH_OFFSET, hash)
                        .putInt(Entry.TABLE_OFFSET, table | 3 << 28);
        for (int at = Entry.HEADER_BYTES; at < length; at++) {
            entry.put(at, (byte) (hash * 31 + at * 7));
        }
        bytes.writeBytes(entry.array());
        return this;
    }

    public TestEntries object(int table, long hash) {
        return add(Entry.OBJECT, table, hash, 20);
    }

    public TestEntries padding() {
        ByteBuffer entry = ByteBuffer.allocate(Entry.ALIGNMENT).order(ByteOrder.LITTLE_ENDIAN);
        bytes.writeBytes(entry.putInt(0, Entry.headerOf(Entry.PADDING, 8, false)).array());
        return this;
    }

    public MemorySegment memory() {
        return MemorySegment.ofArray(bytes.toByteArray());
    }
}
