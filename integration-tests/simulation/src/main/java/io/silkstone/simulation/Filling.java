package io.silkstone.simulation;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What is stored for a value: numbers as they are, texts with a filling behind them, whose length
 * and bytes follow from the text. So every byte that is read can be checked.
 */
public final class Filling {
    /** What values begin with whose filling is long. */
    static final String LARGE = "large-";

    private static final String CORRUPT = "corrupt: ";

    private final int textBytes;
    private final int largeBytes;

    /** Of fewer than {@code textBytes}, and of large texts fewer than {@code largeBytes}. */
    public Filling(long textBytes, long largeBytes) {
        this.textBytes = Math.toIntExact(textBytes);
        this.largeBytes = Math.toIntExact(largeBytes);
    }

    /** What is stored for {@code value}. */
    byte[] behind(String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        if (Character.isDigit(value.charAt(0))) {
            return text;
        }
        int hash = value.hashCode() & 0x7fff_ffff;
        int filling = hash % (value.startsWith(LARGE) ? largeBytes : textBytes);
        byte[] bytes = Arrays.copyOf(text, text.length + 1 + filling);
        for (int index = text.length + 1; index < bytes.length; index++) {
            bytes[index] = (byte) (hash + index);
        }
        return bytes;
    }

    /** The value for which {@code bytes} were stored. */
    public String seen(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        String value = new String(bytes, 0, end, StandardCharsets.UTF_8);
        boolean whole = end == bytes.length || Arrays.equals(bytes, behind(value));
        return whole ? value : CORRUPT + value;
    }
}
