package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.MemoryRefused;
import io.silkstone.gateway.resp.PaidBuffer;

/** Memory in which a command puts a new value together; used again by the next command. */
final class Scratch implements AutoCloseable {
    private static final int BYTES_AT_FIRST = 4096;
    private static final int BYTES_KEPT_MAX = 1 << 21;

    private final PaidBuffer buffer;

    Scratch(MemoryBudget budget) {
        buffer = new PaidBuffer(budget);
    }

    /**
     * Address of at least {@code bytes} bytes, with anything in them.
     *
     * @throws MemoryRefused when clients hold too much memory already
     */
    long take(int bytes) {
        if (buffer.capacity() > BYTES_KEPT_MAX && bytes <= BYTES_AT_FIRST) {
            buffer.release();
        }
        int wanted = Math.max(bytes, BYTES_AT_FIRST);
        if (!buffer.reserve(wanted)) {
            throw new MemoryRefused(wanted);
        }
        return buffer.address();
    }

    @Override
    public void close() {
        buffer.release();
    }
}
