package io.silkstone.benchmarks.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The objects of one table: keys of 30 bytes and values of one length, which begin and end with the
 * number of their key and say how new they are.
 *
 * @param count how many
 * @param valueBytes length of a value
 */
public record Objects(int count, int valueBytes) {
    private static final int VERSION = Long.BYTES;
    private static final byte FILLER = 'x';

    /** As many as have about {@code bytes} of key and value. */
    public static Objects ofBytes(long bytes, int valueBytes) {
        return new Objects((int) (bytes / (ObjectFormat.KEY_BYTES + valueBytes)), valueBytes);
    }

    /** Keys and values of all. */
    public long bytes() {
        return (long) count * (ObjectFormat.KEY_BYTES + valueBytes);
    }

    /** The key with that number. */
    public byte[] key(int number) {
        byte[] key = new byte[ObjectFormat.KEY_BYTES];
        ObjectFormat.putKey(key, number);
        return key;
    }

    /** Whose key that is. */
    public int number(byte[] key) {
        int prefix = ObjectFormat.KEY_PREFIX.length();
        return Integer.parseInt(new String(key, prefix, key.length - prefix, US_ASCII));
    }

    /** What is under that key after so many changes. */
    public byte[] value(int number, int version) {
        byte[] value = new byte[valueBytes];
        Arrays.fill(value, FILLER);
        ByteBuffer buffer = ByteBuffer.wrap(value);
        buffer.putLong(0, number);
        buffer.putInt(VERSION, version);
        buffer.putLong(valueBytes - Long.BYTES, number);
        return value;
    }

    /** The version of a value of {@code number}; -1 when it is none. */
    public int version(int number, byte[] value) {
        if (value == null || value.length != valueBytes) {
            return -1;
        }
        ByteBuffer buffer = ByteBuffer.wrap(value);
        boolean isWhole =
                buffer.getLong(0) == number
                        && buffer.getLong(valueBytes - Long.BYTES) == number
                        && value[valueBytes / 2] == FILLER;
        return isWhole ? buffer.getInt(VERSION) : -1;
    }
}
