package io.silkstone.gateway.resp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Glob-style patterns of bytes, as in Redis: {@code *} any run, {@code ?} any byte, {@code [abc]}
 * {@code [a-z]} {@code [^a]} one of a set, {@code \} takes the next byte literally.
 *
 * <p>A pattern of more than {@link #STARS_MAX} runs of stars, or longer than {@link
 * #PATTERN_BYTES_MAX}, matches nothing.
 *
 * <p>A match takes time in proportion to the text, whatever the pattern: nothing is tried twice.
 * All elements of the pattern are tried at once, as bits of words (Baeza-Yates and Gonnet's Shift-
 * And, with stars as in Navarro and Raffinot). Bit i says that the text so far matches the first i
 * elements. A byte of the text takes all those bits one further whose element accepts the byte, and
 * those that stand at a star stay as well. There is a word for 64 elements, so that a long pattern
 * costs {@link #words} steps a byte.
 */
public final class Glob {
    /** Most runs of stars in a pattern. */
    public static final int STARS_MAX = 1000;

    /** Longest pattern. */
    public static final int PATTERN_BYTES_MAX = 4096;

    private static final int BYTE_VALUES = 256;

    private final boolean everything;
    private final boolean nothing;
    private final int words;

    /** Number of elements, which is the bit that says that all match. */
    private final int size;

    /** Bits of the elements that a star stands before; of {@link #size} for one at the end. */
    private final long[] stars;

    /** Which row of {@link #rows} a byte has; bytes that no element tells apart share one. */
    private final byte[] rowOf = new byte[BYTE_VALUES];

    /** Bits of the elements that accept a byte. */
    private final long[][] rows;

    /** Compiles {@code pattern}. */
    public Glob(byte[] pattern) {
        everything = pattern.length == 1 && pattern[0] == '*';
        nothing = pattern.length > PATTERN_BYTES_MAX || runsOfStars(pattern) > STARS_MAX;
        Elements elements = new Elements(nothing ? new byte[0] : pattern);
        size = elements.accepted.size();
        words = (size >> 6) + 1;
        stars = new long[words];
        elements.stars.forEach(at -> stars[at >> 6] |= 1L << at);
        Map<LongBuffer, Integer> known = new HashMap<>();
        List<long[]> distinct = new ArrayList<>();
        for (int value = 0; value < BYTE_VALUES; value++) {
            long[] row = elements.accepting(value, words);
            Integer number = known.putIfAbsent(LongBuffer.wrap(row), distinct.size());
            if (number == null) {
                number = distinct.size();
                distinct.add(row);
            }
            rowOf[value] = number.byteValue();
        }
        rows = distinct.toArray(long[][]::new);
    }

    private static int runsOfStars(byte[] pattern) {
        int runs = 0;
        for (int i = 0; i < pattern.length; i++) {
            if (pattern[i] == '*' && (i == 0 || pattern[i - 1] != '*')) {
                runs++;
            }
        }
        return runs;
    }

    /** What a pattern consists of, between its stars. */
    private static final class Elements {
        private static final long ALL = -1;

        /** For each element the bytes that it accepts, as 256 bits. */
        final List<long[]> accepted = new ArrayList<>();

        /** How many elements each star stands behind. */
        final List<Integer> stars = new ArrayList<>();

        private final byte[] pattern;
        private int at;

        Elements(byte[] pattern) {
            this.pattern = pattern;
            while (at < pattern.length) {
                byte value = pattern[at++];
                switch (value) {
                    case '*' -> stars.add(accepted.size());
                    case '?' -> accepted.add(new long[] {ALL, ALL, ALL, ALL});
                    case '[' -> accepted.add(set());
                    case '\\' -> accepted.add(one(at < pattern.length ? pattern[at++] : value));
                    default -> accepted.add(one(value));
                }
            }
        }

        private static long[] one(byte value) {
            long[] bits = new long[BYTE_VALUES / Long.SIZE];
            add(bits, value, value);
            return bits;
        }

        private static void add(long[] bits, byte from, byte to) {
            int last = Math.max(from & 0xff, to & 0xff);
            for (int value = Math.min(from & 0xff, to & 0xff); value <= last; value++) {
                bits[value >> 6] |= 1L << value;
            }
        }

        /** Up to the closing bracket, or to the end without one. */
        private long[] set() {
            boolean not = at < pattern.length && pattern[at] == '^';
            if (not) {
                at++;
            }
            long[] bits = new long[BYTE_VALUES / Long.SIZE];
            while (at < pattern.length && pattern[at] != ']') {
                if (pattern[at] == '\\' && at + 1 < pattern.length) {
                    at++;
                    add(bits, pattern[at], pattern[at]);
                } else if (at + 2 < pattern.length && pattern[at + 1] == '-') {
                    add(bits, pattern[at], pattern[at + 2]);
                    at += 2;
                } else {
                    add(bits, pattern[at], pattern[at]);
                }
                at++;
            }
            at++;
            for (int i = 0; not && i < bits.length; i++) {
                bits[i] = ~bits[i];
            }
            return bits;
        }

        long[] accepting(int value, int words) {
            long[] row = new long[words];
            for (int i = 0; i < accepted.size(); i++) {
                if ((accepted.get(i)[value >> 6] >>> value & 1) != 0) {
                    row[i >> 6] |= 1L << i;
                }
            }
            return row;
        }
    }

    /** Whether all texts match. */
    public boolean everything() {
        return everything;
    }

    /** Steps that a match takes for each byte of the text. */
    public int words() {
        return words;
    }

    /** Whether all of the text matches. */
    public boolean matches(byte[] text) {
        return matches(MemorySegment.ofArray(text), 0, text.length);
    }

    /** Whether all {@code length} bytes from {@code offset} on match. */
    public boolean matches(MemorySegment text, long offset, int length) {
        if (nothing) {
            return false;
        }
        return words == 1 ? matchesShort(text, offset, length) : matchesLong(text, offset, length);
    }

    private boolean matchesShort(MemorySegment text, long offset, int length) {
        long star = stars[0];
        long there = 1;
        for (int i = 0; i < length && there != 0; i++) {
            long row = rows[rowOf[text.get(JAVA_BYTE, offset + i) & 0xff] & 0xff][0];
            there = (there & row) << 1 | there & star;
        }
        return (there >>> size & 1) != 0;
    }

    private boolean matchesLong(MemorySegment text, long offset, int length) {
        long[] there = new long[words];
        there[0] = 1;
        for (int i = 0; i < length; i++) {
            long[] row = rows[rowOf[text.get(JAVA_BYTE, offset + i) & 0xff] & 0xff];
            long carry = 0;
            long any = 0;
            for (int w = 0; w < words; w++) {
                long accepted = there[w] & row[w];
                there[w] = accepted << 1 | carry | there[w] & stars[w];
                carry = accepted >>> 63;
                any |= there[w];
            }
            if (any == 0) {
                return false;
            }
        }
        return (there[size >> 6] >>> size & 1) != 0;
    }
}
