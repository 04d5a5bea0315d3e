package io.silkstone.transport.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory for one message after the other, with a fence at both ends. Whatever holds no message is
 * filled with one pattern: a handler that keeps looking when its call is over sees nonsense, and
 * one that writes behind its message, or into it when it is no longer its own, is found out.
 *
 * <pre>
 *   0       16              16 + length         capacity
 *   | fence | message       | fence             |
 * </pre>
 */
final class Message {
    /** Where the message begins; a multiple of eight. */
    static final long OFFSET = 16;

    static final int FENCE_BYTES_MIN = 16;
    static final byte PATTERN = (byte) 0xA5;

    private static final String WRITTEN =
            "a handler wrote where it may not: outside of its message, or after its call";

    final MemorySegment memory;

    private final Arena arena;
    private int length;

    /** Lies in {@code arena}, which belongs to others unless {@link #free} is called. */
    Message(Arena arena, long capacity) {
        this.arena = arena;
        memory = arena.allocate(capacity, Long.BYTES);
        memory.fill(PATTERN);
    }

    int length() {
        return length;
    }

    /** Nobody may have written into it since it was wiped. */
    void requireWiped() {
        requirePattern(0, memory.byteSize());
    }

    void fill(MemorySegment source, long offset, int bytes) {
        MemorySegment.copy(source, offset, memory, OFFSET, bytes);
        length = bytes;
    }

    /** The message was seen, or will never be. */
    void wipe() {
        requirePattern(0, OFFSET);
        requirePattern(OFFSET + length, memory.byteSize());
        memory.asSlice(OFFSET, length).fill(PATTERN);
        length = 0;
    }

    /** All bytes are alike if each is like the next. */
    private void requirePattern(long from, long to) {
        boolean holds =
                memory.get(JAVA_BYTE, from) == PATTERN
                        && MemorySegment.mismatch(memory, from, to - 1, memory, from + 1, to) < 0;
        if (!holds) {
            throw new IllegalStateException(WRITTEN);
        }
    }

    void free() {
        arena.close();
    }
}
