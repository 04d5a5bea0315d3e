package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.Decimal;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.MemoryRefused;
import io.silkstone.gateway.resp.PaidBuffer;
import io.silkstone.gateway.resp.ReplyWriter;
import java.lang.foreign.MemorySegment;

/**
 * Bulk strings whose number becomes known only at the end, as it is with scans: they are collected
 * here in their wire form, and go into the reply behind the array's header.
 */
final class Collector implements AutoCloseable {
    private static final int BYTES_KEPT_MAX = 1 << 20;
    private static final int FRAME_BYTES_MAX = 32;

    private final PaidBuffer buffer;
    private int size;

    Collector(MemoryBudget budget) {
        buffer = new PaidBuffer(budget);
    }

    /** Nothing collected. */
    void clear() {
        if (buffer.capacity() > BYTES_KEPT_MAX) {
            buffer.release();
        }
        buffer.length(0);
        size = 0;
    }

    /**
     * Adds a bulk string.
     *
     * @throws MemoryRefused when clients hold too much memory already
     */
    void add(MemorySegment memory, long offset, int bytes) {
        long wanted = (long) buffer.length() + bytes + FRAME_BYTES_MAX;
        if (!buffer.reserve(wanted)) {
            throw new MemoryRefused(wanted);
        }
        long at = buffer.address() + buffer.length();
        Memory.putByte(at, '$');
        at = Decimal.write(at + 1, bytes);
        at = crlf(at);
        Memory.copy(memory, offset, at, bytes);
        at = crlf(at + bytes);
        buffer.length((int) (at - buffer.address()));
        size++;
    }

    private static long crlf(long at) {
        Memory.putByte(at, '\r');
        Memory.putByte(at + 1, '\n');
        return at + 2;
    }

    /** How many were added. */
    int size() {
        return size;
    }

    /** Bytes that they take. */
    int length() {
        return buffer.length();
    }

    /** Writes them, behind a header of the caller's. */
    void writeTo(ReplyWriter out) {
        out.raw(Memory.ALL, buffer.address(), buffer.length());
    }

    /**
     * Writes some of them.
     *
     * @param offset {@link #length} before the first of them was added
     * @param bytes by how much it was more behind the last
     */
    void writeTo(ReplyWriter out, int offset, int bytes) {
        out.raw(Memory.ALL, buffer.address() + offset, bytes);
    }

    @Override
    public void close() {
        buffer.release();
    }
}
