package io.silkstone.store;

import static io.silkstone.base.Checks.inRange;
import static io.silkstone.base.Checks.isPowerOfTwo;
import static io.silkstone.base.Checks.require;

import io.silkstone.api.store.KvStore;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Result;
import io.silkstone.store.memory.HugePages;
import io.silkstone.store.memory.SegletPool;

/**
 * Settings of a store, checked when they are made. {@link #DEFAULTS} and the {@code with} methods
 * give any other.
 *
 * @param memoryBytes memory for objects and hash tables; rounded down to whole 8 MiB
 * @param memoryPrefaultBytes how much memory ahead of use is backed by pages
 * @param hugePages whether the kernel uses huge pages for it
 * @param segmentBytes length of a segment of the log; 0 chooses by the memory
 * @param sessionsMax how many sessions may be open at a time
 * @param tablets tablets that the default table begins with, a power of two; 0 for a store that
 *     serves only what it is given, see {@link Store#takeTablet}
 * @param tombstones whether removing or overwriting an object writes a tombstone for it, which only
 *     a node needs whose log is replicated
 */
public record StoreOptions(
        long memoryBytes,
        long memoryPrefaultBytes,
        HugePages hugePages,
        int segmentBytes,
        int sessionsMax,
        int tablets,
        boolean tombstones) {
    /** What a node uses that says nothing. */
    public static final StoreOptions DEFAULTS =
            new StoreOptions(1L << 30, 64 << 20, HugePages.ON, 0, 1024, 1, false);

    /** Least memory. */
    public static final long MEMORY_BYTES_MIN = 32 << 20;

    static final long MEMORY_BYTES_MAX = 1L << 46;
    private static final int SEGMENT_BYTES_MIN = 2 << 20;
    private static final int SEGMENTS_WANTED = 256;
    static final int SESSIONS_MAX = 65_536;
    static final int TABLETS_MAX = 16_384;

    /** Checks every setting; the message of a failure names it. */
    public StoreOptions {
        inRange("memory.bytes", memoryBytes, MEMORY_BYTES_MIN, MEMORY_BYTES_MAX);
        inRange("memory.prefault.bytes", memoryPrefaultBytes, 0, MEMORY_BYTES_MAX);
        inRange("sessions.max", sessionsMax, 1, SESSIONS_MAX);
        inRange("tablets", tablets, 0, TABLETS_MAX);
        require(
                tablets == 0 || isPowerOfTwo(tablets),
                "tablets must be 0 or a power of two, was %d",
                tablets);
        memoryBytes &= -SegletPool.BLOCK_BYTES;
        if (segmentBytes == 0) {
            segmentBytes = segmentFor(memoryBytes);
        }
        require(
                isPowerOfTwo(segmentBytes),
                "log.segment.bytes must be 0 or a power of two, was %d",
                segmentBytes);
        inRange(
                "log.segment.bytes",
                segmentBytes,
                SEGMENT_BYTES_MIN,
                Math.min(SegletPool.BLOCK_BYTES, memoryBytes / 16));
    }

    /** Some segments are always open or kept for the cleaner; so many that these matter little. */
    private static int segmentFor(long memoryBytes) {
        long wanted = Long.highestOneBit(memoryBytes / SEGMENTS_WANTED);
        return Math.clamp(wanted, SEGMENT_BYTES_MIN, SegletPool.BLOCK_BYTES);
    }

    /**
     * Longest value: what a segment holds beside the marks that it begins with, the longest key,
     * the result of a change that happens exactly once, and the tombstone that goes with it if
     * overwritten objects are buried.
     */
    public int valueBytesMax() {
        int around = Entry.stride(Entry.lengthOf(KvStore.KEY_BYTES_MAX, 0, true));
        int tombstone = Entry.stride(Entry.tombstoneLength(KvStore.KEY_BYTES_MAX));
        int result = Entry.stride(Result.HEADER_BYTES);
        return segmentBytes - Log.MARKS_BYTES - around - result - (tombstones ? tombstone : 0);
    }

    /** With this much memory, and segments to match. */
    public StoreOptions withMemoryBytes(long bytes) {
        return new StoreOptions(
                bytes, memoryPrefaultBytes, hugePages, 0, sessionsMax, tablets, tombstones);
    }

    /** With this much memory backed ahead of use. */
    public StoreOptions withMemoryPrefaultBytes(long bytes) {
        return new StoreOptions(
                memoryBytes, bytes, hugePages, segmentBytes, sessionsMax, tablets, tombstones);
    }

    /** With this use of huge pages. */
    public StoreOptions withHugePages(HugePages use) {
        return new StoreOptions(
                memoryBytes,
                memoryPrefaultBytes,
                use,
                segmentBytes,
                sessionsMax,
                tablets,
                tombstones);
    }

    /** With segments of this length. */
    public StoreOptions withSegmentBytes(int bytes) {
        return new StoreOptions(
                memoryBytes,
                memoryPrefaultBytes,
                hugePages,
                bytes,
                sessionsMax,
                tablets,
                tombstones);
    }

    /** With at most this many sessions. */
    public StoreOptions withSessionsMax(int count) {
        return new StoreOptions(
                memoryBytes,
                memoryPrefaultBytes,
                hugePages,
                segmentBytes,
                count,
                tablets,
                tombstones);
    }

    /** With a default table of this many tablets. */
    public StoreOptions withTablets(int count) {
        return new StoreOptions(
                memoryBytes,
                memoryPrefaultBytes,
                hugePages,
                segmentBytes,
                sessionsMax,
                count,
                tombstones);
    }

    /** With tombstones for objects that are removed or overwritten, or without. */
    public StoreOptions withTombstones(boolean written) {
        return new StoreOptions(
                memoryBytes,
                memoryPrefaultBytes,
                hugePages,
                segmentBytes,
                sessionsMax,
                tablets,
                written);
    }
}
