package io.silkstone.api.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A key where it lies in memory, with its hash. Mutable and reusable: {@link #wrap} it around the
 * next key. Not thread-safe.
 *
 * <p><b>The key hash</b> is part of every protocol and never changes: its top 14 bits are the Redis
 * hash slot (CRC16/XMODEM of the key, or of the part between the first '{' and the next '}' when
 * that is not empty), its low 50 bits a multiply-fold hash of the whole key.
 */
public final class Key {
    /** Number of hash slots. */
    public static final int SLOTS = 16_384;

    /** How far a slot is shifted to the left in a key hash. */
    public static final int SLOT_SHIFT = 50;

    private static final long LOW_MASK = (1L << SLOT_SHIFT) - 1;
    private static final long SEED = 0x9e37_79b9_7f4a_7c15L;
    private static final long STEP = 0xd6e8_feb8_6659_fd93L;
    private static final int CRC16_POLYNOMIAL = 0x1021;
    private static final int LANES = 8;
    private static final char[] CRC16 = crc16Tables();

    private MemorySegment memory = MemorySegment.NULL;
    private long offset;
    private int length;
    private long hash;

    /** An empty key; wrap it before use. */
    public Key() {}

    /** Points to {@code length} bytes of {@code memory} from {@code offset} on, and hashes them. */
    public Key wrap(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.offset = offset;
        this.length = length;
        this.hash = hash(memory, offset, length);
        return this;
    }

    /** As the other, of a key whose hash is known to be {@code hash}. */
    public Key wrap(MemorySegment memory, long offset, int length, long hash) {
        this.memory = memory;
        this.offset = offset;
        this.length = length;
        this.hash = hash;
        return this;
    }

    /** Points to all of {@code bytes}. */
    public Key wrap(byte[] bytes) {
        return wrap(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    /** Points to what {@code other} points to now; needs no hashing. */
    public Key wrap(Key other) {
        memory = other.memory;
        offset = other.offset;
        length = other.length;
        hash = other.hash;
        return this;
    }

    /** The memory that {@link #offset} counts from. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where the key begins. */
    public long offset() {
        return offset;
    }

    /** Length in bytes. */
    public int length() {
        return length;
    }

    /** The key hash. */
    public long hash() {
        return hash;
    }

    /** The hash slot, 0 to 16383. */
    public int slot() {
        return slot(hash);
    }

    /** The slot of a key hash. */
    public static int slot(long hash) {
        return (int) (hash >>> SLOT_SHIFT);
    }

    /** Hashes {@code length} bytes of {@code memory} from {@code offset} on. */
    public static long hash(MemorySegment memory, long offset, int length) {
        return (long) slotOf(memory, offset, length) << SLOT_SHIFT
                | fold(memory, offset, length) & LOW_MASK;
    }

    private static int slotOf(MemorySegment memory, long offset, int length) {
        int open = indexOf(memory, offset, 0, length, (byte) '{');
        if (open >= 0) {
            int close = indexOf(memory, offset, open + 1, length, (byte) '}');
            if (close > open + 1) {
                return crc16(memory, offset + open + 1, close - open - 1) & SLOTS - 1;
            }
        }
        return crc16(memory, offset, length) & SLOTS - 1;
    }

    private static int indexOf(MemorySegment memory, long offset, int from, int to, byte wanted) {
        int index = from;
        long pattern = (wanted & 0xffL) * 0x0101_0101_0101_0101L;
        for (; index + Long.BYTES <= to; index += Long.BYTES) {
            long difference = memory.get(JAVA_LONG_UNALIGNED, offset + index) ^ pattern;
            long zero = difference - 0x0101_0101_0101_0101L & ~difference & 0x8080_8080_8080_8080L;
            if (zero != 0) {
                return index + (Long.numberOfTrailingZeros(zero) >>> 3);
            }
        }
        for (; index < to; index++) {
            if (memory.get(JAVA_BYTE, offset + index) == wanted) {
                return index;
            }
        }
        return -1;
    }

    /**
     * CRC16/XMODEM, eight bytes a step: byte i of a step goes through the table of its distance.
     * Zeros in front change nothing, so the odd bytes make a first step with zeros before them.
     */
    private static int crc16(MemorySegment memory, long offset, int length) {
        int odd = length % LANES;
        if (length < LANES) {
            long word = 0;
            for (int index = 0; index < length; index++) {
                word = word >>> 8 | (long) memory.get(JAVA_BYTE, offset + index) << 56;
            }
            return crc16(0, word);
        }
        long first = memory.get(JAVA_LONG_UNALIGNED, offset);
        int crc = odd == 0 ? 0 : crc16(0, first << (LANES - odd << 3));
        for (int index = odd; index < length; index += LANES) {
            crc = crc16(crc, memory.get(JAVA_LONG_UNALIGNED, offset + index));
        }
        return crc;
    }

    private static int crc16(int crc, long word) {
        int first = ((int) word ^ crc >>> 8) & 0xff;
        int second = ((int) (word >>> 8) ^ crc) & 0xff;
        return CRC16[7 << 8 | first]
                ^ CRC16[6 << 8 | second]
                ^ CRC16[5 << 8 | (int) (word >>> 16) & 0xff]
                ^ CRC16[4 << 8 | (int) (word >>> 24) & 0xff]
                ^ CRC16[3 << 8 | (int) (word >>> 32) & 0xff]
                ^ CRC16[2 << 8 | (int) (word >>> 40) & 0xff]
                ^ CRC16[1 << 8 | (int) (word >>> 48) & 0xff]
                ^ CRC16[(int) (word >>> 56) & 0xff];
    }

    private static char[] crc16Tables() {
        char[] tables = new char[LANES << 8];
        for (int value = 0; value < 256; value++) {
            int crc = value << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? crc << 1 ^ CRC16_POLYNOMIAL : crc << 1;
            }
            tables[value] = (char) crc;
        }
        for (int lane = 1; lane < LANES; lane++) {
            for (int value = 0; value < 256; value++) {
                int before = tables[lane - 1 << 8 | value];
                tables[lane << 8 | value] = (char) (before << 8 ^ tables[before >>> 8]);
            }
        }
        return tables;
    }

    private static long fold(MemorySegment memory, long offset, int length) {
        long state = SEED ^ length;
        int index = 0;
        for (; index + Long.BYTES <= length; index += Long.BYTES) {
            state = mix(state ^ memory.get(JAVA_LONG_UNALIGNED, offset + index), STEP);
        }
        long rest = 0;
        if (index + Integer.BYTES <= length) {
            rest = memory.get(JAVA_INT_UNALIGNED, offset + index) & 0xffff_ffffL;
            index += Integer.BYTES;
        }
        for (; index < length; index++) {
            rest = rest << 8 | memory.get(JAVA_BYTE, offset + index) & 0xff;
        }
        return mix(state ^ rest, SEED);
    }

    private static long mix(long a, long b) {
        return Math.unsignedMultiplyHigh(a, b) ^ a * b;
    }
}
