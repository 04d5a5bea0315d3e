package io.silkstone.gateway.resp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Raw memory by address. Requests and replies are addressed absolutely, through one segment that
 * spans all memory: bounds are checked where bytes enter (the parser) and where room is made (the
 * reply writer), not at each access.
 *
 * <p>Every buffer that is read through this class has {@link #SLACK} bytes behind its last one, so
 * that words may be loaded at any byte of it.
 */
public final class Memory {
    /** All memory; offsets are addresses. */
    public static final MemorySegment ALL = everything();

    /** Bytes behind the end of each buffer that may be touched. */
    public static final int SLACK = 64;

    private static final int WORDWISE_BYTES_MAX = 512;

    private Memory() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /** The address of the first byte of {@code buffer}, a direct one. */
    public static long address(ByteBuf buffer) {
        return buffer.hasMemoryAddress()
                ? buffer.memoryAddress()
                : MemorySegment.ofBuffer(buffer.nioBuffer(0, buffer.capacity())).address();
    }

    /** The byte at {@code address}. */
    public static byte getByte(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    /** The four bytes from {@code address} on. */
    public static int getInt(long address) {
        return ALL.get(JAVA_INT_UNALIGNED, address);
    }

    /** The eight bytes from {@code address} on. */
    public static long getLong(long address) {
        return ALL.get(JAVA_LONG_UNALIGNED, address);
    }

    /** Sets one byte. */
    public static void putByte(long address, int value) {
        ALL.set(JAVA_BYTE, address, (byte) value);
    }

    /** Sets two bytes. */
    public static void putShort(long address, short value) {
        ALL.set(JAVA_SHORT_UNALIGNED, address, value);
    }

    /** Sets four bytes. */
    public static void putInt(long address, int value) {
        ALL.set(JAVA_INT_UNALIGNED, address, value);
    }

    /** Sets eight bytes. */
    public static void putLong(long address, long value) {
        ALL.set(JAVA_LONG_UNALIGNED, address, value);
    }

    /** Copies {@code length} bytes; the two ranges do not overlap. */
    public static void copy(MemorySegment source, long offset, long target, int length) {
        if (length < Long.BYTES) {
            for (int i = 0; i < length; i++) {
                putByte(target + i, source.get(JAVA_BYTE, offset + i));
            }
        } else if (length <= WORDWISE_BYTES_MAX) {
            // Whole words, and one more that ends with the last byte: no call, no loop of bytes.
            int last = length - Long.BYTES;
            for (int i = 0; i < last; i += Long.BYTES) {
                putLong(target + i, source.get(JAVA_LONG_UNALIGNED, offset + i));
            }
            putLong(target + last, source.get(JAVA_LONG_UNALIGNED, offset + last));
        } else {
            MemorySegment.copy(source, offset, ALL, target, length);
        }
    }

    /** Copies {@code length} bytes within all memory; the two ranges do not overlap. */
    public static void copy(long source, long target, int length) {
        copy(ALL, source, target, length);
    }

    /** Copies {@code length} bytes within all memory; the two ranges may overlap. */
    public static void move(long source, long target, int length) {
        MemorySegment.copy(ALL, source, ALL, target, length);
    }

    /** Copies bytes of the heap into memory. */
    public static void copy(byte[] source, long target) {
        MemorySegment.copy(source, 0, ALL, JAVA_BYTE, target, source.length);
    }

    /** A copy of {@code length} bytes on the heap. */
    public static byte[] bytes(long address, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(ALL, JAVA_BYTE, address, bytes, 0, length);
        return bytes;
    }

    /** The bytes as characters U+0000 to U+00FF. */
    public static String text(long address, int length) {
        return new String(bytes(address, length), StandardCharsets.ISO_8859_1);
    }

    /** Fills with zeros. */
    public static void clear(long address, int length) {
        ALL.asSlice(address, length).fill((byte) 0);
    }

    /** Whether two runs of bytes are the same. */
    public static boolean equal(
            MemorySegment left, long leftOffset, MemorySegment right, long rightOffset, int size) {
        return MemorySegment.mismatch(
                        left, leftOffset, leftOffset + size, right, rightOffset, rightOffset + size)
                < 0;
    }
}
