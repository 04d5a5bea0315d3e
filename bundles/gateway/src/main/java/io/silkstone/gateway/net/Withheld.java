package io.silkstone.gateway.net;

import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.PaidBuffer;
import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * Replies of one client that nobody may see before the store has settled what they tell, in their
 * order: each waits for its own mark and for all replies before it. Holds memory only while there
 * are any. Not thread-safe.
 *
 * <p>Replies that came one after the other with the same mark, or with lower ones, are one step.
 * When there are too many steps, the last takes in what comes: it may wait for a later mark than it
 * has to, but only until the steps before it are gone.
 */
final class Withheld {
    private static final int STEPS_AT_FIRST = 4;
    private static final int STEPS_MAX = 64;

    private final PaidBuffer buffer;

    /** The steps, a ring: marks, where each ends, and since when it waits. */
    private long[] marks = {};

    private long[] ends = {};
    private long[] since = {};
    private int first;
    private int count;

    /** Bytes that were ever added and taken, since there were none. */
    private long added;

    private long taken;

    /** Bytes at the beginning of the buffer that were taken. */
    private int gap;

    /** Nothing yet; what comes is paid for from {@code budget}. */
    Withheld(MemoryBudget budget) {
        buffer = new PaidBuffer(budget);
    }

    boolean isEmpty() {
        return added == taken;
    }

    /** How many bytes wait. */
    int length() {
        return (int) (added - taken);
    }

    /** The lowest mark that anything waits for; 0 when nothing does. */
    long mark() {
        return count == 0 ? 0 : marks[first];
    }

    /** When the first reply was added, on the clock of {@link #add}. */
    long since() {
        return since[first];
    }

    /**
     * Adds {@code bytes} of replies from {@code address} on.
     *
     * @param mark what they wait for; 0 when only for those before them, of which there are some
     * @return false when clients hold too much memory already
     */
    boolean add(long address, int bytes, long mark, long nowNanos) {
        if (!makeRoom(bytes)) {
            return false;
        }
        Memory.copy(address, buffer.address() + buffer.length(), bytes);
        buffer.length(buffer.length() + bytes);
        added += bytes;
        int last = at(count - 1);
        if (count == 0 || mark > marks[last] && count < STEPS_MAX) {
            begin(mark, nowNanos);
        } else {
            marks[last] = Math.max(marks[last], mark);
            ends[last] = added;
        }
        return true;
    }

    private boolean makeRoom(int bytes) {
        int left = length();
        if (gap > 0 && gap >= left && (long) buffer.length() + bytes > buffer.capacity()) {
            Memory.move(buffer.address() + gap, buffer.address(), left);
            buffer.length(left);
            gap = 0;
        }
        return buffer.reserve((long) buffer.length() + bytes);
    }

    private int at(int step) {
        return first + step & marks.length - 1;
    }

    private void begin(long mark, long nowNanos) {
        if (count == marks.length) {
            grow();
        }
        int step = at(count);
        marks[step] = mark;
        ends[step] = added;
        since[step] = nowNanos;
        count++;
    }

    private void grow() {
        int length = Math.max(STEPS_AT_FIRST, 2 * marks.length);
        marks = unrolled(marks, length);
        ends = unrolled(ends, length);
        since = unrolled(since, length);
        first = 0;
    }

    private long[] unrolled(long[] ring, int length) {
        long[] longer = Arrays.copyOfRange(ring, first, first + length);
        System.arraycopy(ring, 0, longer, ring.length - first, first);
        return longer;
    }

    /** Where the first byte is; changes with {@link #add}. */
    long address() {
        return buffer.address() + gap;
    }

    /** How many bytes, from the first on, wait no longer. They stay until {@link #take}. */
    int settled(LongPredicate isSettled) {
        long end = taken;
        for (int step = 0; step < count && isSettled.test(marks[at(step)]); step++) {
            end = ends[at(step)];
        }
        return (int) (end - taken);
    }

    /** Drops the first {@code bytes}, unless everything was dropped meanwhile. */
    void take(int bytes) {
        if (isEmpty()) {
            return;
        }
        taken += bytes;
        if (isEmpty()) {
            release();
            return;
        }
        gap += bytes;
        while (ends[first] <= taken) {
            first = at(1);
            count--;
        }
    }

    /** Drops everything. */
    void release() {
        buffer.release();
        gap = 0;
        first = 0;
        count = 0;
        added = 0;
        taken = 0;
    }
}
