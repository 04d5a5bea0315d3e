package io.silkstone.gateway.resp;

/** Whole numbers as decimal digits, in the one form that Redis takes: no space, plus or zero. */
public final class Decimal {
    /** Characters of the longest 64-bit number, its sign included. */
    public static final int LONG_CHARACTERS_MAX = 20;

    private static final int DIGITS_SAFE = 18;
    private static final long[] POWERS_OF_TEN = powersOfTen();

    private Decimal() {}

    private static long[] powersOfTen() {
        long[] powers = new long[DIGITS_SAFE + 1];
        powers[0] = 1;
        for (int i = 1; i < powers.length; i++) {
            powers[i] = powers[i - 1] * 10;
        }
        return powers;
    }

    /** Whether the bytes are a 64-bit number in its one form. */
    public static boolean isLong(long address, int length) {
        if (length == 0 || length > LONG_CHARACTERS_MAX) {
            return false;
        }
        boolean minus = Memory.getByte(address) == '-';
        int digits = minus ? length - 1 : length;
        long first = minus ? address + 1 : address;
        if (digits == 0 || Memory.getByte(first) == '0' && length > 1) {
            return false;
        }
        for (int i = 0; i < digits; i++) {
            int digit = Memory.getByte(first + i) - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
        }
        return digits <= DIGITS_SAFE || fits(address, length);
    }

    private static boolean fits(long address, int length) {
        try {
            Long.parseLong(Memory.text(address, length));
            return true;
        } catch (NumberFormatException tooLarge) {
            return false;
        }
    }

    /** The number; only where {@link #isLong} holds. */
    public static long parse(long address, int length) {
        boolean minus = Memory.getByte(address) == '-';
        long value = 0;
        // Negative sums reach one further than positive ones.
        for (int i = minus ? 1 : 0; i < length; i++) {
            value = value * 10 - (Memory.getByte(address + i) - '0');
        }
        return minus ? value : -value;
    }

    /** How many characters {@link #write} writes. */
    public static int characters(long value) {
        if (value == Long.MIN_VALUE) {
            return LONG_CHARACTERS_MAX;
        }
        long rest = Math.abs(value);
        int digits = 1;
        // Compares where dividing would take several times as long; lengths have few digits.
        while (digits < POWERS_OF_TEN.length && rest >= POWERS_OF_TEN[digits]) {
            digits++;
        }
        return value < 0 ? digits + 1 : digits;
    }

    /**
     * Writes {@code value} in decimal.
     *
     * @return the address behind it
     */
    public static long write(long address, long value) {
        if (value >= 0 && value < 10) {
            Memory.putByte(address, '0' + (int) value);
            return address + 1;
        }
        long end = address + characters(value);
        long at = end;
        // Digits of a negative number are taken from negative remainders: its minimum has no
        // positive counterpart.
        long rest = value;
        do {
            long quotient = rest / 10;
            Memory.putByte(--at, '0' + (int) Math.abs(rest - quotient * 10));
            rest = quotient;
        } while (rest != 0);
        if (value < 0) {
            Memory.putByte(address, '-');
        }
        return end;
    }
}
