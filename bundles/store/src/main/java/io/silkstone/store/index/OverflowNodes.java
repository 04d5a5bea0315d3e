package io.silkstone.store.index;

import io.silkstone.store.memory.Backoff;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Hands out the nodes that lengthen full lines. Four words make a node:
 *
 * <pre>
 *   word 0..2   a reference each, 0 where there is none
 *   word 3      a reference, or the address of the next node + 1
 * </pre>
 *
 * A free node has the address of the next free one + 1 in word 0, and 0 in the others: a reader
 * that strays into it finds no reference and the end of a chain, and the line's version then tells
 * it to look again. Nodes go from line to line, never back to the memory before {@link #close}.
 *
 * <p>Threads: any; a spin lock of a few instructions, taken about once in twenty inserts.
 */
final class OverflowNodes {
    static final int NODE_BYTES = 32;
    static final int LAST_WORD = 24;

    /** Tells a link from a reference: entries are aligned to 8 bytes. */
    static final long LINK = 1;

    private final LineMemory memory;
    private final Backoff backoff;
    private final AtomicBoolean busy = new AtomicBoolean();
    private long free;
    private long fresh;
    private long freshEnd;
    private long[] chunks = new long[4];
    private volatile int chunkCount;

    OverflowNodes(LineMemory memory, Backoff backoff) {
        this.memory = memory;
        this.backoff = backoff;
    }

    /** An empty node, or 0 when there is no memory. */
    long take() {
        enter();
        try {
            return takeOne();
        } finally {
            busy.setRelease(false);
        }
    }

    private long takeOne() {
        if (free != 0) {
            long node = free;
            free = memory.get(node) & ~LINK;
            memory.set(node, 0);
            return node;
        }
        if (fresh == freshEnd && !refill()) {
            return 0;
        }
        long node = fresh;
        fresh += NODE_BYTES;
        for (int word = 0; word < NODE_BYTES; word += Long.BYTES) {
            memory.set(node + word, 0);
        }
        return node;
    }

    /**
     * The first of {@code count} nodes that are linked as free ones are, see {@link #unlink}; 0
     * when there is no memory for all of them. What there was then waits here for the next call.
     */
    long takeChain(int count) {
        enter();
        try {
            long chain = 0;
            for (int taken = 0; taken < count; taken++) {
                long node = takeOne();
                if (node == 0) {
                    giveAll(chain);
                    return 0;
                }
                memory.set(node, chain | LINK);
                chain = node;
            }
            return chain;
        } finally {
            busy.setRelease(false);
        }
    }

    /** Empties the first node of a chain, and returns the next one, or 0. */
    long unlink(long first) {
        long next = memory.get(first) & ~LINK;
        memory.set(first, 0);
        return next;
    }

    /** Takes back what is left of a chain, which no reader has seen. */
    void giveChain(long first) {
        enter();
        giveAll(first);
        busy.setRelease(false);
    }

    private void giveAll(long first) {
        long node = first;
        while (node != 0) {
            long next = memory.get(node) & ~LINK;
            memory.set(node, free | LINK);
            free = node;
            node = next;
        }
    }

    /** Takes a node back; its line's version must have changed since it was linked. */
    void give(long node) {
        enter();
        for (int word = Long.BYTES; word < NODE_BYTES; word += Long.BYTES) {
            memory.set(node + word, 0);
        }
        memory.set(node, free | LINK);
        free = node;
        busy.setRelease(false);
    }

    /** Chunks taken from the memory. */
    int chunkCount() {
        return chunkCount;
    }

    /** Gives all chunks back. */
    void close() {
        for (int index = 0; index < chunkCount; index++) {
            memory.freeChunk(chunks[index]);
        }
        chunkCount = 0;
        free = 0;
        fresh = 0;
        freshEnd = 0;
    }

    private boolean refill() {
        long chunk = memory.allocateChunk();
        if (chunk == 0) {
            return false;
        }
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunkCount * 2);
        }
        chunks[chunkCount] = chunk;
        chunkCount = chunkCount + 1;
        fresh = chunk;
        freshEnd = chunk + memory.chunkBytes();
        return true;
    }

    private void enter() {
        for (int attempt = 0; !busy.compareAndSet(false, true); attempt++) {
            backoff.idle(attempt);
        }
    }
}
