package io.silkstone.store;

import io.silkstone.api.store.Status;
import io.silkstone.store.log.Entry;
import io.silkstone.store.memory.Memory;
import java.lang.foreign.MemorySegment;

/**
 * 64-bit numbers in their one decimal form: a minus sign where needed, no other sign, no leading
 * zeros, no blanks. What Redis's INCR takes for a number. Not thread-safe.
 */
final class DecimalNumber {
    /** Longest form. */
    static final int LENGTH_MAX = 20;

    private static final int RADIX = 10;

    private final byte[] digits = new byte[LENGTH_MAX];
    private final MemorySegment text = MemorySegment.ofArray(digits);
    private long value;
    private int start;

    /**
     * Reads {@code length} bytes at {@code address}.
     *
     * @return whether they are a number, which is then the {@link #value}
     */
    boolean parse(long address, int length) {
        if (length == 0 || length > LENGTH_MAX) {
            return false;
        }
        boolean negative = Memory.getByte(address) == '-';
        int index = negative ? 1 : 0;
        boolean zeroFirst = index < length && Memory.getByte(address + index) == '0';
        if (index == length || zeroFirst && length > 1) {
            return false;
        }
        // Summed up below zero, where there is room for one number more.
        long sum = 0;
        for (; index < length; index++) {
            int digit = Memory.getByte(address + index) - '0';
            if (digit < 0 || digit >= RADIX || sum < Long.MIN_VALUE / RADIX) {
                return false;
            }
            sum *= RADIX;
            if (sum < Long.MIN_VALUE + digit) {
                return false;
            }
            sum -= digit;
        }
        if (!negative && sum == Long.MIN_VALUE) {
            return false;
        }
        value = negative ? sum : -sum;
        return true;
    }

    /** The number parsed last, or the last sum. */
    long value() {
        return value;
    }

    /**
     * Adds {@code delta} to the number that the object at {@code entry} holds, or to 0 if that is
     * 0, and writes the sum to {@link #text}.
     *
     * @return OK, and then {@link #value} is the sum; NOT_A_NUMBER; OVERFLOW
     */
    Status add(long entry, long delta) {
        if (entry != 0 && !parse(Entry.valueAddress(entry), Entry.valueLength(entry))) {
            return Status.NOT_A_NUMBER;
        }
        long before = entry == 0 ? 0 : value;
        long sum = before + delta;
        if (((before ^ sum) & (delta ^ sum)) < 0) {
            return Status.OVERFLOW;
        }
        value = sum;
        format(sum);
        return Status.OK;
    }

    /** Writes {@code number} to {@link #text}. */
    void format(long number) {
        start = LENGTH_MAX;
        long rest = number < 0 ? number : -number;
        do {
            start--;
            digits[start] = (byte) ('0' - rest % RADIX);
            rest /= RADIX;
        } while (rest != 0);
        if (number < 0) {
            start--;
            digits[start] = '-';
        }
    }

    /** Where the formatted number is. */
    MemorySegment text() {
        return text;
    }

    /** Where it begins. */
    int textOffset() {
        return start;
    }

    /** Its length. */
    int textLength() {
        return LENGTH_MAX - start;
    }
}
