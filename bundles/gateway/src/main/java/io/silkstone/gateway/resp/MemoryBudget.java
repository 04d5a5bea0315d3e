package io.silkstone.gateway.resp;

import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory all clients together may make a node hold beyond the moment: replies that they
 * have not read, requests that are not complete, transactions, long requests. Whoever holds such
 * memory for a client takes it from here first, so that there is somebody to refuse before an
 * allocation fails, which nobody could be made to answer for.
 *
 * <p>The last quarter is kept for those who hold little ({@link #LITTLE_BYTES}): a few greedy
 * clients cannot keep all others from being served. Threads: any; nothing blocks.
 */
public final class MemoryBudget {
    /** Who holds no more than this may use the last quarter too. */
    public static final long LITTLE_BYTES = 1 << 16;

    private final long bytesMax;
    private final AtomicLong taken = new AtomicLong();

    /** Of {@code bytesMax} bytes. */
    public MemoryBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Half of the JVM's direct memory: the allocator's own waste fits into the other half. */
    public static MemoryBudget ofDirectMemory() {
        return new MemoryBudget(PlatformDependent.maxDirectMemory() / 2);
    }

    /** A quarter of the JVM's heap. */
    public static MemoryBudget ofHeap() {
        return new MemoryBudget(Runtime.getRuntime().maxMemory() / 4);
    }

    /**
     * Takes {@code bytes}; {@link #give} them back.
     *
     * @param held what the same holder has taken already
     * @return false when there is not so much left; nothing is taken then
     */
    public boolean take(long bytes, long held) {
        long most = held + bytes <= LITTLE_BYTES ? bytesMax : bytesMax - bytesMax / 4;
        long before;
        do {
            before = taken.get();
            if (bytes > most - before) {
                return false;
            }
        } while (!taken.compareAndSet(before, before + bytes));
        return true;
    }

    /** Gives back what was taken. */
    public void give(long bytes) {
        long left = taken.addAndGet(-bytes);
        assert left >= 0 : left;
    }

    /** Bytes that are taken now. */
    public long taken() {
        return taken.get();
    }

    /** Bytes that may be taken in all. */
    public long bytesMax() {
        return bytesMax;
    }
}
