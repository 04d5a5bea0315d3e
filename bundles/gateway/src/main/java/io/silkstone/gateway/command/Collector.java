package io.silkstone.gateway.command;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.gateway.resp.Decimal;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.ReplyWriter;
import java.lang.foreign.MemorySegment;

/**
 * Bulk strings whose number becomes known only at the end, as it is with scans: they are collected
 * here in their wire form, and go into the reply behind the array's header.
 */
final class Collector implements AutoCloseable {
    private static final int BYTES_AT_FIRST = 4096;
    private static final int BYTES_KEPT_MAX = 1 << 20;
    private static final int FRAME_BYTES_MAX = 32;

    private final ByteBufAllocator allocator;
    private ByteBuf buffer;
    private long address;
    private long capacity;
    private int length;
    private int size;

    Collector(ByteBufAllocator allocator) {
        this.allocator = allocator;
        open(BYTES_AT_FIRST);
    }

    private void open(int bytes) {
        buffer = allocator.directBuffer(bytes + Memory.SLACK);
        address = Memory.address(buffer);
        capacity = bytes;
    }

    /** Nothing collected. */
    void clear() {
        if (capacity > BYTES_KEPT_MAX) {
            buffer.release();
            open(BYTES_AT_FIRST);
        }
        length = 0;
        size = 0;
    }

    /** Adds a bulk string. */
    void add(MemorySegment memory, long offset, int bytes) {
        ensure(bytes + FRAME_BYTES_MAX);
        long at = address + length;
        Memory.putByte(at, '$');
        at = Decimal.write(at + 1, bytes);
        at = crlf(at);
        Memory.copy(memory, offset, at, bytes);
        at = crlf(at + bytes);
        length = (int) (at - address);
        size++;
    }

    private static long crlf(long at) {
        Memory.putByte(at, '\r');
        Memory.putByte(at + 1, '\n');
        return at + 2;
    }

    private void ensure(int bytes) {
        if (length + (long) bytes > capacity) {
            ByteBuf old = buffer;
            long from = address;
            open(Math.toIntExact(Math.max(capacity * 2, length + (long) bytes)));
            Memory.copy(from, address, length);
            old.release();
        }
    }

    /** How many were added. */
    int size() {
        return size;
    }

    /** Bytes that they take. */
    int length() {
        return length;
    }

    /** Writes them, behind a header of the caller's. */
    void writeTo(ReplyWriter out) {
        out.raw(Memory.ALL, address, length);
    }

    @Override
    public void close() {
        buffer.release();
    }
}
