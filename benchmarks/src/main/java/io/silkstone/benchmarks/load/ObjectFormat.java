package io.silkstone.benchmarks.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;

/**
 * How the load's objects look on the wire. The key is 30 bytes, the value 100:
 *
 * <pre>
 *   key    silkstone:bench:k:NNNNNNNNNNNN
 *   value  NNNNNNNNNNNN:VVVVVVVVVVVV:xxx...   number of the key, version of the value, filler
 * </pre>
 *
 * <p>An <b>expectation</b> is what a reply must be, in one word: {@link #STORED} for {@code +OK},
 * otherwise version shifted by 32 and the key's number; version 0 accepts any.
 */
public final class ObjectFormat {
    /** What all keys begin with. */
    public static final String KEY_PREFIX = "silkstone:bench:k:";

    /** Length of a key in bytes. */
    public static final int KEY_BYTES = 30;

    /** Length of a value in bytes. */
    public static final int VALUE_BYTES = 100;

    /** Longest request or reply. */
    public static final int MESSAGE_BYTES_MAX = 200;

    /** The expectation of a write. */
    public static final long STORED = -1;

    private static final int DIGITS = 12;
    private static final byte[] GET =
            ("*2\r\n$3\r\nGET\r\n$30\r\n" + KEY_PREFIX + "000000000000\r\n").getBytes(US_ASCII);
    private static final byte[] SET =
            ("*3\r\n$3\r\nSET\r\n$30\r\n"
                            + KEY_PREFIX
                            + "000000000000\r\n$100\r\n000000000000:000000000000:"
                            + "x".repeat(VALUE_BYTES - 2 * DIGITS - 2)
                            + "\r\n")
                    .getBytes(US_ASCII);
    private static final int GET_NUMBER = GET.length - 2 - DIGITS;
    private static final int VALUE_NUMBER = SET.length - 2 - VALUE_BYTES;
    private static final int VALUE_VERSION = VALUE_NUMBER + DIGITS + 1;

    private ObjectFormat() {}

    /**
     * Appends {@code GET} of key {@code number}.
     *
     * @param version that its value must have, 0 for any
     * @return the expectation
     */
    public static long get(ByteBuffer out, int number, int version) {
        int start = out.position();
        out.put(GET);
        putDigits(out, start + GET_NUMBER, number);
        return (long) version << 32 | number;
    }

    /**
     * Appends {@code SET} of key {@code number} to its value of {@code version}.
     *
     * @return the expectation
     */
    public static long set(ByteBuffer out, int number, int version) {
        int start = out.position();
        out.put(SET);
        putDigits(out, start + GET_NUMBER, number);
        putDigits(out, start + VALUE_NUMBER, number);
        putDigits(out, start + VALUE_VERSION, version);
        return STORED;
    }

    /** Whether the value of {@code length} bytes at {@code offset} is what was expected. */
    public static boolean isExpected(long expectation, ByteBuffer in, int offset, int length) {
        if (expectation == STORED || length != VALUE_BYTES || in.get(offset + DIGITS) != ':') {
            return false;
        }
        int version = (int) (expectation >>> 32);
        return digits(in, offset) == (int) expectation
                && (version == 0 || digits(in, offset + DIGITS + 1) == version)
                && in.get(offset + length - 1) == 'x';
    }

    /** Makes {@code key} the key of {@code number}. */
    public static void putKey(byte[] key, int number) {
        ByteBuffer.wrap(key).put(GET, GET_NUMBER - KEY_PREFIX.length(), KEY_BYTES);
        putDigits(ByteBuffer.wrap(key), KEY_PREFIX.length(), number);
    }

    /** Makes {@code value} the value of {@code number} and {@code version}. */
    public static void putValue(byte[] value, int number, int version) {
        ByteBuffer.wrap(value).put(SET, VALUE_NUMBER, VALUE_BYTES);
        putDigits(ByteBuffer.wrap(value), 0, number);
        putDigits(ByteBuffer.wrap(value), DIGITS + 1, version);
    }

    /** The version of a value that came as text. */
    public static int version(String value) {
        return Integer.parseInt(value, DIGITS + 1, 2 * DIGITS + 1, 10);
    }

    private static void putDigits(ByteBuffer out, int offset, int number) {
        int rest = number;
        for (int digit = offset + DIGITS - 1; rest > 0; digit--) {
            out.put(digit, (byte) ('0' + rest % 10));
            rest /= 10;
        }
    }

    private static long digits(ByteBuffer in, int offset) {
        long number = 0;
        for (int digit = offset; digit < offset + DIGITS; digit++) {
            number = 10 * number + in.get(digit) - '0';
        }
        return number;
    }
}
