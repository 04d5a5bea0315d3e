package io.silkstone.store;

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

    /** The number parsed last. */
    long value() {
        return value;
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
