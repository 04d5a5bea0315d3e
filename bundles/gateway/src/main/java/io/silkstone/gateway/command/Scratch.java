package io.silkstone.gateway.command;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.gateway.resp.Memory;

/** Memory in which a command puts a new value together; used again by the next command. */
final class Scratch implements AutoCloseable {
    private static final int BYTES_AT_FIRST = 4096;

    private static final int BYTES_KEPT_MAX = 1 << 21;

    private final ByteBufAllocator allocator;
    private ByteBuf buffer;
    private long address;
    private int capacity;

    Scratch(ByteBufAllocator allocator) {
        this.allocator = allocator;
        open(BYTES_AT_FIRST);
    }

    private void open(int bytes) {
        buffer = allocator.directBuffer(bytes + Memory.SLACK);
        address = Memory.address(buffer);
        capacity = bytes;
    }

    /** Address of at least {@code bytes} bytes, with anything in them. */
    long take(int bytes) {
        boolean tooLarge = capacity > BYTES_KEPT_MAX && bytes <= BYTES_AT_FIRST;
        if (bytes > capacity || tooLarge) {
            buffer.release();
            open(Math.max(bytes, BYTES_AT_FIRST));
        }
        return address;
    }

    @Override
    public void close() {
        buffer.release();
    }
}
