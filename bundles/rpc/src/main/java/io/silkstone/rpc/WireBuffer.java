package io.silkstone.rpc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Room for one message, for encoders and for transports alike. Grows to what is asked for and keeps
 * that. Threads: one at a time.
 */
final class WireBuffer {
    private static final int FIRST_BYTES = 512;
    private static final int ALIGNMENT = 8;

    /** What {@link #trim} leaves. */
    private static final int TRIMMED_BYTES = 64 << 10;

    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private MemorySegment memory;

    WireBuffer() {
        allocate(FIRST_BYTES);
    }

    /** Has room for {@code bytes}; what was in it is kept. */
    UnsafeBuffer atLeast(int bytes) {
        if (bytes > buffer.capacity()) {
            MemorySegment old = memory;
            allocate(Math.max(bytes, 2 * buffer.capacity()));
            MemorySegment.copy(old, 0, memory, 0, old.byteSize());
        }
        return buffer;
    }

    private void allocate(int bytes) {
        memory = Arena.ofAuto().allocate(bytes, ALIGNMENT);
        // By way of a ByteBuffer, so that who has the buffer keeps the memory too.
        buffer.wrap(memory.asByteBuffer());
    }

    /** Gives back what a long message took; what was in it is lost. */
    void trim() {
        if (buffer.capacity() > TRIMMED_BYTES) {
            allocate(FIRST_BYTES);
        }
    }

    UnsafeBuffer buffer() {
        return buffer;
    }

    MemorySegment memory() {
        return memory;
    }
}
