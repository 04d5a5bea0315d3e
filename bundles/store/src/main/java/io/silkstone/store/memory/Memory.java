package io.silkstone.store.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads and writes memory by address. The only place that may touch any address at all: a segment
 * over the whole address space costs half of what an array of bounded segments does, and leaves the
 * bounds to those who hand addresses out. Pass only addresses of a {@link SegletPool}.
 *
 * <p>Words that threads share are read and written by the methods that name an order; those words
 * lie at multiples of their size. The layout of all data is little-endian.
 */
public final class Memory {
    /** All memory of the process. */
    public static final MemorySegment ALL = everything();

    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();
    private static final VarHandle INT = JAVA_INT.varHandle().withInvokeExactBehavior();

    private Memory() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("the store needs a little-endian processor");
        }
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /** Reads 8 bytes, at any address. */
    public static long getLong(long address) {
        return ALL.get(JAVA_LONG_UNALIGNED, address);
    }

    /** Writes 8 bytes, at any address. */
    public static void putLong(long address, long value) {
        ALL.set(JAVA_LONG_UNALIGNED, address, value);
    }

    /** Reads 4 bytes, at any address. */
    public static int getInt(long address) {
        return ALL.get(JAVA_INT_UNALIGNED, address);
    }

    /** Writes 4 bytes, at any address. */
    public static void putInt(long address, int value) {
        ALL.set(JAVA_INT_UNALIGNED, address, value);
    }

    /** Reads 2 bytes, at any address, without sign. */
    public static int getUnsignedShort(long address) {
        return ALL.get(JAVA_SHORT_UNALIGNED, address) & 0xffff;
    }

    /** Writes the low 2 bytes of {@code value}, at any address. */
    public static void putShort(long address, int value) {
        ALL.set(JAVA_SHORT_UNALIGNED, address, (short) value);
    }

    /** Reads a byte. */
    public static byte getByte(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    /** Writes a byte. */
    public static void putByte(long address, byte value) {
        ALL.set(JAVA_BYTE, address, value);
    }

    /** Reads without tearing, in no order with other words. */
    public static long getLongOpaque(long address) {
        return (long) LONG.getOpaque(ALL, address);
    }

    /** Reads before everything that follows. */
    public static long getLongAcquire(long address) {
        return (long) LONG.getAcquire(ALL, address);
    }

    /** Reads in one total order with all volatile accesses. */
    public static long getLongVolatile(long address) {
        return (long) LONG.getVolatile(ALL, address);
    }

    /** Writes after everything before. */
    public static void putLongRelease(long address, long value) {
        LONG.setRelease(ALL, address, value);
    }

    /** Writes in one total order with all volatile accesses. */
    public static void putLongVolatile(long address, long value) {
        LONG.setVolatile(ALL, address, value);
    }

    /** Writes {@code value} if the word is {@code expected}; a full fence. */
    public static boolean compareAndSetLong(long address, long expected, long value) {
        return (boolean) LONG.compareAndSet(ALL, address, expected, value);
    }

    /** Adds {@code delta} and returns the word before. */
    public static long getAndAddLong(long address, long delta) {
        return (long) LONG.getAndAdd(ALL, address, delta);
    }

    /** Reads before everything that follows. */
    public static int getIntAcquire(long address) {
        return (int) INT.getAcquire(ALL, address);
    }

    /** Writes after everything before. */
    public static void putIntRelease(long address, int value) {
        INT.setRelease(ALL, address, value);
    }

    /** Writes {@code value} if the word is {@code expected}; a full fence. */
    public static boolean compareAndSetInt(long address, int expected, int value) {
        return (boolean) INT.compareAndSet(ALL, address, expected, value);
    }

    /** Sets {@code bits} and returns the word before. */
    public static int getAndSetBits(long address, int bits) {
        return (int) INT.getAndBitwiseOr(ALL, address, bits);
    }

    /** Copies {@code bytes} from one address to another. */
    public static void copy(long source, long target, long bytes) {
        MemorySegment.copy(ALL, source, ALL, target, bytes);
    }

    /** Copies {@code bytes} of {@code source} from {@code offset} on to an address. */
    public static void copy(MemorySegment source, long offset, long target, long bytes) {
        MemorySegment.copy(source, offset, ALL, target, bytes);
    }

    /** Sets {@code bytes} to zero. */
    public static void clear(long address, long bytes) {
        ALL.asSlice(address, bytes).fill((byte) 0);
    }

    /** Whether the bytes at {@code address} equal those of {@code other} from {@code offset} on. */
    public static boolean equal(long address, MemorySegment other, long offset, int length) {
        if (length < Long.BYTES) {
            for (int index = 0; index < length; index++) {
                if (getByte(address + index) != other.get(JAVA_BYTE, offset + index)) {
                    return false;
                }
            }
            return true;
        }
        int last = length - Long.BYTES;
        for (int index = 0; index < last; index += Long.BYTES) {
            if (getLong(address + index) != other.get(JAVA_LONG_UNALIGNED, offset + index)) {
                return false;
            }
        }
        return getLong(address + last) == other.get(JAVA_LONG_UNALIGNED, offset + last);
    }
}
