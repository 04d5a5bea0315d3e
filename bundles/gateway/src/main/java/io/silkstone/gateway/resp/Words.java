package io.silkstone.gateway.resp;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;

/**
 * Short names as 64-bit words. A name of up to eight letters becomes one word in upper case, so
 * that commands and options are told apart by comparing words, whatever case the client wrote.
 *
 * <p>Folding clears bit 5 of each byte. That maps both cases of a letter to the upper one, and no
 * other byte to a letter, so a folded word of letters stands for that name alone.
 */
public final class Words {
    private static final long UPPER = 0xdfdf_dfdf_dfdf_dfdfL;

    private Words() {}

    /** The folded word of the first eight bytes at {@code address}; zeros behind {@code length}. */
    public static long fold(long address, int length) {
        long word = Memory.getLong(address) & UPPER;
        return length >= Long.BYTES ? word : word & mask(length);
    }

    /** The folded word of the bytes from the ninth on, 0 when there are none. */
    public static long foldRest(long address, int length) {
        return length > Long.BYTES ? fold(address + Long.BYTES, length - Long.BYTES) : 0;
    }

    /** The folded word of {@code name}'s first eight characters. */
    public static long of(String name) {
        return ofPart(name, 0);
    }

    /** The folded word of {@code name}'s characters from the ninth on. */
    public static long ofRest(String name) {
        return name.length() > Long.BYTES ? ofPart(name, Long.BYTES) : 0;
    }

    private static long ofPart(String name, int from) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = name.substring(from).getBytes(StandardCharsets.US_ASCII);
            long address = arena.allocate(bytes.length + Memory.SLACK).address();
            Memory.copy(bytes, address);
            return fold(address, bytes.length);
        }
    }

    private static long mask(int length) {
        // The bytes lie in memory order: on a little-endian machine the first is the lowest.
        return length <= 0 ? 0 : -1L >>> Long.SIZE - length * Byte.SIZE;
    }
}
