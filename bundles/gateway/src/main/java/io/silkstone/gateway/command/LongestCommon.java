package io.silkstone.gateway.command;

import io.silkstone.api.store.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * LCS: the longest common subsequence of two values, by the textbook table of lengths of all pairs
 * of prefixes. Runs in a user thread; the table is bounded, so that one request cannot take a
 * node's heap.
 */
final class LongestCommon {
    private static final long CELLS_MAX = 16L << 20;

    private final byte[] left;
    private final byte[] right;
    private final int[] table;

    private LongestCommon(byte[] left, byte[] right) {
        this.left = left;
        this.right = right;
        this.table = new int[(left.length + 1) * (right.length + 1)];
    }

    /** What the client wants to know. */
    private static final class Wanted {
        boolean length;
        boolean ranges;
        boolean rangeLengths;
        long rangeLengthMin;
    }

    /** A run of equal bytes, both ends included. */
    private record Range(int leftFirst, int leftLast, int rightFirst, int rightLast) {
        int length() {
            return leftLast - leftFirst + 1;
        }
    }

    static void run(Exchange x) {
        Wanted wanted = wanted(x);
        if (wanted == null) {
            return;
        }
        byte[] left = value(x, 1);
        byte[] right = left == null ? null : value(x, 2);
        if (right == null) {
            return;
        }
        if ((left.length + 1L) * (right.length + 1L) > CELLS_MAX) {
            x.out.error(
                    "ERR Insufficient memory, transient memory for LCS exceeds"
                            + " proto-max-bulk-len");
            return;
        }
        LongestCommon common = new LongestCommon(left, right);
        common.fill(x);
        common.answer(x, wanted);
    }

    private static Wanted wanted(Exchange x) {
        Wanted wanted = new Wanted();
        for (int i = 3; i < x.count(); i++) {
            if (x.is(i, "IDX")) {
                wanted.ranges = true;
            } else if (x.is(i, "LEN")) {
                wanted.length = true;
            } else if (x.is(i, "WITHMATCHLEN")) {
                wanted.rangeLengths = true;
            } else if (x.is(i, "MINMATCHLEN") && i + 1 < x.count()) {
                if (!x.parseLong(++i)) {
                    return null;
                }
                wanted.rangeLengthMin = Math.max(x.parsed(), 0);
            } else {
                x.out.error(Exchange.SYNTAX);
                return null;
            }
        }
        if (wanted.ranges && wanted.length) {
            x.out.error("ERR If you want both the length and indexes, please just use IDX.");
            return null;
        }
        return wanted;
    }

    private static byte[] value(Exchange x, int index) {
        Status seen = x.readAny(x.key(index));
        if (seen == null) {
            return null;
        }
        if (seen == Status.NOT_FOUND) {
            return new byte[0];
        }
        if (x.object().type() != 0) {
            x.out.error("ERR The specified keys must contain string values");
            return null;
        }
        byte[] value = new byte[x.object().valueLength()];
        MemorySegment.copy(
                x.object().memory(),
                ValueLayout.JAVA_BYTE,
                x.object().valueOffset(),
                value,
                0,
                value.length);
        return value;
    }

    private int at(int leftLength, int rightLength) {
        return table[leftLength * (right.length + 1) + rightLength];
    }

    private void fill(Exchange x) {
        int row = right.length + 1;
        for (int i = 1; i <= left.length; i++) {
            for (int j = 1; j <= right.length; j++) {
                table[i * row + j] =
                        left[i - 1] == right[j - 1]
                                ? at(i - 1, j - 1) + 1
                                : Math.max(at(i - 1, j), at(i, j - 1));
            }
            x.breathe();
        }
    }

    private void answer(Exchange x, Wanted wanted) {
        int length = at(left.length, right.length);
        if (wanted.length) {
            x.out.integer(length);
            return;
        }
        byte[] common = new byte[length];
        List<Range> ranges = new ArrayList<>();
        trace(common, ranges);
        if (!wanted.ranges) {
            x.out.bulk(common);
            return;
        }
        ranges.removeIf(range -> range.length() < wanted.rangeLengthMin);
        x.out.map(2);
        x.out.bulk("matches");
        x.out.array(ranges.size());
        for (Range range : ranges) {
            x.out.array(wanted.rangeLengths ? 3 : 2);
            x.out.array(2);
            x.out.integer(range.leftFirst());
            x.out.integer(range.leftLast());
            x.out.array(2);
            x.out.integer(range.rightFirst());
            x.out.integer(range.rightLast());
            if (wanted.rangeLengths) {
                x.out.integer(range.length());
            }
        }
        x.out.bulk("len");
        x.out.integer(length);
    }

    /** Walks back from the end; ranges come out last first, as in Redis. */
    private void trace(byte[] common, List<Range> ranges) {
        int i = left.length;
        int j = right.length;
        int free = common.length;
        while (i > 0 && j > 0) {
            if (left[i - 1] == right[j - 1]) {
                int leftLast = i - 1;
                int rightLast = j - 1;
                while (i > 0 && j > 0 && left[i - 1] == right[j - 1]) {
                    common[--free] = left[i - 1];
                    i--;
                    j--;
                }
                ranges.add(new Range(i, leftLast, j, rightLast));
            } else if (at(i - 1, j) > at(i, j - 1)) {
                i--;
            } else {
                j--;
            }
        }
    }
}
